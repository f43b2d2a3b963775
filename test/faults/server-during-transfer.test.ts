// Commands that come in the middle of a transfer: ABOR and STAT are heard, the others wait, and the session goes on.
import { once } from 'node:events';
import { expect } from 'chai';
import { readAll } from '../support/channel-bytes.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';
import { WatchedFileSystem } from '../support/watched-file-system.js';

const IAC = 0xff;
const INTERRUPT = 0xf4;
const DATA_MARK = 0xf2;

describe('in the middle of a transfer', () => {
  let files: WatchedFileSystem;
  let server: TestServer;
  let client: RawFtpClient;

  beforeEach(async () => {
    server = await TestServer.start({
      files: { 'a.txt': 'old content' },
      fileSystem: (root) => (files = new WatchedFileSystem(root)),
    });
    server.seedLarge('large.bin', 64 * 1024 * 1024);
    client = await RawFtpClient.loggedIn(server);
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** An upload of which some bytes have reached the file. */
  async function uploadUnderWay() {
    const data = await client.openData();
    await client.expect(150, 'STOR a.txt');
    const written = once(files.events, 'written');
    await data.channel.write(Buffer.alloc(300_000, 'new'));
    await written;
    return data;
  }

  for (const [name, abort] of [
    ['ABOR', Buffer.from('ABOR\r\n')],
    [
      'ABOR behind the Telnet interrupt and Synch',
      Buffer.from([IAC, INTERRUPT, IAC, DATA_MARK, ...Buffer.from('ABOR\r\n')]),
    ],
  ] as const) {
    it(`${name} ends an upload: 426, then 226, the old file whole, and the session goes on`, async () => {
      const { channel } = await uploadUnderWay();
      await client.send(abort);
      expect((await client.reply()).code).to.equal(426);
      expect((await client.reply()).code).to.equal(226);
      expect(server.names()).to.deep.equal(['a.txt', 'large.bin']);
      expect(server.read('a.txt')).to.equal('old content');
      expect(server.lastTransfer.replyCode).to.equal(426);
      channel.destroy();
      expect((await client.upload('STOR a.txt', 'again')).code).to.equal(226);
      expect(server.read('a.txt')).to.equal('again');
    });
  }

  it('ABOR ends a download that nobody reads, and the client never takes it for whole', async () => {
    const { channel } = await client.openData();
    await client.expect(150, 'RETR large.bin');
    await client.send('ABOR\r\n');
    expect((await client.reply()).code).to.equal(426);
    expect((await client.reply()).code).to.equal(226);
    const got = await readAll(channel).then(
      (bytes) => bytes.length,
      () => 0,
    );
    expect(got).to.be.below(64 * 1024 * 1024);
    channel.destroy();
    expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('old content');
  });

  it('ABOR ends the wait for a data connection that does not come', async () => {
    await client.extendedPassive();
    await client.send('RETR a.txt\r\nABOR\r\n');
    expect((await client.reply()).code).to.equal(426);
    expect((await client.reply()).code).to.equal(226);
    expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('old content');
  });

  it('ABOR without a transfer closes the port that waits, and is 226', async () => {
    await client.extendedPassive();
    expect((await client.command('ABOR')).code).to.equal(226);
    expect((await client.command('RETR a.txt')).code).to.equal(425);
  });

  it('STAT tells how far it has come, at once', async () => {
    const { channel } = await uploadUnderWay();
    const status = await client.command('STAT');
    expect(status.code).to.equal(211);
    expect(status.lines.join('\n')).to.match(/STOR \/a\.txt: [1-9]\d* bytes so far/);
    await channel.end();
    expect((await client.reply()).code).to.equal(226);
    expect((await client.command('STAT')).lines.join('\n')).to.match(/No transfer is under way/);
    channel.destroy();
  });

  it('other commands wait, and are answered in their order behind it', async () => {
    const { channel } = await uploadUnderWay();
    await client.send('NOOP\r\nPWD\r\nSIZE a.txt\r\n');
    expect((await client.command('STAT')).code).to.equal(211);
    await channel.end();
    const replies = [await client.reply(), await client.reply(), await client.reply(), await client.reply()];
    expect(replies.map(({ code }) => code)).to.deep.equal([226, 200, 257, 213]);
    expect(replies[3]?.lines).to.deep.equal(['300000']);
    channel.destroy();
  });

  it('ABOR behind commands that wait is answered in its order', async () => {
    const { channel } = await uploadUnderWay();
    await client.send('NOOP\r\nABOR\r\nPWD\r\n');
    const replies = [await client.reply(), await client.reply(), await client.reply(), await client.reply()];
    expect(replies.map(({ code }) => code)).to.deep.equal([426, 200, 226, 257]);
    channel.destroy();
  });

  it('QUIT waits for its end', async () => {
    const { channel } = await uploadUnderWay();
    await client.send('QUIT\r\n');
    await channel.end();
    expect((await client.reply()).code).to.equal(226);
    expect((await client.reply()).code).to.equal(221);
    expect(server.read('a.txt')).to.have.length(300_000);
    channel.destroy();
  });

  it('a flood of commands is bounded, and none is lost', async () => {
    const { channel } = await uploadUnderWay();
    await client.send('NOOP\r\n'.repeat(1_000));
    await channel.end();
    expect((await client.reply()).code).to.equal(226);
    for (let n = 0; n < 1_000; ++n) expect((await client.reply()).code).to.equal(200);
    channel.destroy();
  });
});

describe('STAT with a path', () => {
  it('lists a directory (212) or a file (213) on the control connection, and refuses what is too long', async () => {
    await using server = await TestServer.start({ files: { 'folder/a.txt': 'a', 'folder/b.txt': 'bb' } });
    await using client = await RawFtpClient.loggedIn(server);
    const directory = await client.command('STAT folder');
    expect(directory.code).to.equal(212);
    expect(directory.lines.join('\n'))
      .to.match(/ a\.txt\n/)
      .and.match(/ b\.txt\n/);
    const file = await client.command('STAT folder/b.txt');
    expect(file.code).to.equal(213);
    expect(file.lines.join('\n')).to.match(/ 2 .* b\.txt\n/);
    expect((await client.command('STAT missing')).code).to.equal(550);
    server.seed(Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`long/${n}`, ''])));
    expect((await client.command('STAT long')).code).to.equal(450);
  });
});
