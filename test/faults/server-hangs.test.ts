// What the program around a server never answers: a file system, or who is asked for accounts. It costs that session, no more.
import { expect } from 'chai';
import { MemoryFileSystem, fixedAccounts, type FileSystem, type ReadHandle } from '@ftps-kit/ftps-server';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

const never = new Promise<never>(() => undefined);

/** A file system in memory in which some names never answer. */
class HangingFileSystem extends MemoryFileSystem {
  override stat(path: string): ReturnType<FileSystem['stat']> {
    return path.includes('stat') ? never : super.stat(path);
  }

  override async *list(path: string): ReturnType<MemoryFileSystem['list']> {
    if (path.includes('list')) await never;
    yield* super.list(path);
  }

  override async openRead(path: string, options: { readonly start: number }): Promise<ReadHandle> {
    if (path.includes('open')) await never;
    const file = await super.openRead(path, options);
    return { read: (into) => (path.includes('read') ? never : file.read(into)), close: () => file.close() };
  }
}

async function start(limits: { commandTimeoutMs?: number; stallTimeoutMs?: number }): Promise<TestServer> {
  const files = new HangingFileSystem();
  await files.makeDirectory('/list');
  for (const path of ['/plain', '/open', '/read']) {
    const file = await files.openWrite(path, { kind: 'replace' });
    await file.write(Buffer.from('content'));
    await file.commit();
  }
  return TestServer.start({ limits, fileSystem: () => files });
}

async function othersAreServed(server: TestServer): Promise<void> {
  await using other = await RawFtpClient.loggedIn(server);
  expect((await other.download('RETR plain')).bytes.toString()).to.equal('content');
}

describe('a file system that never answers', () => {
  for (const command of ['SIZE stat', 'MLST stat', 'STAT list', 'RETR open']) {
    it(`costs the session that asked for ${command}, which is told 421`, async () => {
      await using server = await start({ commandTimeoutMs: 200 });
      await using client = await RawFtpClient.loggedIn(server);
      if (command.startsWith('RETR')) await client.extendedPassive();
      await client.expect(421, command);
      expect(await client.rest()).to.equal('');
      expect(server.limits.map(({ limit, value }) => [limit, value])).to.deep.equal([['commandTimeoutMs', 200]]);
      await othersAreServed(server);
    });
  }

  for (const command of ['RETR read', 'LIST list']) {
    it(`in the middle of a transfer ends ${command} with 426, and the session lives on`, async () => {
      await using server = await start({ stallTimeoutMs: 200, commandTimeoutMs: 5_000 });
      await using client = await RawFtpClient.loggedIn(server);
      const { channel } = await client.openData();
      await client.expect(150, command);
      expect((await client.reply()).code).to.equal(426);
      channel.destroy();
      expect((await client.download('RETR plain')).bytes.toString()).to.equal('content');
      await othersAreServed(server);
    });
  }

  it('does not hold up the end of the server', async () => {
    await using server = await start({});
    await using idle = await RawFtpClient.loggedIn(server);
    await idle.send('SIZE stat\r\n');
    await using reading = await RawFtpClient.loggedIn(server);
    const { channel } = await reading.openData();
    await reading.expect(150, 'RETR read');
    await server.server.close({ graceSeconds: 0 });
    expect(server.server.connectionCount).to.equal(0);
    channel.destroy();
  });
});

describe('a login in a home that never answers', () => {
  for (const [how, stat] of [
    ['hangs', () => never],
    [
      'throws',
      () => {
        throw new Error('no promise, but a fault');
      },
    ],
  ] as const) {
    it(`where the file system ${how} keeps no place of the account's sessions behind its end`, async () => {
      const files = Object.assign(new MemoryFileSystem(), { stat });
      let home = '/home';
      await using server = await TestServer.start({
        limits: { loginTimeoutMs: 1_000 },
        authenticate: () => ({ name: 'alice', fileSystem: files, homeDirectory: home, maxSessions: 1 }),
      });
      await using client = await RawFtpClient.secured(server);
      const gone = server.next('disconnect');
      await client.expect(331, 'USER alice');
      await client.expect(how === 'hangs' ? 421 : 230, 'PASS opensesame');
      if (how === 'throws') await client.expect(221, 'QUIT');
      client.destroy();
      await gone;
      home = '/';
      await using next = await RawFtpClient.loggedIn(server);
      await next.expect(257, 'PWD');
    });
  }
});

describe('an authenticator that never answers', () => {
  it('costs the login, which is told 421, and lets others in', async () => {
    const accounts = fixedAccounts([{ name: 'bob', password: 'opensesame', root: '/' }]);
    await using server = await TestServer.start({
      limits: { loginTimeoutMs: 1_000 },
      authenticate: (credentials, client) => (credentials.user === 'alice' ? never : accounts(credentials, client)),
    });
    await using client = await RawFtpClient.secured(server);
    await client.expect(331, 'USER alice');
    await client.send('PASS opensesame\r\n');
    await using other = await RawFtpClient.loggedIn(server, { user: 'bob' });
    await other.expect(257, 'PWD');
    expect((await client.reply()).code).to.equal(421);
    expect(server.limits.map(({ limit }) => limit)).to.deep.equal(['loginTimeoutMs']);
  });
});
