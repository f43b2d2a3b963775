// What faults leave in a server's memory: nothing, however often they come.
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RawFtpClient, connectTcp } from '../support/raw-ftp-client.js';
import { resetConnection } from '../support/tcp-reset.js';
import { WeighedServer } from '../support/weighed-server.js';

/** Until everything that is kept on purpose is there: compiled code, caches that have a bound. */
const WARM_UP_ROUNDS = 4;

/** What comes behind them, and must leave nothing. */
const ROUNDS = Number(process.env['FTPS_MEMORY_ROUNDS'] ?? 2);

/** How often each fault comes in a round, and how many of all are under way at a time. */
const TIMES = 10;
const AT_A_TIME = 40;

/** Sessions whose weight tells what one of them holds. */
const SCALE_SESSIONS = 80;

/** What may stay of each: far less than anything that is made for a connection, and more than the garbage of a collector. */
const TOLERATED_PART = 0.1;

const HALF_A_HELLO = Buffer.from('16030100c8010000c40303', 'hex');

/** Only Linux has all of 127.0.0.0/8 on its loopback. */
const hasManyAddresses = process.platform === 'linux';

const kib = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;

/** One connection each, which ends badly. Those that wait for a time limit come first: the others come meanwhile. */
const faults: readonly ((server: WeighedServer) => Promise<void>)[] = [
  async function aHandshakeThatNeverGoesOn({ target }) {
    const client = await RawFtpClient.connect(target);
    await client.reply();
    await client.expect(234, 'AUTH TLS');
    client.socket.write(HALF_A_HELLO);
    await client.rest();
    client.destroy();
  },
  async function aDownloadThatNobodyReads({ target }) {
    const client = await RawFtpClient.loggedIn(target);
    const { channel, socket } = await client.openData();
    socket.pause();
    await client.expect(150, 'RETR large.bin');
    await client.reply();
    client.destroy();
    channel.destroy();
  },
  async function halfAHandshake({ target }) {
    const client = await RawFtpClient.connect(target);
    await client.reply();
    await client.expect(234, 'AUTH TLS');
    client.socket.write(HALF_A_HELLO);
    resetConnection(client.socket);
    client.destroy();
  },
  async function silence({ target }) {
    const { socket } = await connectTcp(target);
    resetConnection(socket);
  },
  async function anotherProtocol({ target }) {
    const client = await RawFtpClient.secured(target);
    await client.send(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    await client.rest();
    client.destroy();
  },
  async function aLoginThatIsCut({ target }) {
    const client = await RawFtpClient.secured(target);
    await client.expect(331, 'USER alice');
    resetConnection(client.socket);
    client.destroy();
  },
  async function aStrangerAtThePort({ target }) {
    const client = await RawFtpClient.loggedIn(target);
    const port = await client.extendedPassive();
    const stranger = await connectTcp({ ...target, port }, hasManyAddresses ? '127.0.0.3' : undefined);
    resetConnection(stranger.socket);
    client.destroy();
  },
  async function aDataConnectionWithoutTls({ target }) {
    const client = await RawFtpClient.loggedIn(target);
    const { channel } = await client.dataTcp(await client.extendedPassive());
    await client.expect(150, 'RETR large.bin');
    await client.reply();
    client.destroy();
    channel.destroy();
  },
  async function aDataConnectionThatIsNotBound({ target }) {
    const client = await RawFtpClient.loggedIn(target);
    const { channel } = await client.openData('none');
    await client.send('RETR large.bin\r\n');
    while ((await client.reply()).code < 200);
    client.destroy();
    channel.destroy();
  },
  async function anUploadThatIsKilled({ target }) {
    const client = await RawFtpClient.loggedIn(target);
    const { channel, socket } = await client.openData();
    await client.expect(150, 'STOR killed.bin');
    await channel.write(Buffer.alloc(300_000));
    resetConnection(socket);
    resetConnection(client.socket);
    client.destroy();
    channel.destroy();
  },
  async function anUploadThatIsAborted({ target }) {
    const client = await RawFtpClient.loggedIn(target);
    const { channel } = await client.openData();
    await client.expect(150, 'STOR aborted.bin');
    await client.send('NOOP\r\nABOR\r\n');
    while ((await client.reply()).code !== 226);
    client.destroy();
    channel.destroy();
  },
  async function commandsWhoseRepliesNobodyReads({ target }) {
    const client = await RawFtpClient.loggedIn(target);
    await client.send('HELP\r\n'.repeat(50));
    resetConnection(client.socket);
    client.destroy();
  },
];

async function rounds(server: WeighedServer, count: number): Promise<void> {
  const round = faults.flatMap((fault) => Array.from({ length: TIMES }, () => fault));
  const coming = Array.from({ length: count }, () => round).flat();
  const bringSome = async (): Promise<void> => {
    for (let fault = coming.shift(); fault !== undefined; fault = coming.shift()) await fault(server);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, bringSome));
  await server.idle();
}

/** What one session holds that is logged in and waits. */
async function sessionBytes(server: WeighedServer): Promise<number> {
  const before = await server.weigh();
  const clients: RawFtpClient[] = [];
  while (clients.length < SCALE_SESSIONS) clients.push(await RawFtpClient.loggedIn(server.target));
  const after = await server.weigh();
  for (const client of clients) client.destroy();
  await server.idle();
  return (after - before) / SCALE_SESSIONS;
}

describe("a server's memory", function () {
  this.timeout(180_000 + ROUNDS * 20_000);

  it(`is back after faults of ${faults.length} kinds: of ${ROUNDS * TIMES * faults.length} connections nothing stays`, async () => {
    // Only two of the faults are to meet them, on a machine that may be busy.
    await using server = await WeighedServer.start({ tlsTimeoutMs: 3_000, stallTimeoutMs: 2_000 });
    const large = join(server.target.root, 'large.bin');
    writeFileSync(large, '');
    truncateSync(large, 64 * 1024 * 1024);
    const oneSession = await sessionBytes(server);
    expect(oneSession, 'bytes of a session').to.be.above(4 * 1024);
    await rounds(server, WARM_UP_ROUNDS);
    const before = await server.weigh();
    await rounds(server, ROUNDS);
    const growth = (await server.weigh()) - before;
    const tolerated = ROUNDS * TIMES * faults.length * oneSession * TOLERATED_PART;
    expect(growth, `a session is ${kib(oneSession)}, and ${kib(tolerated)} are noise`).to.be.below(tolerated);
  });
});
