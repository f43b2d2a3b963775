import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  CertificateError,
  ConfigError,
  ControlTicket,
  ServerIdentity,
  Ticket,
  availableEngines,
  parseClientPolicy,
  selectEngine,
  ticketScope,
  type ClientBinding,
  type ClientTlsOptions,
  type EngineName,
  type SessionTrust,
  type TicketFacts,
  type TlsChannel,
  type TlsEngine,
} from '@ftps-kit/tls-core';
import { endingTrust, testCertificates, type TestCertificates } from '../support/certificates.js';
import { readExactly } from '../support/channel-bytes.js';
import { opensslEngine } from '../support/peers/openssl-engine.js';
import { requirePeer } from '../support/peers/peer.js';
import { rejection } from '../support/rejection.js';
import { tcpPair } from '../support/tcp-pair.js';
import { TlsServer } from '../support/tls-server.js';
import { controlConnection, endBoth, engineSides, handshake, newBindings } from './tls-engine.js';

/** One control connection, from its handshake to its end. */
interface Visit {
  readonly channel: TlsChannel;
  readonly binding: ClientBinding;
  /** Tickets at hand when the greeting had come. */
  readonly tickets: number;
  readonly kept: readonly ControlTicket[];
}

interface VisitOptions {
  readonly ticket?: ControlTicket | undefined;
  readonly tls?: ClientTlsOptions;
  readonly host?: string;
}

class Visitor {
  readonly #engine: TlsEngine;
  readonly #server: TlsServer;
  readonly #tls: ClientTlsOptions;

  constructor(engine: TlsEngine, server: TlsServer, tls: ClientTlsOptions) {
    this.#engine = engine;
    this.#server = server;
    this.#tls = tls;
  }

  async visit({ ticket, tls = {}, host = 'localhost' }: VisitOptions = {}): Promise<Visit> {
    const connector = this.#engine.connector(parseClientPolicy({ ...this.#tls, ...tls }));
    const binding = connector.newBinding();
    const channel = await connector.connect(await this.#server.connect(), { role: 'control', host, binding, ticket });
    await readExactly(channel, this.#server.greetingBytes);
    // Tickets lie before the greeting on the wire; node:tls tells of them a moment later.
    await setImmediate();
    const tickets = binding.tickets.size;
    await channel.end();
    return { channel, binding, tickets, kept: binding.takeForNextConnect() };
  }

  /** A ticket that the server takes. */
  async ticket(options: VisitOptions = {}): Promise<ControlTicket> {
    const [ticket] = (await this.visit(options)).kept;
    if (ticket === undefined) throw new Error('the server gave no ticket');
    return ticket;
  }
}

/** The same ticket, but for what is said about it. */
function withFacts({ ticket, trust }: ControlTicket, changed: Partial<TicketFacts>): ControlTicket {
  const { protocol, source, receivedAt, lifetimeSeconds } = ticket;
  const facts = { protocol, source, receivedAt, lifetimeSeconds, session: ticket.sessionForEngine() };
  return new ControlTicket(new Ticket({ ...facts, ...changed }), trust);
}

function withTrust({ ticket, trust }: ControlTicket, changed: Partial<SessionTrust>): ControlTicket {
  return new ControlTicket(ticket, { ...trust, ...changed });
}

const dayMs = 86_400_000;

for (const engine of availableEngines()) {
  for (const versions of ['1.3', '1.2'] as const) {
    describe(`control tickets of the ${engine.name} engine under TLS ${versions}`, () => {
      let certificates: TestCertificates;
      let server: TlsServer;
      let visitor: Visitor;

      beforeEach(async () => {
        certificates = await testCertificates();
        server = await TlsServer.start(certificates.server);
        visitor = new Visitor(engine, server, { ca: certificates.caPem, versions });
      });

      afterEach(() => server[Symbol.asyncDispose]());

      it('let the next control connection resume, and say whose certificate that rests on', async () => {
        const first = await visitor.visit();
        const second = await visitor.visit({ ticket: first.kept[0] });
        expect(first.channel.handshake.resumed).to.equal(false);
        expect(second.channel.handshake).to.include({ resumed: true, role: 'control', ticketSource: 'control' });
        expect(second.channel.handshake.peerCertificates.map(({ fingerprint256 }) => fingerprint256)).to.deep.equal(
          first.channel.handshake.peerCertificates.map(({ fingerprint256 }) => fingerprint256),
        );
        expect(second.binding.peerCertificates).to.equal(second.channel.handshake.peerCertificates);
        expect(server.resumed).to.deep.equal([false, true]);
      });

      it('are handed out once, and only when asked for', async () => {
        const { tickets, kept, binding } = await visitor.visit();
        expect(kept).to.have.length(tickets).and.not.empty;
        expect(binding.takeForNextConnect()).to.deep.equal([]);
        expect(binding.tickets.size).to.equal(0);
        await visitor.visit();
        expect(server.resumed).to.deep.equal([false, false]);
      });

      it('are whole again when they were written down', async () => {
        const ticket = await visitor.ticket();
        const again = ControlTicket.decode(ticket.encode());
        expect(again?.expiresAt).to.equal(ticket.expiresAt);
        expect((await visitor.visit({ ticket: again })).channel.handshake.resumed).to.equal(true);
      });

      it('are no harm where the server has forgotten them: it shows its certificate in the same connection', async () => {
        const ticket = await visitor.ticket();
        server.forgetTickets();
        const { channel, kept } = await visitor.visit({ ticket });
        expect(channel.handshake).to.include({ resumed: false, ticketSource: undefined });
        expect(channel.handshake.peerCertificates).to.not.be.empty;
        expect((await visitor.visit({ ticket: kept[0] })).channel.handshake.resumed).to.equal(true);
      });

      it('are no harm where they are no session at all', async () => {
        const ticket = withFacts(await visitor.ticket(), { session: Buffer.from('no session') });
        const { channel } = await visitor.visit({ ticket });
        expect(channel.handshake.resumed).to.equal(false);
      });

      it('give data connections nothing but what belongs to the new control connection', async () => {
        const ticket = await visitor.ticket();
        const { tickets, binding, channel } = await visitor.visit({ ticket });
        expect(channel.handshake.resumed).to.equal(true);
        // Node's server gives no new ticket to who resumes. Under TLS 1.2 the session itself goes on.
        expect(tickets).to.equal(versions === '1.3' ? 0 : 1);
        expect(binding.ticketForDataConnection()).to.equal(undefined);
      });

      it('are refused on a data connection', async () => {
        const ticket = await visitor.ticket();
        const connector = engine.connector(parseClientPolicy({ ca: certificates.caPem }));
        const tcp = await tcpPair();
        const options = { role: 'data', host: 'localhost', binding: connector.newBinding(), ticket } as const;
        expect(await rejection(connector.connect(tcp.client, options))).to.be.instanceOf(ConfigError);
        tcp.client.destroy();
        tcp.server.destroy();
      });

      // Whatever the server would take: each of these would be resumed if it were offered.
      const otherTerms: readonly [string, (made: TestCertificates) => VisitOptions][] = [
        ['one root more', (made) => ({ tls: { ca: [made.caPem, made.otherCa.caPem] } })],
        ["Node's roots besides", () => ({ tls: { bundledRoots: true } })],
        ['a pin', (made) => ({ tls: { pins: [fingerprintOf(made)] } })],
        ['a pin more', (made) => ({ tls: { pins: [fingerprintOf(made), '00'.repeat(32)] } })],
        ['any certificate', () => ({ tls: { dangerouslyAcceptAnyCertificate: true } })],
        ['another host', () => ({ host: '127.0.0.1' })],
        ['another server name', () => ({ tls: { serverName: '127.0.0.1' } })],
        ['other versions', () => ({ tls: { versions: '1.2+1.3' } })],
        ['other suites', () => ({ tls: { cipherSuites: ['TLS_AES_128_GCM_SHA256'] } })],
        ['other ciphers', () => ({ tls: { ciphers: ['ECDHE-ECDSA-AES128-GCM-SHA256'] } })],
        ['other groups', () => ({ tls: { groups: ['P-256'] } })],
        ['other signature algorithms', () => ({ tls: { signatureAlgorithms: ['ecdsa_secp256r1_sha256'] } })],
        ['other application protocols', () => ({ tls: { alpn: ['other'] } })],
        [
          'a certificate of our own',
          (made) => ({
            tls: { identity: new ServerIdentity({ cert: made.client.certPem, key: made.client.keyPem }) },
          }),
        ],
        ['logged keys', () => ({ tls: { dangerouslyLogKeys: () => undefined } })],
      ];
      for (const [what, optionsOf] of otherTerms) {
        it(`are not offered under other terms than they came under: ${what}`, async () => {
          const ticket = await visitor.ticket();
          const others = optionsOf(certificates);
          expect((await visitor.visit({ ...others, ticket })).channel.handshake.resumed).to.equal(false);
          const theirs = await visitor.ticket(others);
          expect((await visitor.visit({ ticket: theirs })).channel.handshake.resumed).to.equal(false);
          // The same tickets, each under its own terms.
          expect((await visitor.visit({ ticket })).channel.handshake.resumed).to.equal(true);
          expect((await visitor.visit({ ...others, ticket: theirs })).channel.handshake.resumed).to.equal(true);
          expect(server.resumed).to.deep.equal([false, false, false, false, true, true]);
        });
      }

      it('are offered whatever the order of the groups, of which any would do', async () => {
        const ticket = await visitor.ticket({ tls: { groups: ['X25519', 'P-256'] } });
        const { channel } = await visitor.visit({ tls: { groups: ['P-256', 'X25519'] }, ticket });
        expect(channel.handshake).to.include({ resumed: true, ...(versions === '1.3' && { group: 'P-256' }) });
      });

      it('do not outlive the trust in a root or a pin', async () => {
        const ticket = await visitor.ticket();
        const untrusted = { tls: { ca: certificates.otherCa.caPem }, ticket };
        expect(await rejection(visitor.visit(untrusted))).to.be.instanceOf(CertificateError);
        const pinned = { tls: { pins: [fingerprintOf(certificates)] } };
        const trusted = await visitor.ticket(pinned);
        const unpinned = { tls: { pins: ['00'.repeat(32)] }, ticket: trusted };
        expect(await rejection(visitor.visit(unpinned)))
          .to.be.instanceOf(CertificateError)
          .with.property('reason', 'PIN_MISMATCH');
      });

      it('are not offered for a certificate that is for another host or not the pinned one, whoever wrote them', async () => {
        const { wrongHost } = certificates;
        const theirs = [new ServerIdentity({ cert: wrongHost.certPem, key: wrongHost.keyPem }).certificate];
        for (const tls of [{}, { pins: [fingerprintOf(certificates)] }]) {
          const ticket = withTrust(await visitor.ticket({ tls }), { peerCertificates: theirs });
          expect((await visitor.visit({ tls, ticket })).channel.handshake.resumed).to.equal(false);
          const nobodys = withTrust(ticket, { peerCertificates: [] });
          expect((await visitor.visit({ tls, ticket: nobodys })).channel.handshake.resumed).to.equal(false);
        }
      });

      it('are not offered when their time is over, nor before it began', async () => {
        const ticket = await visitor.ticket();
        const late = withTrust(ticket, { trustedUntil: Date.now() });
        const early = withFacts(ticket, { receivedAt: Date.now() + dayMs });
        for (const other of [late, early]) {
          expect((await visitor.visit({ ticket: other })).channel.handshake.resumed).to.equal(false);
        }
      });

      for (const whose of ['certificate', 'authority'] as const) {
        it(`are worth nothing when the certificate could no longer be trusted: the ${whose}'s own end`, async () => {
          const ending = (await endingTrust())[whose];
          await using shows = await TlsServer.start(ending.server);
          const other = new Visitor(engine, shows, { ca: ending.caPem, versions });
          const { trust } = await other.ticket();
          expect(trust.trustedUntil).to.be.within(Date.now() + dayMs - 600_000, Date.now() + dayMs);
        });
      }

      it('last as long as the server says, and 7 days at most, and resumption adds nothing to that', async () => {
        const before = Date.now();
        const first = await visitor.ticket();
        expect(first.trust.trustedUntil).to.be.within(before + 7 * dayMs, Date.now() + 7 * dayMs);
        // Node's server says 300 seconds under TLS 1.2 and 7200 under TLS 1.3.
        expect(first.ticket.lifetimeSeconds).to.be.within(1, 7200);
        expect(first.expiresAt).to.equal(first.ticket.receivedAt + (first.ticket.lifetimeSeconds ?? 0) * 1000);
        const sooner = withTrust(first, { trustedUntil: first.trust.trustedUntil - 1000 });
        const { binding } = await visitor.visit({ ticket: sooner });
        expect(binding.trust?.trustedUntil).to.equal(sooner.trust.trustedUntil);
      });

      it('show what they are neither in inspect nor in JSON', async () => {
        const ticket = await visitor.ticket();
        const secret = Buffer.from(ticket.ticket.sessionForEngine());
        for (const text of [inspect(ticket, { depth: 9, showHidden: true }), JSON.stringify(ticket)]) {
          expect(text).to.include('TLSv1');
          for (const encoding of ['hex', 'base64'] as const) {
            expect(text).to.not.include(secret.toString(encoding).slice(10, 40));
          }
        }
      });
    });
  }
}

function fingerprintOf({ server }: TestCertificates): string {
  return new ServerIdentity({ cert: server.certPem, key: server.keyPem }).fingerprint256;
}

describe('a control ticket', () => {
  it('is not taken from bytes that are something else', () => {
    const whole = {
      ...{ version: 1, protocol: 'TLSv1.3', receivedAt: 1, session: '', scope: '', trustedUntil: 1 },
      peerCertificates: [],
    };
    const changes = [
      ...[{}, { version: 2 }, { protocol: 'TLSv1.1' }, { receivedAt: '1' }, { receivedAt: null }, { session: 1 }],
      ...[{ scope: null }, { trustedUntil: -1 }, { peerCertificates: ['AAAA'] }, { lifetimeSeconds: 'long' }],
    ];
    const decoded = changes.map((change) => ControlTicket.decode(Buffer.from(JSON.stringify({ ...whole, ...change }))));
    expect(decoded.map((ticket) => ticket !== undefined)).to.deep.equal([true, ...changes.slice(1).map(() => false)]);
    for (const text of ['', '{', 'null', '[]', '\u0000']) {
      expect(ControlTicket.decode(Buffer.from(text)), text).to.equal(undefined);
    }
  });

  it('of one engine is none of the other', () => {
    const policy = parseClientPolicy();
    const scopes = (['openssl', 'node'] as const).map((engine: EngineName) =>
      ticketScope({ engine, policy, host: 'localhost' }),
    );
    expect(new Set(scopes).size).to.equal(2);
    expect(ticketScope({ engine: 'node', policy: parseClientPolicy(), host: 'LOCALHOST.' })).to.equal(scopes[1]);
  });
});

describe('control connections of clients that return to our own acceptor', () => {
  before(function () {
    requirePeer(this, opensslEngine);
  });

  for (const versions of ['1.3', '1.2'] as const) {
    for (const redeem of ['reusable', 'once'] as const) {
      for (const name of ['openssl', 'node'] as const) {
        it(`resume, and bind their data connections as ever (TLS ${versions}, ${redeem}, ${name} engine)`, async () => {
          const { acceptor } = await engineSides(selectEngine('openssl'), { versions, redeem });
          const { connector } = await engineSides(selectEngine(name), {}, { versions });
          const sides = { acceptor, connector };
          const before = newBindings(sides);
          const first = await controlConnection(sides, before);
          await endBoth(first);
          before.server.close();
          const [ticket] = before.client.takeForNextConnect();

          const after = newBindings(sides);
          const second = await controlConnection(sides, after, ticket);
          expect(second.client.handshake.resumed).to.equal(true);
          expect(second.server.handshake.resumed).to.equal(true);
          for (let file = 0; file < (redeem === 'once' && versions === '1.3' ? 2 : 4); file += 1) {
            const data = await handshake(sides, after, 'data');
            expect(data.server.handshake.verdict, `file ${file}`).to.equal('bound');
            expect(data.client.handshake.peerCertificates).to.have.length(1);
            await endBoth(data);
          }
          await endBoth(second);
        });
      }
    }
  }
});
