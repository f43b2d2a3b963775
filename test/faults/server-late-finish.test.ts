// Downloads whose client is long in finishing the TLS handshake: the server has sent everything by then, and called it complete.
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { SocketChannel, selectEngine } from '@ftps-kit/tls-core';
import { expect } from 'chai';
import { DRAIN_TIMEOUT_MS } from '../../packages/ftps-server/src/limits.js';
import { readAll } from '../support/channel-bytes.js';
import { finishedGate } from '../support/finished-gate.js';
import type { RawFtpClient } from '../support/raw-ftp-client.js';
import { forEachServed } from '../support/served-client.js';
import { tcpPair } from '../support/tcp-pair.js';

// More than the sockets on the way hold.
const content = Buffer.alloc(3_000_000, 'late');

describe('a client that is long in finishing the handshake of a data connection', () => {
  let client: RawFtpClient;

  before(function () {
    // The portable engine waits for the whole handshake before it sends.
    if (selectEngine().name !== 'openssl') this.skip();
  });

  forEachServed(
    'loggedIn',
    (served) => {
      ({ client } = served);
    },
    { files: { 'a.bin': content.toString() } },
  );

  it('gets all of a download that was sent before', async () => {
    const port = await client.extendedPassive();
    const front = await tcpPair();
    const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    await once(socket, 'connect');
    await client.expect(150, 'RETR a.bin');
    const connecting = client.dataTls({ socket: front.clientSocket, channel: front.client });
    const gate = await finishedGate(front.server, new SocketChannel(socket));
    const channel = await connecting;
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
});
