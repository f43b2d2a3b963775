// How a connection ends: cleanly, cut, or only its TLS.
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { ConnectionError, selectEngine } from '@ftps-kit/tls-core';
import { readAll, readExactly } from '../../support/channel-bytes.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { requirePeer } from '../../support/peers/peer.js';
import { rejection } from '../../support/rejection.js';
import { tcpPair } from '../../support/tcp-pair.js';
import { endBoth, engineSides, handshake, newBindings, testIdentity } from '../tls-engine.js';
import { GREETING, sidesOf } from './openssl-sides.js';

describe('the openssl engine alone', () => {
  before(function () {
    requirePeer(this, opensslEngine);
  });

  describe('the end of a connection', () => {
    it('is truncated when the peer drops the connection, and what is written then fails with a ConnectionError', async () => {
      const sides = await sidesOf();
      const tcp = await tcpPair();
      const [client] = await Promise.all([
        sides.connector.connect(tcp.client, {
          role: 'control',
          host: 'localhost',
          binding: sides.connector.newBinding(),
        }),
        sides.acceptor.accept(tcp.server, { role: 'control', binding: sides.acceptor.newBinding() }),
      ]);
      const reading = rejection(client.read(Buffer.alloc(10)));
      tcp.serverSocket.destroy();
      expect(await reading).to.be.instanceOf(Error);
      expect(client.closure).to.equal('truncated');
      const writing = (async () => {
        for (;;) await client.write(Buffer.alloc(100_000));
      })();
      expect(await rejection(writing)).to.be.instanceOf(ConnectionError);
    });

    it('does not reset an upload whose client reads nothing, though tickets lie on its connection', async () => {
      // The portable engine sends two tickets on each full handshake, as other servers do.
      const server = await engineSides(selectEngine('node'));
      const client = await sidesOf();
      const file = Buffer.alloc(3_000_000, 'ab');
      for (let round = 0; round < 5; round += 1) {
        const sides = { connector: client.connector, acceptor: server.acceptor };
        const pair = await handshake(sides, newBindings(sides), 'data');
        const received = readAll(pair.server).then(async (bytes) => {
          await pair.server.end();
          return bytes;
        });
        await pair.client.write(file);
        await pair.client.end();
        expect(await received).to.have.length(file.length);
        expect(await pair.client.read(Buffer.alloc(1))).to.equal(0);
      }
    });
  });

  for (const versions of ['1.3', '1.2'] as const) {
    it(`ends TLS ${versions} and goes on in clear, with nothing lost of what came right behind its end`, async () => {
      const sides = await sidesOf({ versions });
      const tcp = await tcpPair();
      const bindings = newBindings(sides);
      const options = { role: 'control', host: 'localhost', timeoutMs: 5_000 } as const;
      const [client, server] = await Promise.all([
        sides.connector.connect(tcp.client, { ...options, binding: bindings.client }),
        sides.acceptor.accept(tcp.server, { ...options, binding: bindings.server }),
      ]);
      const read = server.read(Buffer.alloc(10));
      const [ended, failed] = [server.endTls({ timeoutMs: 5_000 }), rejection(read)];
      const clear = await client.endTls({ timeoutMs: 5_000 });
      await clear.write(GREETING);
      const other = await ended;
      expect((await readExactly(other, GREETING.length)).equals(GREETING)).to.equal(true);
      expect(await failed).to.be.instanceOf(ConnectionError);
      await other.write(GREETING);
      await other.end();
      expect((await readAll(clear)).equals(GREETING)).to.equal(true);
      expect(await rejection(server.write(GREETING))).to.be.instanceOf(ConnectionError);
      clear.destroy();
      other.destroy();
    });
  }

  it('ends no TLS that the peer goes on with, or that it ended itself', async () => {
    const sides = await sidesOf();
    const goesOn = await handshake(sides, newBindings(sides), 'control');
    const ending = rejection(goesOn.server.endTls({ timeoutMs: 5_000 }));
    await goesOn.client.write(GREETING);
    expect(await ending).to.be.instanceOf(ConnectionError);
    goesOn.client.destroy();
    const silent = await handshake(sides, newBindings(sides), 'control');
    expect(await rejection(silent.server.endTls({ timeoutMs: 50 }))).to.have.property('code', 'FTPS_ERR_TIMEOUT');
    silent.client.destroy();
    const ended = await handshake(sides, newBindings(sides), 'control');
    await ended.client.end();
    await readAll(ended.server);
    expect(await rejection(ended.server.endTls({ timeoutMs: 5_000 }))).to.be.instanceOf(ConnectionError);
    ended.client.destroy();
    ended.server.destroy();
  });

  it('keeps listening to nobody once a connection is over', async () => {
    const sides = await sidesOf();
    const pair = await handshake(sides, newBindings(sides), 'data');
    await endBoth(pair);
    await setImmediate();
    expect(() => pair.client.exportKeyingMaterial(10, 'EXPORTER-late')).to.throw(ConnectionError);
    expect((await testIdentity()).fingerprint256).to.have.length(95);
  });
});
