// A server that sends and ends before the client has finished its handshake.
import { expect } from 'chai';
import { ConnectionError } from '@ftps-kit/tls-core';
import { readAll, readExactly } from '../../support/channel-bytes.js';
import { finishedGate } from '../../support/finished-gate.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { requirePeer } from '../../support/peers/peer.js';
import { rejection } from '../../support/rejection.js';
import { tcpPair } from '../../support/tcp-pair.js';
import { controlConnection, endBoth, newBindings, type Bindings, type EngineSides } from '../tls-engine.js';
import { sidesOf } from './openssl-sides.js';

describe('the openssl engine alone', () => {
  before(function () {
    requirePeer(this, opensslEngine);
  });

  describe('a connection that only sends', () => {
    /** The server's side of a data connection whose client says hello, and whose later bytes wait until `letThrough`. */
    async function behindGate(sides: EngineSides, bindings: Bindings, sendsBeforeFinished: () => boolean) {
      const [front, back] = [await tcpPair(), await tcpPair()];
      const connecting = sides.connector.connect(front.client, {
        role: 'data',
        host: 'localhost',
        binding: bindings.client,
      });
      const accepting = sides.acceptor.accept(back.server, {
        role: 'data',
        binding: bindings.server,
        sendsBeforeFinished,
      });
      const gate = await finishedGate(front.server, back.client);
      return { accepting, connecting, ...gate };
    }

    it('sends and ends a round trip before the client has finished, when told so (RFC 8446 §4.4.4)', async () => {
      const sides = await sidesOf({ versions: '1.3' });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      for (const bytes of [Buffer.from('at half a round trip'), Buffer.alloc(0)]) {
        const { accepting, connecting, letThrough } = await behindGate(sides, bindings, () => true);
        const server = await accepting;
        expect(server.handshake.verdict).to.equal('bound');
        if (bytes.length > 0) await server.write(bytes);
        await server.end();
        const client = await connecting;
        expect(await readAll(client)).to.deep.equal(bytes);
        expect(client.closure).to.equal('clean');
        const through = letThrough();
        await client.end();
        await through;
        expect(await readAll(server)).to.have.length(0);
        expect(server.closure).to.equal('clean');
      }
      await endBoth(control);
    });

    it('tells when the client has finished, which may be long after the end', async () => {
      const sides = await sidesOf({ versions: '1.3' });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const { accepting, connecting, letThrough } = await behindGate(sides, bindings, () => true);
      const server = await accepting;
      let isConfirmed = false;
      const confirmed = server.confirmed().then(() => (isConfirmed = true));
      await server.end();
      const client = await connecting;
      expect(await readAll(client)).to.have.length(0);
      expect(isConfirmed).to.equal(false);
      const through = letThrough();
      await confirmed;
      await client.end();
      await through;
      expect(await readAll(server)).to.have.length(0);
      await endBoth(control);
    });

    it('tells that the client left before it had finished', async () => {
      const sides = await sidesOf({ versions: '1.3' });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const [front, back] = [await tcpPair(), await tcpPair()];
      const connecting = sides.connector
        .connect(front.client, { role: 'data', host: 'localhost', binding: bindings.client })
        .catch(() => undefined);
      const accepting = sides.acceptor.accept(back.server, {
        ...{ role: 'data', binding: bindings.server, sendsBeforeFinished: () => true },
      });
      await finishedGate(front.server, back.client);
      const server = await accepting;
      const confirmed = rejection(server.confirmed());
      await back.client.end();
      expect(await confirmed).to.be.instanceOf(ConnectionError);
      server.destroy();
      for (const tcp of [front, back]) {
        tcp.clientSocket.destroy();
        tcp.serverSocket.destroy();
      }
      (await connecting)?.destroy();
      await endBoth(control);
    });

    it('ends behind a Finished that has begun to come', async () => {
      const sides = await sidesOf({ versions: '1.3' });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const { accepting, connecting, letThrough, letOneByteThrough } = await behindGate(sides, bindings, () => true);
      const server = await accepting;
      const client = await connecting;
      await letOneByteThrough();
      // The server looks at what came when it wants to read; then it sends, and wants to end.
      const reading = server.read(Buffer.alloc(1));
      await server.write(Buffer.from('in between'));
      expect((await readExactly(client, 10)).toString()).to.equal('in between');
      const ending = server.end();
      const through = letThrough();
      await ending;
      await client.end();
      expect(await reading).to.equal(0);
      expect(await readAll(client)).to.have.length(0);
      await through;
      await endBoth(control);
    });

    it('waits for the client where a ticket comes again, which may be a replay (RFC 8446 §8), and where not told so', async () => {
      const sides = await sidesOf({ versions: '1.3', loginTickets: 1 });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const asked: string[] = [];
      for (const round of ['not told so', 'ticket comes again']) {
        const { accepting, connecting, letThrough } = await behindGate(sides, bindings, () => {
          asked.push(round);
          return round !== 'not told so';
        });
        let isAccepted = false;
        const accepted = accepting.then(() => (isAccepted = true));
        const client = await connecting;
        expect(isAccepted, round).to.equal(false);
        const through = letThrough();
        await accepted;
        const server = await accepting;
        expect(server.handshake.verdict, round).to.equal('bound');
        await endBoth({ client, server });
        await through;
      }
      expect(asked).to.deep.equal(['not told so']);
      await endBoth(control);
    });
  });
});
