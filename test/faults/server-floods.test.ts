// Many at once who mean no good: others are served meanwhile, and nothing of it stays.
import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'chai';
import { readAll } from '../support/channel-bytes.js';
import { RawFtpClient, connectTcp } from '../support/raw-ftp-client.js';
import { requireManyAddresses } from '../support/requirement.js';
import { resetConnection } from '../support/tcp-reset.js';
import { TestServer } from '../support/test-server.js';

/** How many come at once; the design's number is 2,000. */
const CROWD = Number(process.env['FTPS_FLOOD_CONNECTIONS'] ?? 200);

/** The first bytes of a ClientHello: a record that announces more than ever comes. */
const HALF_A_HELLO = Buffer.from('16030100c8010000c40303', 'hex');

interface Behaviour {
  readonly from?: string;
  /** What it does once the server says this. */
  readonly whenItSays?: string;
  readonly then?: (socket: net.Socket) => void;
}

/** A connection of the crowd: it sends something, and then waits for its end. */
async function member(server: TestServer, sends: Buffer, behaviour: Behaviour): Promise<net.Socket> {
  const { from = '127.0.0.1', whenItSays = '', then } = behaviour;
  const socket = net.connect({ port: server.port, host: '127.0.0.1', localAddress: from });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(sends);
  let said = '';
  // Read to the end: an unread socket would never see it.
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
  if (then === undefined) return socket;
  while (!said.includes(whenItSays)) await once(socket, 'data');
  then(socket);
  return socket;
}

function crowd(server: TestServer, sends: Buffer, behaviour: Behaviour = {}): Promise<net.Socket[]> {
  return Promise.all(Array.from({ length: CROWD }, () => member(server, sends, behaviour)));
}

/** Resolves when so many control connections have ended. */
async function disconnects(server: TestServer, count: number): Promise<void> {
  while (server.disconnects.length < count) await server.next('disconnect');
}

/** Resolves when so many have come. */
async function connections(server: TestServer, count: number): Promise<void> {
  while (server.server.metrics().counters.connections < count) await server.next('connection');
}

async function freshLoginWorks(server: TestServer): Promise<void> {
  await using client = await RawFtpClient.loggedIn(server);
  expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('content');
  await client.expect(221, 'QUIT');
}

describe('a flood', function () {
  this.timeout(60_000);

  it('of half-open handshakes keeps no login out, and is dropped by the timeout', async () => {
    await using server = await TestServer.start({
      files: { 'a.txt': 'content' },
      limits: { tlsTimeoutMs: 2_000, maxConnectionsPerAddress: CROWD + 10 },
    });
    const sockets = await crowd(server, Buffer.from('AUTH TLS\r\n'), {
      then: (socket) => socket.write(HALF_A_HELLO),
      whenItSays: '234 ',
    });
    await freshLoginWorks(server);
    await disconnects(server, CROWD + 1);
    const { limits: struck } = server.server.metrics().counters;
    expect(struck.maxPendingLogins + struck.tlsTimeoutMs).to.equal(CROWD);
    expect(server.server.connectionCount).to.equal(0);
    for (const socket of sockets) socket.destroy();
    await freshLoginWorks(server);
  });

  it('of handshakes that never go on, on the port for implicit TLS, keeps no login out', async () => {
    const limits = { maxConnectionsPerAddress: CROWD + 10, maxPendingLogins: CROWD / 2 };
    await using server = await TestServer.start({ mode: 'implicit', files: { 'a.txt': 'content' }, limits });
    const sockets = await crowd(server, HALF_A_HELLO);
    await connections(server, CROWD);
    expect(server.server.connectionCount).to.be.at.most(CROWD / 2 + 1);
    await freshLoginWorks(server);
    expect(server.server.metrics().counters.limits.maxPendingLogins).to.be.at.least(CROWD / 2);
    for (const socket of sockets) socket.destroy();
    await disconnects(server, CROWD + 1);
    expect(server.server.connectionCount).to.equal(0);
  });

  it('of connections that fill the server gives way to a login, and who is logged in stays', async () => {
    await using server = await TestServer.start({ files: { 'a.txt': 'content' }, limits: { maxConnections: 5 } });
    await using member = await RawFtpClient.loggedIn(server);
    const guests: RawFtpClient[] = [];
    for (let count = 0; count < 6; count += 1) {
      const guest = await RawFtpClient.connect(server);
      expect((await guest.reply()).code).to.equal(220);
      guests.push(guest);
    }
    await freshLoginWorks(server);
    await member.expect(257, 'PWD');
    const gaveWay = server.limits.map(({ limit }) => limit);
    expect(gaveWay).to.deep.equal(['maxConnections', 'maxConnections', 'maxConnections']);
    expect(await guests[0]?.rest()).to.equal('');
    const told = server.disconnects.find(({ id }) => id === server.limits[0]?.id);
    expect(told?.error).to.have.property('code', 'FTPS_ERR_LIMIT');
    for (const guest of guests) guest.destroy();
  });

  it('of logins that fill the server lets nobody else in, and puts nobody out', async () => {
    await using server = await TestServer.start({ limits: { maxConnections: 2 } });
    await using first = await RawFtpClient.loggedIn(server);
    await using second = await RawFtpClient.loggedIn(server);
    await using third = await RawFtpClient.connect(server);
    expect((await third.reply()).code).to.equal(421);
    await first.expect(257, 'PWD');
    await second.expect(257, 'PWD');
  });

  it('from one address is bounded there, and others are served', async function () {
    requireManyAddresses(this);
    await using server = await TestServer.start({
      files: { 'a.txt': 'content' },
      limits: { maxConnectionsPerAddress: 10 },
    });
    const sockets = await crowd(server, Buffer.from('NOOP\r\n'), { from: '127.0.0.2' });
    while (server.limits.length < CROWD - 10) await server.next('limit');
    await freshLoginWorks(server);
    for (const socket of sockets) socket.destroy();
    await disconnects(server, 11);
    expect(server.server.metrics().counters.limits.maxConnectionsPerAddress).to.equal(CROWD - 10);
    expect(new Set(server.limits.slice(0, CROWD - 10).map(({ client }) => client.address))).to.deep.equal(
      new Set(['127.0.0.2']),
    );
    await using again = await RawFtpClient.connect(server);
    expect((await again.reply()).code).to.equal(220);
  });

  it('of strangers on every passive port keeps no client from its transfer', async function () {
    requireManyAddresses(this);
    await using server = await TestServer.start({ files: { 'a.txt': 'content' } });
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawFtpClient.loggedIn(server)));
    const ports: number[] = [];
    for (const client of clients) ports.push(await client.extendedPassive());
    const strangers = await Promise.all(
      ports.flatMap((port) =>
        Array.from({ length: 5 }, async () => {
          const { channel } = await connectTcp({ host: '127.0.0.1', port }, '127.0.0.3');
          return channel;
        }),
      ),
    );
    for (const [at, client] of clients.entries()) {
      const channel = await client.dataTls(await client.dataTcp(ports[at] ?? 0));
      await client.expect(150, 'RETR a.txt');
      expect((await readAll(channel)).toString()).to.equal('content');
      await channel.end();
      expect((await client.reply()).code).to.equal(226);
      channel.destroy();
    }
    expect(server.refusals.map(({ reason }) => reason)).to.deep.equal(Array(40).fill('stranger'));
    expect(server.server.metrics().gauges.passivePorts).to.equal(0);
    for (const channel of strangers) channel.destroy();
    for (const client of clients) client.destroy();
    await freshLoginWorks(server);
  });

  it('of downloads that nobody reads is dropped by the timeout, and leaves nothing', async () => {
    await using server = await TestServer.start({ files: { 'a.txt': 'content' }, limits: { stallTimeoutMs: 500 } });
    server.seedLarge('large.bin', 64 * 1024 * 1024);
    const stalled = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const client = await RawFtpClient.loggedIn(server);
        const { channel, socket } = await client.openData();
        await client.expect(150, 'RETR large.bin');
        return { client, channel, socket };
      }),
    );
    await freshLoginWorks(server);
    for (const { client } of stalled) expect((await client.reply()).code).to.equal(426);
    expect(server.server.metrics().gauges.transfers).to.equal(0);
    for (const { client, channel } of stalled) {
      channel.destroy();
      client.destroy();
    }
  });

  it('of commands whose replies nobody reads ends with the connection', async () => {
    await using server = await TestServer.start({ limits: { stallTimeoutMs: 300 } });
    await using client = await RawFtpClient.loggedIn(server);
    const disconnected = server.next('disconnect');
    const commands = Buffer.from('HELP\r\n'.repeat(4_000));
    let flooding = true;
    const flood = async (): Promise<void> => {
      while (flooding) await client.send(commands);
    };
    const flooded = flood().catch(() => undefined);
    expect((await disconnected).error).to.have.property('code', 'FTPS_ERR_TIMEOUT');
    flooding = false;
    client.destroy();
    await flooded;
    expect(server.limits.map(({ limit }) => limit)).to.deep.equal(['stallTimeoutMs']);
  });

  it('of resets leaves nothing', async () => {
    const limits = { maxConnectionsPerAddress: CROWD + 10 };
    await using server = await TestServer.start({ files: { 'a.txt': 'content' }, limits });
    const sockets = await crowd(server, Buffer.from('AUTH TLS\r\n'));
    await connections(server, CROWD);
    for (const socket of sockets) resetConnection(socket);
    await disconnects(server, CROWD);
    await freshLoginWorks(server);
    while (server.server.connectionCount > 0) await server.next('disconnect');
  });
});
