// Early data: when it is taken, how much of it, and what comes of it where it is refused.
import { expect } from 'chai';
import { ConfigError, type ClientTlsOptions, type ConnectionRole, type ServerTlsOptions } from '@ftps-kit/tls-core';
import { readAll } from '../../support/channel-bytes.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { requirePeer } from '../../support/peers/peer.js';
import { rejection } from '../../support/rejection.js';
import { tcpPair } from '../../support/tcp-pair.js';
import {
  controlConnection,
  endBoth,
  newBindings,
  type Bindings,
  type EngineSides,
  type TlsPair,
} from '../tls-engine.js';
import { sidesOf } from './openssl-sides.js';

/** A data connection whose client sends `earlyData` as early as it may. */
async function withEarlyData(
  sides: EngineSides,
  bindings: Bindings,
  earlyData: Uint8Array,
  role: ConnectionRole = 'data',
): Promise<TlsPair> {
  const tcp = await tcpPair();
  const [client, server] = await Promise.all([
    sides.connector.connect(tcp.client, { role, host: 'localhost', binding: bindings.client, earlyData }),
    sides.acceptor.accept(tcp.server, { role, binding: bindings.server }),
  ]);
  return { client, server };
}

describe('the openssl engine alone', () => {
  before(function () {
    requirePeer(this, opensslEngine);
  });

  describe('early data', () => {
    const early = Buffer.from('the first bytes of a file');

    it('is accepted at the first redemption of a ticket, marked as early, and read first', async () => {
      const sides = await sidesOf({ maxEarlyDataBytes: 1000 });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const data = await withEarlyData(sides, bindings, early);
      expect(data.client.handshake.earlyData).to.equal('accepted');
      expect(data.server.handshake.earlyData).to.equal('accepted');
      expect(data.server.earlyDataBytes).to.equal(early.length);
      expect(data.server.handshake.verdict).to.equal('bound');
      await data.client.write(Buffer.from(', and the rest'));
      await data.client.end();
      expect((await readAll(data.server, 7)).toString()).to.equal(`${early.toString()}, and the rest`);
      await data.server.end();
      await endBoth(control);
    });

    it('is refused at the second redemption, and sent again by the channel', async () => {
      const sides = await sidesOf({ maxEarlyDataBytes: 1000, loginTickets: 1 });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const results: string[] = [];
      for (let file = 0; file < 2; file += 1) {
        const data = await withEarlyData(sides, bindings, early);
        results.push(data.client.handshake.earlyData);
        expect(data.client.handshake.resumed).to.equal(true);
        await data.client.end();
        expect((await readAll(data.server)).toString()).to.equal(early.toString());
        await data.server.end();
        expect(data.server.earlyDataBytes).to.equal(file === 0 ? early.length : 0);
      }
      expect(results).to.deep.equal(['accepted', 'rejected']);
      await endBoth(control);
    });

    it('goes no further than the ticket allows; the rest follows the handshake, nothing lost or doubled', async () => {
      const sides = await sidesOf({ maxEarlyDataBytes: 40_000 });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const file = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
      const data = await withEarlyData(sides, bindings, file);
      expect(data.server.earlyDataBytes).to.equal(40_000);
      await data.client.end();
      expect((await readAll(data.server)).equals(file)).to.equal(true);
      await data.server.end();
      await endBoth(control);
    });

    it('is sent after the handshake where the server takes none, where nothing resumes, and after a second hello', async () => {
      const cases: readonly [Partial<ServerTlsOptions>, ClientTlsOptions, string][] = [
        [{}, {}, 'none'],
        [{ maxEarlyDataBytes: 1000, loginTickets: 0 }, {}, 'none'],
        [{ maxEarlyDataBytes: 1000, versions: '1.2' }, {}, 'none'],
        [{ maxEarlyDataBytes: 1000, groups: ['X25519'] }, { groups: ['P-256', 'X25519'] }, 'rejected'],
      ];
      for (const [server, client, earlyData] of cases) {
        const sides = await sidesOf(server, client);
        const bindings = newBindings(sides);
        const control = await controlConnection(sides, bindings);
        const data = await withEarlyData(sides, bindings, early);
        expect(data.client.handshake.earlyData).to.equal(earlyData);
        expect(data.server.earlyDataBytes).to.equal(0);
        await data.client.end();
        expect((await readAll(data.server)).toString()).to.equal(early.toString());
        await data.server.end();
        await endBoth(control);
      }
    });

    it('is not for control connections', async () => {
      const sides = await sidesOf({ maxEarlyDataBytes: 1000 });
      const tcp = await tcpPair();
      const binding = sides.connector.newBinding();
      const error = await rejection(
        sides.connector.connect(tcp.client, { role: 'control', host: 'localhost', binding, earlyData: early }),
      );
      expect(error).to.be.instanceOf(ConfigError);
      tcp.client.destroy();
      tcp.server.destroy();
    });
  });
});
