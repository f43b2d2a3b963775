// RFC 959 §4.1.3, APPE and ALLO; RFC 1123 §4.1.3.1, the X forms.
import { once } from 'node:events';
import { expect } from 'chai';
import type { TlsChannel } from '@ftps-kit/tls-core';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';
import { WatchedFileSystem } from '../support/watched-file-system.js';

interface Appending extends AsyncDisposable {
  readonly shared: TestServer;
  readonly first: RawFtpClient;
  readonly second: RawFtpClient;
  /** The data connection of the first one's APPE. */
  readonly channel: TlsChannel;
}

/** Two clients, one of which has written a line behind the one in `log.txt`, and has not ended yet. */
async function beginAppending(): Promise<Appending> {
  let files = new WatchedFileSystem('.');
  const shared = await TestServer.start({
    files: { 'log.txt': 'one\n' },
    fileSystem: (root) => (files = new WatchedFileSystem(root)),
  });
  const first = await RawFtpClient.loggedIn(shared);
  const second = await RawFtpClient.loggedIn(shared);
  const { channel } = await first.openData();
  const written = once(files.events, 'written');
  await first.expect(150, 'APPE log.txt');
  await channel.write(Buffer.from('two\n'));
  await written;
  return {
    ...{ shared, first, second, channel },
    [Symbol.asyncDispose]: async () => {
      channel.destroy();
      for (const one of [first, second, shared]) await one[Symbol.asyncDispose]();
    },
  };
}

describe('RFC 959 and RFC 1123, appending and older names', () => {
  let server: TestServer;
  let client: RawFtpClient;

  before(async () => {
    server = await TestServer.start({ files: { 'log.txt': 'one\n' } });
    client = await RawFtpClient.loggedIn(server);
  });

  after(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it('§4.1.3 APPE puts bytes behind those that are there, and makes a file that is not', async () => {
    expect((await client.upload('APPE log.txt', 'two\n')).code).to.equal(226);
    expect(server.read('log.txt')).to.equal('one\ntwo\n');
    expect((await client.upload('APPE new.txt', 'first\n')).code).to.equal(226);
    expect(server.read('new.txt')).to.equal('first\n');
  });

  for (const [how, change] of [
    ['removed by DELE', (other: RawFtpClient) => other.expect(250, 'DELE log.txt')],
    ['replaced by STOR', (other: RawFtpClient) => other.upload('STOR log.txt', 'all new')],
  ] as const) {
    it(`§5.4 APPE is 451 where its file was ${how} meanwhile: what was sent is in no file`, async () => {
      await using appending = await beginAppending();
      const { shared, first, second, channel } = appending;
      await change(second);
      await channel.end();
      const { code, lines } = await first.reply();
      expect(code).to.equal(451);
      expect(lines.join(' ')).to.include('removed or replaced');
      expect(shared.names().map((name) => shared.read(name))).to.deep.equal(
        how.startsWith('removed') ? [] : ['all new'],
      );
    });
  }

  it('§5.4 APPE, and STOR behind REST, are 450 while another upload goes into the file, and done behind it', async () => {
    await using appending = await beginAppending();
    const { shared, first, second, channel } = appending;
    for (const [restart, command] of [
      [0, 'APPE log.txt'],
      [4, 'STOR log.txt'],
    ] as const) {
      await second.expect(350, `REST ${restart}`);
      const refused = await second.openData();
      await second.expect(150, command);
      expect((await second.reply()).code, command).to.equal(450);
      refused.channel.destroy();
    }
    await channel.end();
    expect((await first.reply()).code).to.equal(226);
    expect((await second.upload('APPE log.txt', 'three\n')).code).to.equal(226);
    expect(shared.read('log.txt')).to.equal('one\ntwo\nthree\n');
  });

  it('RFC 3659 §5.3 REST before APPE acts as it does before STOR, and serves that one only', async () => {
    await client.expect(350, 'REST 2');
    expect((await client.upload('APPE new.txt', 'nally\n')).code).to.equal(226);
    expect(server.read('new.txt')).to.equal('finally\n');
    expect((await client.upload('STOR new.txt', 'third\n')).code).to.equal(226);
    expect(server.read('new.txt')).to.equal('third\n');
  });

  it('§4.1.3 APPE is refused for a directory, and to who may only read', async () => {
    server.seed({ 'folder/a': '' });
    expect((await client.command('APPE folder')).code).to.equal(550);
    await using reader = await RawFtpClient.loggedIn(server, { user: server.readOnlyUser });
    expect((await reader.command('APPE log.txt')).code).to.equal(550);
  });

  it('§4.1.1 ACCT is superfluous here, and says so', async () => {
    expect((await client.command('ACCT x')).code).to.equal(202);
  });

  it('§4.1.3 ALLO is 200 where there is room, with a record size or without', async () => {
    for (const command of ['ALLO 1000', 'ALLO 1000 R 80']) {
      expect((await client.command(command)).code, command).to.equal(200);
    }
    expect((await client.command('ALLO much')).code).to.equal(501);
  });

  it('RFC 1123 §4.1.3.1 the X forms do what the commands without it do', async () => {
    expect((await client.command('XMKD older')).code).to.equal(257);
    expect((await client.command('XCWD older')).code).to.equal(250);
    expect((await client.command('XPWD')).lines).to.deep.equal(['"/older" is the working directory.']);
    expect((await client.command('XCUP')).code).to.be.oneOf([200, 250]);
    expect((await client.command('XRMD older')).code).to.equal(250);
  });
});
