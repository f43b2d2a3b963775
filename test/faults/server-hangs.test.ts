// What the program around a server never answers: a file system, or who is asked for accounts. It costs that session, no more.
import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import {
  LocalFileSystem,
  type LocalFileSystemOptions,
  MemoryFileSystem,
  fixedAccounts,
  type FileSystem,
  type ReadHandle,
  type WriteHandle,
  type WriteMode,
} from '@ftps-kit/ftps-server';
import { failing } from '../support/failing-file-handles.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { rejection } from '../support/rejection.js';
import { requireUnix } from '../support/requirement.js';
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
      await using server = await start({ commandTimeoutMs: 500 });
      await using client = await RawFtpClient.loggedIn(server);
      if (command.startsWith('RETR')) await client.extendedPassive();
      await client.expect(421, command);
      expect(await client.rest()).to.equal('');
      expect(server.limits.map(({ limit, value }) => [limit, value])).to.deep.equal([['commandTimeoutMs', 500]]);
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

/** Files whose commit waits until it is let go; `callsOff`: it can still be called off then. */
class HesitantFileSystem extends LocalFileSystem {
  letGo: () => void = () => undefined;
  /** Resolves when a commit is over, however it ended. */
  over: Promise<unknown> = Promise.resolve();
  readonly #mayGo = new Promise<void>((resolve) => (this.letGo = resolve));
  readonly #callsOff: boolean;
  readonly events = new EventEmitter<{ committing: [] }>();

  constructor(root: string, callsOff: boolean, options?: LocalFileSystemOptions) {
    super(root, options);
    this.#callsOff = callsOff;
  }

  override async openWrite(path: string, mode: WriteMode): Promise<WriteHandle> {
    const file = await super.openWrite(path, mode);
    return {
      write: (chunk) => file.write(chunk),
      commit: () => {
        const committing = this.#mayGo.then(() => file.commit());
        this.over = committing.catch(() => undefined);
        this.events.emit('committing');
        return committing;
      },
      abort: () => file.abort(),
      ...(this.#callsOff && { callOff: () => file.callOff?.() ?? false }),
    };
  }
}

describe('a commit that takes too long', () => {
  let files: HesitantFileSystem;

  async function startHesitant(
    callsOff: boolean,
    limits: { commandTimeoutMs?: number; stallTimeoutMs?: number } = {},
  ): Promise<TestServer> {
    return TestServer.start({
      limits,
      fileSystem: (root) => (files = new HesitantFileSystem(root, callsOff)),
    });
  }

  it('is no stall: the upload is done when it is', async () => {
    const stallTimeoutMs = 300;
    await using server = await startHesitant(false, { stallTimeoutMs });
    await using client = await RawFtpClient.loggedIn(server);
    const committing = once(files.events, 'committing');
    const uploading = client.upload('STOR a', 'content');
    await committing;
    // By then a peer that had stalled would be cut off, and given up.
    await setTimeout(4 * stallTimeoutMs);
    files.letGo();
    expect((await uploading).code).to.equal(226);
    expect(server.read('a')).to.equal('content');
  });

  it('is told as what is not known yet where nobody can call it off, and the session lives on', async () => {
    await using server = await startHesitant(false, { commandTimeoutMs: 1_000 });
    await using client = await RawFtpClient.loggedIn(server);
    const { code, lines } = await client.upload('STOR a', 'content');
    expect(code).to.equal(451);
    expect(lines.join(' ')).to.include('not known').and.to.include('may still appear');
    expect(server.limits.map(({ limit, value }) => [limit, value])).to.deep.equal([['commandTimeoutMs', 1_000]]);
    expect(server.lastTransfer).to.include({ replyCode: 451, bytes: 7 });
    await client.expect(257, 'PWD');
    files.letGo();
    await files.over;
    expect(server.read('a')).to.equal('content');
  });

  it('is called off where that can be, and told as what was not stored', async () => {
    await using server = await startHesitant(true, { commandTimeoutMs: 1_000 });
    await using client = await RawFtpClient.loggedIn(server);
    const { code, lines } = await client.upload('STOR a', 'content');
    expect(code).to.equal(451);
    expect(lines.join(' ')).to.include('not stored');
    files.letGo();
    await files.over;
    expect(server.names()).to.deep.equal([]);
    await client.expect(257, 'PWD');
  });

  it('ends with ABOR where it can be called off', async () => {
    await using server = await startHesitant(true);
    await using client = await RawFtpClient.loggedIn(server);
    const committing = once(files.events, 'committing');
    const uploading = client.upload('STOR a', 'content');
    await committing;
    await client.send('ABOR\r\n');
    expect((await uploading).code).to.equal(426);
    expect((await client.reply()).code).to.equal(226);
    files.letGo();
    await files.over;
    expect(server.names()).to.deep.equal([]);
  });

  for (const callsOff of [true, false]) {
    const what = callsOff ? 'is called off' : 'is told as what is not known yet';
    it(`${what} where the server closes meanwhile, and nobody waits for it any more`, async () => {
      await using server = await startHesitant(callsOff);
      await using client = await RawFtpClient.loggedIn(server);
      const committing = once(files.events, 'committing');
      const uploading = rejection(client.upload('STOR a', 'content'));
      await committing;
      await server.server.close({ graceSeconds: 0 });
      await uploading;
      expect(server.lastTransfer).to.include({ replyCode: callsOff ? 426 : 451, bytes: 7 });
      expect(server.limits).to.deep.equal([]);
      files.letGo();
      await files.over;
      expect(server.names()).to.deep.equal(callsOff ? [] : ['a']);
    });
  }

  it('answers ABOR with what became of the upload where it cannot be called off', async () => {
    await using server = await startHesitant(false);
    await using client = await RawFtpClient.loggedIn(server);
    const committing = once(files.events, 'committing');
    const uploading = client.upload('STOR a', 'content');
    await committing;
    await client.send('ABOR\r\n');
    files.letGo();
    expect((await uploading).code).to.equal(226);
    expect((await client.reply()).code).to.equal(226);
    expect(server.read('a')).to.equal('content');
  });

  for (const isAborted of [false, true]) {
    it(`is told as what is in place where only its folder cannot be synced, ${isAborted ? 'even' : 'and not only'} at ABOR`, async function () {
      requireUnix(this, 'folders that can be synced');
      await using server = await TestServer.start({
        files: { a: 'old' },
        fileSystem: (root) => (files = new HesitantFileSystem(root, false, { fsync: true })),
      });
      await using client = await RawFtpClient.loggedIn(server);
      const committing = once(files.events, 'committing');
      const { channel } = await client.openData();
      await client.expect(150, 'STOR a');
      await channel.write(Buffer.from('content'));
      await channel.end();
      await committing;
      using syncing = await failing('sync', 'directory');
      // STAT is answered at once: by then ABOR was heard.
      if (isAborted) {
        await client.send('ABOR\r\n');
        await client.expect(211, 'STAT');
      }
      files.letGo();
      const { code, lines } = await client.reply();
      expect(code).to.equal(451);
      expect(lines.join(' ')).to.include('is in place');
      channel.destroy();
      expect(syncing.failures).to.equal(1);
      expect(server.read('a')).to.equal('content');
    });
  }
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
        limits: { loginTimeoutMs: 2_000 },
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
      limits: { loginTimeoutMs: 2_000 },
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
