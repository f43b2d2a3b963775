// Transfers that break: the old file stays whole, nothing is left behind, and the session lives on.
import { once } from 'node:events';
import type net from 'node:net';
import { expect } from 'chai';
import { readAll } from '../support/channel-bytes.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { resetConnection } from '../support/tcp-reset.js';
import { TestServer } from '../support/test-server.js';
import { WatchedFileSystem } from '../support/watched-file-system.js';

const large = 64 * 1024 * 1024;

describe('a transfer that breaks', () => {
  let files: WatchedFileSystem;
  let server: TestServer;
  let client: RawFtpClient;

  async function start(options: Parameters<typeof TestServer.start>[0] = {}): Promise<void> {
    server = await TestServer.start({
      files: { 'a.txt': 'old content' },
      fileSystem: (root) => (files = new WatchedFileSystem(root)),
      ...options,
    });
    client = await RawFtpClient.loggedIn(server);
  }

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const cuts: readonly (readonly [what: string, name: string, cut: (socket: net.Socket) => void])[] = [
    ['that is reset', 'a.txt', resetConnection],
    ['that is reset', 'new.txt', resetConnection],
    ['that ends without close_notify', 'a.txt', (socket) => socket.end()],
    ['that ends without close_notify', 'new.txt', (socket) => socket.end()],
  ];
  for (const [what, name, cut] of cuts) {
    it(`an upload of ${name} ${what} in the middle is 426; the old state stays, and nothing else`, async () => {
      await start();
      const { channel, socket } = await client.openData();
      await client.expect(150, `STOR ${name}`);
      const written = once(files.events, 'written');
      await channel.write(Buffer.alloc(500_000, 'new'));
      await written;
      expect(server.names().filter((entry) => entry.startsWith('.'))).to.have.length(1);
      cut(socket);
      expect((await client.reply()).code).to.equal(426);
      expect(server.names()).to.deep.equal(['a.txt']);
      expect(server.read('a.txt')).to.equal('old content');
      expect(server.lastTransfer.replyCode).to.equal(426);
      expect(server.lastTransfer.error).to.be.instanceOf(Error);
      expect((await client.upload(`STOR ${name}`, 'again')).code).to.equal(226);
      expect(server.read(name)).to.equal('again');
    });
  }

  it('of two hundred uploads that are reset none is taken for whole', async () => {
    await start();
    for (let round = 0; round < 200; round += 1) {
      const { channel, socket } = await client.openData();
      await client.expect(150, 'STOR a.txt');
      const written = once(files.events, 'written');
      await channel.write(Buffer.alloc(500_000, 'new'));
      await written;
      resetConnection(socket);
      expect((await client.reply()).code, `round ${round}`).to.equal(426);
    }
    expect(server.names()).to.deep.equal(['a.txt']);
    expect(server.read('a.txt')).to.equal('old content');
  });

  it('others see the old file until the upload is whole', async () => {
    await start();
    await using reader = await RawFtpClient.loggedIn(server);
    const { channel } = await client.openData();
    await client.expect(150, 'STOR a.txt');
    const written = once(files.events, 'written');
    await channel.write(Buffer.from('new content'));
    await written;
    expect((await reader.download('RETR a.txt')).bytes.toString()).to.equal('old content');
    expect((await reader.download('NLST')).bytes.toString()).to.equal('a.txt\r\n');
    await channel.end();
    expect((await client.reply()).code).to.equal(226);
    expect((await reader.download('RETR a.txt')).bytes.toString()).to.equal('new content');
    channel.destroy();
  });

  it('a resumed upload that is cut keeps what had come, to be resumed again', async () => {
    await start();
    await client.expect(350, 'REST 11');
    const { channel, socket } = await client.openData();
    await client.expect(150, 'STOR a.txt');
    const written = once(files.events, 'written');
    await channel.write(Buffer.from(' and more'));
    await written;
    resetConnection(socket);
    expect((await client.reply()).code).to.equal(426);
    expect(server.read('a.txt')).to.equal('old content and more');
  });

  it('an upload ends with 452 when no space is left, and with 451 when the file system fails, and leaves nothing', async () => {
    await start();
    for (const [kind, code] of [
      ['no-space', 452],
      ['other', 451],
    ] as const) {
      files.failWrite = kind;
      const { channel } = await client.openData();
      await client.expect(150, 'STOR new.txt');
      await channel.write(Buffer.from('some bytes'));
      expect((await client.reply()).code).to.equal(code);
      channel.destroy();
      files.failWrite = undefined;
      files.failCommit = kind;
      expect((await client.upload('STOR new.txt', 'some bytes')).code).to.equal(code);
      files.failCommit = undefined;
      expect(server.names()).to.deep.equal(['a.txt']);
    }
  });

  it('an upload says why it was given up, and the operator hears where that failed too', async () => {
    await start();
    files.failWrite = 'no-space';
    files.failAbort = new Error('EIO: i/o error, close');
    const fault = server.next('fault');
    const { channel } = await client.openData();
    await client.expect(150, 'STOR new.txt');
    await channel.write(Buffer.from('some bytes'));
    expect((await client.reply()).code).to.equal(452);
    expect((await fault).error).to.equal(files.failAbort);
    channel.destroy();
  });

  it('an upload counts from the moment it is whole, even when its client is gone before the reply', async () => {
    await start();
    const { channel } = await client.openData();
    await client.expect(150, 'STOR new.txt');
    const ended = server.next('transfer');
    await channel.write(Buffer.from('whole'));
    await channel.end();
    channel.destroy();
    client.destroy();
    expect((await ended).replyCode).to.equal(226);
    expect(server.read('new.txt')).to.equal('whole');
  });

  it('a download ends with 426 when its client disappears, and the session lives on', async () => {
    await start();
    server.seedLarge('large.bin', large);
    const { channel, socket } = await client.openData();
    await client.expect(150, 'RETR large.bin');
    await channel.read(Buffer.alloc(1000));
    resetConnection(socket);
    expect((await client.reply()).code).to.equal(426);
    expect(server.lastTransfer.bytes).to.be.below(large);
    expect((await client.download('RETR a.txt')).reply.code).to.equal(226);
  });

  it('a download that nobody reads ends with 426, cut and not ended, and the session lives on', async () => {
    await start({ limits: { stallTimeoutMs: 300 } });
    server.seedLarge('large.bin', large);
    const { channel } = await client.openData();
    await client.expect(150, 'RETR large.bin');
    expect((await client.reply()).code).to.equal(426);
    expect(server.lastTransfer.error).to.have.property('code', 'FTPS_ERR_TIMEOUT');
    const got = await readAll(channel).catch(() => Buffer.alloc(0));
    expect(got.length).to.be.below(large);
    channel.destroy();
    await client.expect(257, 'PWD');
  });

  it('an upload that brings nothing more ends with 426, leaves nothing, and the session lives on', async () => {
    await start({ limits: { stallTimeoutMs: 200 } });
    const { channel } = await client.openData();
    await client.expect(150, 'STOR new.txt');
    await channel.write(Buffer.from('and then nothing'));
    expect((await client.reply()).code).to.equal(426);
    channel.destroy();
    expect(server.names()).to.deep.equal(['a.txt']);
    expect((await client.upload('STOR new.txt', 'x')).code).to.equal(226);
  });

  it('a listing that nobody reads to its end ends with 426', async () => {
    await start({ limits: { stallTimeoutMs: 300 } });
    const { channel, socket } = await client.openData();
    await client.expect(150, 'LIST');
    resetConnection(socket);
    expect((await client.reply()).code).to.be.oneOf([226, 426]);
    channel.destroy();
    await client.expect(257, 'PWD');
  });

  it('a file that is replaced while it is sent is sent as it was', async () => {
    await start();
    let release: () => void = () => undefined;
    files.hold = new Promise((resolve) => {
      release = resolve;
    });
    const read = once(files.events, 'read');
    const { channel } = await client.openData();
    await client.expect(150, 'RETR a.txt');
    await read;
    await using writer = await RawFtpClient.loggedIn(server);
    expect((await writer.upload('STOR a.txt', 'something new and longer')).code).to.equal(226);
    release();
    expect((await readAll(channel)).toString()).to.equal('old content');
    expect((await client.reply()).code).to.equal(226);
    channel.destroy();
  });
});
