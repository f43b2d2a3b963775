import { expect } from 'chai';
import { ControlTickets, FtpsClient, ServerMemory, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { selectEngine, type ConnectionRole } from '@ftps-kit/tls-core';
import { collect } from '../../../support/collect.js';
import { engineConnecting } from '../../../support/connecting-engine.js';
import { ownOptions } from '../../../support/own-client.js';
import { opensslEngine } from '../../../support/peers/openssl-engine.js';
import { requirePeer } from '../../../support/peers/peer.js';
import { TestServer } from '../../../support/test-server.js';

interface Offer {
  readonly role: ConnectionRole;
  readonly groups: readonly string[];
}

/** The options, with an engine that writes down which groups each connection offers, in order. */
function watching(options: FtpsClientOptions, offers: Offer[]): FtpsClientOptions {
  const engine = engineConnecting(selectEngine(), (connector, transport, how) => {
    offers.push({ role: how.role, groups: connector.policy.groups });
    return connector.connect(transport, how);
  });
  return { ...options, engine };
}

async function visit(options: FtpsClientOptions): Promise<boolean | undefined> {
  await using client = await FtpsClient.connect(options);
  await collect(client.list());
  return client.handshake?.resumed;
}

describe('a server that asks for another key exchange group than the first', () => {
  it('is offered it first by its data connections, and by control connections that come later', async () => {
    await using server = await TestServer.start({ tls: { groups: ['P-256'] } });
    const offers: Offer[] = [];
    const options = { ...watching(ownOptions(server), offers), memory: new ServerMemory() };
    await visit({ ...options, tls: { ...options.tls, groups: ['X25519', 'P-384', 'P-256'] } });
    await visit({ ...options, tls: { ...options.tls, groups: ['X25519', 'P-384', 'P-256'] } });
    const reordered = ['P-256', 'X25519', 'P-384'];
    expect(offers).to.deep.equal([
      { role: 'control', groups: ['X25519', 'P-384', 'P-256'] },
      { role: 'data', groups: reordered },
      { role: 'control', groups: reordered },
      { role: 'data', groups: reordered },
    ]);
  });

  it('is not offered it where the options do not have it', async () => {
    await using server = await TestServer.start({ tls: { groups: ['P-256', 'P-384'] } });
    const offers: Offer[] = [];
    const options = { ...watching(ownOptions(server), offers), memory: new ServerMemory() };
    await visit({ ...options, tls: { ...options.tls, groups: ['X25519', 'P-256'] } });
    await visit({ ...options, tls: { ...options.tls, groups: ['P-384'] } });
    expect(offers.slice(2).map(({ groups }) => groups)).to.deep.equal([['P-384'], ['P-384']]);
  });

  it('teaches nothing under TLS 1.2, where the order of groups costs no round trip', async () => {
    await using server = await TestServer.start({ versions: '1.2', tls: { groups: ['P-256'] } });
    const offers: Offer[] = [];
    const memory = new ServerMemory();
    const own = ownOptions(server);
    const options = { ...watching(own, offers), memory, tls: { ...own.tls, groups: ['X25519', 'P-256'] as const } };
    for (let login = 0; login < 2; login++) await visit(options);
    expect(new Set(offers.map(({ groups }) => groups[0]))).to.deep.equal(new Set(['X25519']));
  });

  it('takes the ticket that an earlier control connection has left, although the groups come in another order', async function () {
    requirePeer(this, opensslEngine);
    await using server = await TestServer.start({ engine: 'openssl', tls: { groups: ['P-256'] } });
    const options = {
      ...ownOptions(server),
      ...{ memory: new ServerMemory(), controlTickets: new ControlTickets(), engine: 'openssl' as const },
    };
    expect([await visit(options), await visit(options), await visit(options)]).to.deep.equal([false, true, true]);
  });
});
