// Downloads whose client is long in finishing the TLS handshake: the server has sent everything by then, and called it complete.
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { type SocketChannel, type TlsChannel } from '@ftps-kit/tls-core';
import { DRAIN_TIMEOUT_MS, MAX_GENTLE_CLOSINGS, MAX_SESSION_CLOSINGS } from '../../packages/ftps-server/src/limits.js';
import { readAll } from '../support/channel-bytes.js';
import { finishedGate, type FinishedGate } from '../support/finished-gate.js';
import { connectTcp, type RawFtpClient } from '../support/raw-ftp-client.js';
import { requireCapability } from '../support/requirement.js';
import { forEachServed } from '../support/served-client.js';
import { tcpPair } from '../support/tcp-pair.js';
import type { TestServer } from '../support/test-server.js';

// More than the sockets on the way hold.
const content = Buffer.alloc(3_000_000, 'late');

describe('a client that is long in finishing the handshake of a data connection', () => {
  let client: RawFtpClient;
  let server: TestServer;
  const open: SocketChannel[] = [];

  before(function () {
    // The portable engine waits for the whole handshake before it sends.
    requireCapability(this, 'earlyData');
  });

  forEachServed(
    'loggedIn',
    (served) => {
      ({ client, server } = served);
    },
    { files: { 'a.bin': content.toString(), 'small.txt': 'small' }, limits: { maxConnectionsPerAddress: 1 } },
  );

  afterEach(() => {
    for (const channel of open.splice(0)) channel.destroy();
  });

  /** RETR `name` up to its 150, with the client's Finished held back. */
  async function unfinishedDownload(name: string): Promise<{ gate: FinishedGate; channel: TlsChannel }> {
    const port = await client.extendedPassive();
    const front = await tcpPair();
    const { channel: back } = await client.dataTcp(port);
    await client.expect(150, `RETR ${name}`);
    const connecting = client.dataTls({ socket: front.clientSocket, channel: front.client });
    const gate = await finishedGate(front.server, back);
    open.push(front.client, front.server, back);
    return { gate, channel: await connecting };
  }

  it('gets all of a download that was sent before', async () => {
    const { gate, channel } = await unfinishedDownload('a.bin');
    const received = readAll(channel);
    expect((await client.reply()).code).to.equal(226);
    // Nothing tells when the server would have let go of a connection that is not heard from.
    await setTimeout(DRAIN_TIMEOUT_MS + 500);
    const through = gate.letThrough();
    expect((await received).equals(content)).to.equal(true);
    expect(channel.closure).to.equal('clean');
    await channel.end();
    await through;
  });

  it('holds no more of them than a bound; then the next final reply waits, and no download is cut', async () => {
    const downloads: { gate: FinishedGate; received: Promise<Buffer>; channel: TlsChannel }[] = [];
    const download = async (): Promise<void> => {
      const { gate, channel } = await unfinishedDownload('small.txt');
      downloads.push({ gate, received: readAll(channel), channel });
    };
    for (let file = 0; file < MAX_SESSION_CLOSINGS; file++) {
      await download();
      expect((await client.reply()).code).to.equal(226);
    }
    await download();
    let code: number | undefined;
    const replied = client.reply().then((reply) => (code = reply.code));
    await setTimeout(500);
    expect(code).to.equal(undefined);
    for (const { gate, received, channel } of downloads) {
      const through = gate.letThrough();
      expect((await received).toString()).to.equal('small');
      expect(channel.closure).to.equal('clean');
      await channel.end();
      await through;
      expect(await replied).to.equal(226);
    }
  });

  it('gets past that bound by no ABOR, which cuts the download instead', async () => {
    for (let file = 0; file < MAX_SESSION_CLOSINGS; file++) {
      await unfinishedDownload('small.txt');
      expect((await client.reply()).code).to.equal(226);
    }
    for (let file = 0; file < 3; file++) {
      await unfinishedDownload('small.txt');
      await client.expect(426, 'ABOR');
      expect((await client.reply()).code).to.equal(226);
    }
  });

  it('takes no courtesy from those who are turned away', async () => {
    for (let file = 0; file < MAX_SESSION_CLOSINGS; file++) {
      await unfinishedDownload('small.txt');
      expect((await client.reply()).code).to.equal(226);
    }
    const refused: SocketChannel[] = [];
    for (let caller = 0; caller < MAX_GENTLE_CLOSINGS; caller++) {
      refused.push((await connectTcp({ host: '127.0.0.1', port: server.port })).channel);
    }
    const words = await Promise.all(refused.map(async (channel) => (await readAll(channel)).toString().slice(0, 3)));
    for (const channel of refused) channel.destroy();
    expect(words.filter((code) => code === '421')).to.have.lengthOf(MAX_GENTLE_CLOSINGS);
  });
});
