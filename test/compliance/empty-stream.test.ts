// A connection that ends without a byte, as that of an empty file does: its end must be as clean as any other.
import { expect } from 'chai';
import { availableEngines, selectEngine, type TlsChannel } from '@ftps-kit/tls-core';
import { opensslEngine } from '../support/peers/openssl-engine.js';
import { requirePeer } from '../support/peers/peer.js';
import { tcpPair } from '../support/tcp-pair.js';
import {
  controlConnection,
  endBoth,
  engineSides,
  newBindings,
  type Bindings,
  type EngineSides,
  type TlsPair,
} from './tls-engine.js';

const ROUNDS = 8;

/**
 * A data connection, one side of which ends when its handshake is done and something else has come: a reply on the control
 * connection, say. That comes in the same turn of the event loop, when the handshake's last flight may still be on its way out.
 */
async function endAtOnce(sides: EngineSides, bindings: Bindings, ender: 'client' | 'server'): Promise<TlsPair> {
  const [tcp, other] = await Promise.all([tcpPair(), tcpPair()]);
  const role = 'data';
  const connecting = {
    client: sides.connector.connect(tcp.client, { role, host: 'localhost', binding: bindings.client }),
    server: sides.acceptor.accept(tcp.server, { role, binding: bindings.server }),
  };
  const readersSocket = ender === 'client' ? tcp.serverSocket : tcp.clientSocket;
  readersSocket.on('data', () => setImmediate(() => other.serverSocket.write('x')));
  const made: { channel?: TlsChannel } = {};
  const hasEnded = new Promise<void>((resolve, reject) => {
    other.clientSocket.on('data', () => {
      made.channel?.end().then(resolve, reject);
    });
  });
  made.channel = await connecting[ender];
  // Where everything came before the channel was there.
  other.serverSocket.write('x');
  await hasEnded;
  other.client.destroy();
  other.server.destroy();
  return { client: await connecting.client, server: await connecting.server };
}

describe('a connection that ends right behind its handshake', () => {
  before(function () {
    // Only it can tell a close_notify from a FIN without one.
    requirePeer(this, opensslEngine);
  });

  for (const { name } of availableEngines()) {
    for (const versions of ['1.2', '1.3'] as const) {
      for (const ender of ['client', 'server'] as const) {
        it(`ends with close_notify (${name} engine as ${ender}, TLS ${versions})`, async () => {
          const client = await engineSides(selectEngine(ender === 'client' ? name : 'openssl'), {}, { versions });
          const server = await engineSides(selectEngine(ender === 'server' ? name : 'openssl'));
          const sides: EngineSides = { connector: client.connector, acceptor: server.acceptor };
          const bindings = newBindings(sides);
          const control = await controlConnection(sides, bindings);
          const reader = ender === 'client' ? 'server' : 'client';
          for (let round = 0; round < ROUNDS; round += 1) {
            // Both a full handshake and a resumed one, as the last flight is the client's in one of them and the server's in the other.
            const isFull = round % 2 === 0;
            const pair = await endAtOnce(sides, isFull ? newBindings(sides) : bindings, ender);
            expect(await pair[reader].read(Buffer.alloc(1)), `round ${round}`).to.equal(0);
            expect(pair[reader].closure).to.equal('clean');
            await endBoth(pair);
          }
          await endBoth(control);
        });
      }
    }
  }
});
