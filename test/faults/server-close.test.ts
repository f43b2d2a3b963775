// The end of a server: clients are told, transfers are let end or cut, and nothing is left open.
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { readAll } from '../support/channel-bytes.js';
import { RawFtpClient, connectTcp } from '../support/raw-ftp-client.js';
import { rejection } from '../support/rejection.js';
import { TestServer } from '../support/test-server.js';
import { WatchedFileSystem } from '../support/watched-file-system.js';

/** Sockets and listeners of this process. */
function openHandles(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}

describe('the end of a server', () => {
  it('tells idle clients 421, whatever they have come to, and takes no new ones', async () => {
    await using server = await TestServer.start();
    await using inClear = await RawFtpClient.connect(server);
    await inClear.reply();
    await using secured = await RawFtpClient.secured(server);
    await using member = await RawFtpClient.loggedIn(server);
    const closed = server.server.close();
    for (const client of [inClear, secured, member]) {
      expect((await client.reply()).code).to.equal(421);
      expect(await client.rest()).to.equal('');
      client.destroy();
    }
    await closed;
    expect(await rejection(connectTcp(server))).to.have.property('code', 'ECONNREFUSED');
    expect(server.server.connectionCount).to.equal(0);
    expect(server.disconnects.map(({ error }) => error?.code)).to.deep.equal(Array(3).fill('FTPS_ERR_ABORTED'));
  });

  it('lets a running transfer end within the grace, and then tells its client 421', async () => {
    await using server = await TestServer.start();
    await using client = await RawFtpClient.loggedIn(server);
    const { channel } = await client.openData();
    await client.expect(150, 'STOR up.txt');
    await channel.write(Buffer.from('first half, '));
    const closed = server.server.close({ graceSeconds: 10 });
    await channel.write(Buffer.from('second half'));
    await channel.end();
    expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([226, 421]);
    channel.destroy();
    client.destroy();
    await closed;
    expect(server.read('up.txt')).to.equal('first half, second half');
  });

  it('in the middle of beginning to listen leaves nothing that listens, and says so', async () => {
    await using server = await TestServer.start();
    await server.server.close();
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
    const before = openHandles();
    const listening = rejection(server.server.listen());
    await server.server.close();
    expect(await listening).to.have.property('code', 'FTPS_ERR_ABORTED');
    expect(server.server.addresses).to.deep.equal([]);
    for (let turn = 0; turn < 100 && openHandles() > before; turn += 1) await setImmediate();
    expect(openHandles()).to.equal(before);
    // It is no verdict for ever.
    expect(await server.server.listen()).to.have.length(1);
  });

  it('obeys no command that waits behind the one under way', async () => {
    await using server = await TestServer.start();
    await using client = await RawFtpClient.loggedIn(server);
    const { channel } = await client.openData();
    await client.send('STOR up.txt\r\nMKD later\r\n');
    expect((await client.reply()).code).to.equal(150);
    const closed = server.server.close();
    await channel.end();
    expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([226, 421]);
    channel.destroy();
    client.destroy();
    await closed;
    expect(server.names()).to.deep.equal(['up.txt']);
  });

  it('cuts an upload when the grace is over, and leaves nothing of it', async () => {
    let files: WatchedFileSystem | undefined;
    await using server = await TestServer.start({ fileSystem: (root) => (files = new WatchedFileSystem(root)) });
    await using client = await RawFtpClient.loggedIn(server);
    const { channel } = await client.openData();
    await client.expect(150, 'STOR up.txt');
    const written = files && once(files.events, 'written');
    await channel.write(Buffer.alloc(100_000));
    await written;
    await server.server.close({ graceSeconds: 0 });
    channel.destroy();
    expect(server.names()).to.deep.equal([]);
    expect(server.lastTransfer.replyCode).to.equal(426);
  });

  it('cuts a download when the grace is over', async () => {
    await using server = await TestServer.start();
    server.seedLarge('large.bin', 64 * 1024 * 1024);
    await using client = await RawFtpClient.loggedIn(server);
    const { channel } = await client.openData();
    await client.expect(150, 'RETR large.bin');
    await server.server.close({ graceSeconds: 0.05 });
    const got = await readAll(channel).catch(() => Buffer.alloc(0));
    expect(got.length).to.be.below(64 * 1024 * 1024);
    channel.destroy();
  });

  it('leaves nothing open: idle, in a handshake, at a passive port, and in a transfer of each kind', async () => {
    const before = openHandles();
    const server = await TestServer.start({ files: { 'a.txt': 'a' } });
    const clients: RawFtpClient[] = [];
    const sockets: { destroy(): void }[] = [];
    const member = async (): Promise<RawFtpClient> => {
      const client = await RawFtpClient.loggedIn(server);
      clients.push(client);
      return client;
    };

    clients.push(await RawFtpClient.connect(server));
    const handshaking = await RawFtpClient.connect(server);
    await handshaking.reply();
    await handshaking.expect(234, 'AUTH TLS');
    clients.push(handshaking);
    await (await member()).extendedPassive();
    const waiting = await member();
    await waiting.extendedPassive();
    await waiting.send('RETR a.txt\r\n');
    const untouched = await member();
    sockets.push((await untouched.dataTcp(await untouched.extendedPassive())).socket);
    const beginning = await member();
    sockets.push((await beginning.dataTcp(await beginning.extendedPassive())).socket);
    await beginning.expect(150, 'RETR a.txt');
    const uploading = await member();
    sockets.push((await uploading.openData()).socket);
    await uploading.expect(150, 'STOR b.txt');
    const lingering = await member();
    const data = await lingering.openData();
    sockets.push(data.socket);
    await lingering.expect(150, 'RETR a.txt');
    await lingering.reply();

    await server.server.close({ graceSeconds: 0 });
    for (const client of clients) client.destroy();
    for (const socket of sockets) socket.destroy();
    // Node lets go of a destroyed handle in one of the next turns of its loop.
    for (let turn = 0; turn < 100 && openHandles() > before; turn += 1) await setImmediate();
    expect(openHandles()).to.equal(before);
    await server[Symbol.asyncDispose]();
  });

  it('is the same twice, and before listening', async () => {
    await using server = await TestServer.start();
    await Promise.all([server.server.close(), server.server.close()]);
    await server.server.close();
    expect(server.server.addresses).to.deep.equal([]);
  });
});
