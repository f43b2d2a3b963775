// What every TLS engine must do: a suite that is a function of its engine, so that each engine proves the same contract.
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import {
  AbortedError,
  CertificateError,
  ConnectionError,
  ConfigError,
  HandshakeError,
  NotResumedError,
  ServerIdentity,
  TimeoutError,
  developmentIdentity,
  parseClientPolicy,
  parseServerPolicy,
  type ClientBinding,
  type ClientTlsOptions,
  type ConnectionRole,
  type ControlTicket,
  type EngineCapabilities,
  type ServerBinding,
  type ServerTlsOptions,
  type TlsAcceptor,
  type TlsChannel,
  type TlsConnector,
  type TlsEngine,
} from '@ftps-kit/tls-core';
import { readAll, readExactly } from '../support/channel-bytes.js';
import { rejection } from '../support/rejection.js';
import { tcpPair } from '../support/tcp-pair.js';
import { tlsBadRecordCompliance } from './tls-bad-records.js';
import { tlsClosureCompliance } from './tls-closure.js';

/** A client and a server of one engine that trust each other. */
export interface EngineSides {
  readonly acceptor: TlsAcceptor;
  readonly connector: TlsConnector;
}

/** One handshaken connection, both ends. */
export interface TlsPair {
  readonly client: TlsChannel;
  readonly server: TlsChannel;
}

/** What a connection of a test belongs to. */
export interface Bindings {
  readonly client: ClientBinding;
  readonly server: ServerBinding;
}

let identity: ServerIdentity | undefined;

/** One identity for all tests of this process; making one takes a while. */
export async function testIdentity(): Promise<ServerIdentity> {
  identity ??= new ServerIdentity(await developmentIdentity());
  return identity;
}

export async function engineSides(
  engine: TlsEngine,
  serverOptions: Partial<ServerTlsOptions> = {},
  clientOptions: ClientTlsOptions = {},
): Promise<EngineSides> {
  const shown = await testIdentity();
  return {
    acceptor: engine.acceptor(parseServerPolicy({ identities: [shown], ...serverOptions })),
    connector: engine.connector(parseClientPolicy({ ca: shown.certPem, ...clientOptions })),
  };
}

export function newBindings(sides: EngineSides): Bindings {
  return { client: sides.connector.newBinding(), server: sides.acceptor.newBinding() };
}

/** Connects both sides over TCP on loopback. Rejects with the client's error where both fail. */
export async function handshake(
  sides: EngineSides,
  bindings: Bindings,
  role: ConnectionRole,
  { host = 'localhost', ticket }: { readonly host?: string; readonly ticket?: ControlTicket | undefined } = {},
): Promise<TlsPair> {
  const tcp = await tcpPair();
  const [client, server] = await Promise.allSettled([
    sides.connector.connect(tcp.client, { role, host, binding: bindings.client, ticket }),
    sides.acceptor.accept(tcp.server, { role, binding: bindings.server }),
  ]);
  if (client.status === 'fulfilled' && server.status === 'fulfilled') {
    return { client: client.value, server: server.value };
  }
  if (client.status === 'fulfilled') client.value.destroy();
  if (server.status === 'fulfilled') server.value.destroy();
  throw client.status === 'rejected' ? client.reason : (server as PromiseRejectedResult).reason;
}

/** A control connection whose client has read what the server sent behind the handshake, tickets included. */
export async function controlConnection(
  sides: EngineSides,
  bindings: Bindings,
  ticket?: ControlTicket,
): Promise<TlsPair> {
  const pair = await handshake(sides, bindings, 'control', { ticket });
  await pair.server.write(Buffer.from('220 ready\r\n'));
  await readExactly(pair.client, 11);
  // Tickets lie before these bytes on the wire; node:tls tells of them a moment later.
  await setImmediate();
  return pair;
}

export async function endBoth({ client, server }: TlsPair): Promise<void> {
  await Promise.all([client.end(), server.end()]);
  await Promise.all([readAll(client), readAll(server)]);
}

/** Runs the contract's suite. */
export function tlsEngineCompliance(setup: () => TlsEngine): void {
  const engine = setup();

  describe(`the ${engine.name} engine`, () => {
    for (const versions of ['1.3', '1.2'] as const) {
      describe(`under TLS ${versions}`, () => {
        const protocol = versions === '1.3' ? 'TLSv1.3' : 'TLSv1.2';

        tlsClosureCompliance(engine, versions);
        tlsBadRecordCompliance(engine, versions);

        it('agrees on the version and says what was agreed', async () => {
          const sides = await engineSides(engine, { versions }, { versions });
          const pair = await handshake(sides, newBindings(sides), 'control');
          for (const channel of [pair.client, pair.server]) {
            expect(channel.handshake.protocol).to.equal(protocol);
            expect(channel.handshake.resumed).to.equal(false);
            expect(channel.handshake.alpn).to.equal('ftp');
            expect(channel.handshake.cipherSuite).to.match(/^TLS_/);
            expect(channel.handshake.serverName).to.equal('localhost');
          }
          expect(pair.client.handshake.peerCertificates[0]?.fingerprint256).to.equal(
            (await testIdentity()).fingerprint256,
          );
          await endBoth(pair);
        });

        it('moves bytes both ways, whole and in order, whatever the size of chunks and buffers', async () => {
          const sides = await engineSides(engine, { versions }, { versions });
          const pair = await handshake(sides, newBindings(sides), 'control');
          const up = randomBytes(700_001);
          const down = randomBytes(300_003);
          const send = async (channel: TlsChannel, bytes: Buffer, step: number): Promise<void> => {
            for (let at = 0; at < bytes.length; at += step) await channel.write(bytes.subarray(at, at + step));
            await channel.end();
          };
          const [, , received, returned] = await Promise.all([
            send(pair.client, up, 65_537),
            send(pair.server, down, 9_973),
            readAll(pair.server, 1_000),
            readAll(pair.client, 100_000),
          ]);
          expect(received.equals(up)).to.equal(true);
          expect(returned.equals(down)).to.equal(true);
        });

        it('tells of bytes that the network takes while a write waits, and of those that it brings', async () => {
          const sides = await engineSides(engine, { versions }, { versions });
          const pair = await handshake(sides, newBindings(sides), 'data');
          const before = pair.client.receivedBytes;
          const large = Buffer.alloc(32 * 1024 * 1024);
          const state = { isWaiting: true };
          const writing = pair.server.write(large).then(() => (state.isWaiting = false));
          const into = Buffer.alloc(64 * 1024);
          const seen = new Set<number>();
          for (let read = 0; read < large.length;) {
            read += await pair.client.read(into);
            if (state.isWaiting) seen.add(pair.server.sentBytes);
            expect(pair.client.receivedBytes - before).to.be.at.least(read);
          }
          await writing;
          expect(seen.size).to.be.above(5);
          expect(pair.server.sentBytes).to.be.within(large.length, large.length * 1.01);
          expect(pair.client.receivedBytes - before).to.be.within(large.length, large.length * 1.01);
          expect(pair.client.sentBytes).to.be.below(100_000);
          await endBoth(pair);
        });

        it('lets one direction end while the other goes on', async () => {
          const sides = await engineSides(engine, { versions }, { versions });
          const pair = await handshake(sides, newBindings(sides), 'data');
          await pair.client.end();
          expect(await readAll(pair.server)).to.have.length(0);
          await pair.server.write(Buffer.from('still here'));
          await pair.server.end();
          expect((await readAll(pair.client)).toString()).to.equal('still here');
        });

        it('binds data connections that resume their control connection', async () => {
          const sides = await engineSides(engine, { versions }, { versions });
          const bindings = newBindings(sides);
          const control = await controlConnection(sides, bindings);
          for (let file = 0; file < 5; file += 1) {
            const data = await handshake(sides, bindings, 'data');
            expect(data.client.handshake.resumed, `file ${file}`).to.equal(true);
            expect(data.client.handshake.ticketSource).to.be.oneOf(['control', 'data']);
            expect(data.server.handshake.verdict).to.equal('bound');
            expect(data.client.handshake.peerCertificates).to.have.length(1);
            await endBoth(data);
          }
          await endBoth(control);
        });

        it('does not bind a data connection that presents a ticket of another control connection', async () => {
          const sides = await engineSides(engine, { versions }, { versions });
          const mine = newBindings(sides);
          const theirs = newBindings(sides);
          const controls = [await controlConnection(sides, mine), await controlConnection(sides, theirs)];
          const data = await handshake(sides, { client: theirs.client, server: mine.server }, 'data');
          expect(data.client.handshake.resumed).to.equal(false);
          expect(data.server.handshake.verdict).to.equal(
            engine.capabilities.seesRefusedTickets ? 'foreign' : 'full-handshake',
          );
          for (const pair of [data, ...controls]) await endBoth(pair);
        });

        it('does not bind a data connection without a ticket', async () => {
          const sides = await engineSides(engine, { versions }, { versions });
          const bindings = newBindings(sides);
          const control = await controlConnection(sides, bindings);
          const stranger = { client: sides.connector.newBinding(), server: bindings.server };
          const data = await handshake(sides, stranger, 'data');
          expect(data.server.handshake.verdict).to.equal('full-handshake');
          for (const pair of [data, control]) await endBoth(pair);
        });

        it('does not bind a data connection that resumes what another data connection began', async () => {
          const sides = await engineSides(engine, { versions }, { versions });
          const bindings = newBindings(sides);
          const control = await controlConnection(sides, bindings);
          const stranger = { client: sides.connector.newBinding(), server: bindings.server };
          for (let attempt = 0; attempt < 3; attempt += 1) {
            const data = await handshake(sides, stranger, 'data');
            await data.server.write(Buffer.from('refused\r\n'));
            await readExactly(data.client, 9);
            await setImmediate();
            expect(data.server.handshake.verdict, `attempt ${attempt}`).to.not.equal('bound');
            await endBoth(data);
          }
          await endBoth(control);
        });

        it('binds nothing to a control connection that has ended', async () => {
          const sides = await engineSides(engine, { versions }, { versions });
          const bindings = newBindings(sides);
          const control = await controlConnection(sides, bindings);
          bindings.server.close();
          const data = await handshake(sides, bindings, 'data');
          expect(data.server.handshake.verdict).to.not.equal('bound');
          for (const pair of [data, control]) await endBoth(pair);
        });

        it('lives on when the TCP connection is destroyed as soon as the handshake is told', async () => {
          const sides = await engineSides(engine, { versions }, { versions });
          const bindings = newBindings(sides);
          const tcp = await tcpPair();
          // At once: an engine may tell of the handshake from within the call into TLS that ended it.
          const connecting = sides.connector
            .connect(tcp.client, { role: 'control', host: 'localhost', binding: bindings.client })
            .then((channel) => {
              tcp.client.destroy();
              channel.destroy();
              return channel;
            });
          const accepting = sides.acceptor
            .accept(tcp.server, { role: 'control', binding: bindings.server })
            .catch(() => undefined);
          expect(await rejection((await connecting).read(Buffer.alloc(1)))).to.be.instanceOf(ConnectionError);
          const server = await accepting;
          if (server === undefined) return;
          await readAll(server).catch(() => undefined);
          server.destroy();
        });

        it('gives both sides the same keying material', async () => {
          const sides = await engineSides(engine, { versions }, { versions });
          const pair = await handshake(sides, newBindings(sides), 'control');
          const label = 'EXPORTER-ftps-kit-test';
          const mine = pair.client.exportKeyingMaterial(32, label, Buffer.from('context'));
          expect(
            Buffer.from(mine).equals(pair.server.exportKeyingMaterial(32, label, Buffer.from('context'))),
          ).to.equal(true);
          expect(Buffer.from(mine).equals(pair.server.exportKeyingMaterial(32, label, Buffer.from('other')))).to.equal(
            false,
          );
          await endBoth(pair);
        });
      });
    }

    it('resumes with the control connection of TLS 1.3 whichever ticket comes first, and says when one comes', async () => {
      const sides = await engineSides(engine);
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      expect(bindings.client.tickets.size).to.equal(2);
      bindings.client.tickets.takeOnce();
      const data = await handshake(sides, bindings, 'data');
      expect(data.server.handshake.verdict).to.equal('bound');
      for (const pair of [data, control]) await endBoth(pair);
    });

    it('fails before the handshake when no ticket is left and the client must not go without', async () => {
      const sides = await engineSides(engine);
      const binding = sides.connector.newBinding({ whenEmpty: 'fail' });
      const tcp = await tcpPair();
      const error = await rejection(sides.connector.connect(tcp.client, { role: 'data', host: 'localhost', binding }));
      expect(error).to.be.instanceOf(NotResumedError);
      tcp.client.destroy();
      tcp.server.destroy();
    });

    it('refuses a certificate that nobody vouches for', async () => {
      const sides = await engineSides(engine, {}, { ca: undefined });
      const error = await rejection(handshake(sides, newBindings(sides), 'control'));
      expect(error).to.be.instanceOf(CertificateError).with.property('reason', 'DEPTH_ZERO_SELF_SIGNED_CERT');
    });

    it('refuses a certificate that is for another host, by name and by address', async () => {
      const sides = await engineSides(engine);
      for (const host of ['elsewhere.example', '127.0.0.9']) {
        const error = await rejection(handshake(sides, newBindings(sides), 'control', { host }));
        expect(error, host).to.be.instanceOf(CertificateError).with.property('reason', 'ERR_TLS_CERT_ALTNAME_INVALID');
      }
    });

    it('accepts the right certificate for an address', async () => {
      const sides = await engineSides(engine);
      const pair = await handshake(sides, newBindings(sides), 'control', { host: '127.0.0.1' });
      expect(pair.server.handshake.serverName).to.equal(undefined);
      await endBoth(pair);
    });

    it('trusts a pinned certificate as it is, and no other', async () => {
      const { fingerprint256 } = await testIdentity();
      const pinned = await engineSides(engine, {}, { ca: undefined, pins: [fingerprint256.toLowerCase()] });
      const bindings = newBindings(pinned);
      const control = await controlConnection(pinned, bindings);
      const data = await handshake(pinned, bindings, 'data');
      expect(data.client.handshake.resumed).to.equal(true);
      for (const pair of [data, control]) await endBoth(pair);

      const other = await engineSides(engine, {}, { pins: ['00'.repeat(32)] });
      const error = await rejection(handshake(other, newBindings(other), 'control'));
      expect(error).to.be.instanceOf(CertificateError).with.property('reason', 'PIN_MISMATCH');
    });

    it('accepts any certificate only when told so by name', async () => {
      const sides = await engineSides(engine, {}, { ca: undefined, dangerouslyAcceptAnyCertificate: true });
      await endBoth(await handshake(sides, newBindings(sides), 'control', { host: 'elsewhere.example' }));
    });

    it('fails where no version is common, and says so', async () => {
      const sides = await engineSides(engine, { versions: '1.2' }, { versions: '1.3' });
      const error = await rejection(handshake(sides, newBindings(sides), 'control'));
      expect(error).to.be.instanceOf(HandshakeError).with.property('message').that.includes('no TLS version');
    });

    it('ends the handshake where a foreign application protocol is offered (RFC 7301 §3.2)', async () => {
      const sides = await engineSides(engine, {}, { alpn: ['http/1.1'] });
      const error = await rejection(handshake(sides, newBindings(sides), 'control'));
      expect(error).to.be.instanceOf(HandshakeError).with.property('message').that.includes('ALPN');
    });

    it('selects ftp-data for a client that offers only that on a data connection, and never on a control connection', async () => {
      const sides = await engineSides(engine, {}, { alpn: ['ftp-data'] });
      const pair = await handshake(sides, newBindings(sides), 'data');
      expect(pair.server.handshake.alpn).to.equal('ftp-data');
      await endBoth(pair);
      const error = await rejection(handshake(sides, newBindings(sides), 'control'));
      expect(error).to.be.instanceOf(HandshakeError).with.property('message').that.includes('ALPN');
    });

    it('selects ftp where both are offered, and nothing where nothing is', async () => {
      for (const [alpn, selected] of [
        [['ftp-data', 'ftp'], 'ftp'],
        [[], undefined],
      ] as const) {
        const sides = await engineSides(engine, {}, { alpn });
        for (const role of ['control', 'data'] as const) {
          const pair = await handshake(sides, newBindings(sides), role);
          for (const channel of [pair.client, pair.server]) expect(channel.handshake.alpn).to.equal(selected);
          await endBoth(pair);
        }
      }
    });

    it('negotiates only what the policy names', async () => {
      const policies: readonly [ClientTlsOptions, string][] = [
        [{ cipherSuites: ['TLS_AES_128_GCM_SHA256'] }, 'TLS_AES_128_GCM_SHA256'],
        [{ cipherSuites: ['TLS_CHACHA20_POLY1305_SHA256'] }, 'TLS_CHACHA20_POLY1305_SHA256'],
        [
          { versions: '1.2', ciphers: ['ECDHE-ECDSA-CHACHA20-POLY1305'] },
          'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
        ],
      ];
      for (const [options, cipherSuite] of policies) {
        const sides = await engineSides(engine, {}, options);
        const pair = await handshake(sides, newBindings(sides), 'control');
        expect(pair.server.handshake.cipherSuite).to.equal(cipherSuite);
        await endBoth(pair);
      }
    });

    it('fails where groups or signature algorithms have nothing in common', async () => {
      const disjoint: readonly [Partial<ServerTlsOptions>, ClientTlsOptions][] = [
        [{ groups: ['P-384'] }, { groups: ['X25519'] }],
        [{}, { signatureAlgorithms: ['rsa_pss_rsae_sha256'] }],
        [{ cipherSuites: ['TLS_AES_256_GCM_SHA384'], versions: '1.3' }, { cipherSuites: ['TLS_AES_128_GCM_SHA256'] }],
      ];
      for (const [server, client] of disjoint) {
        const sides = await engineSides(engine, server, client);
        expect(await rejection(handshake(sides, newBindings(sides), 'control'))).to.be.instanceOf(HandshakeError);
      }
    });

    it('fails with a typed error on both sides when the peer speaks no TLS', async () => {
      const sides = await engineSides(engine);
      const first = await tcpPair();
      const accepted = sides.acceptor.accept(first.server, { role: 'control', binding: sides.acceptor.newBinding() });
      await first.client.write(Buffer.from('USER anonymous\r\nPASS guest\r\n'));
      expect(await rejection(accepted)).to.be.instanceOf(HandshakeError);
      first.client.destroy();

      const second = await tcpPair();
      const binding = sides.connector.newBinding();
      const connected = sides.connector.connect(second.client, { role: 'control', host: 'localhost', binding });
      await second.server.write(Buffer.from('220 plain old FTP\r\n'));
      expect(await rejection(connected)).to.be.instanceOf(HandshakeError);
      second.server.destroy();
    });

    it('fails with a typed error when the peer goes away during the handshake', async () => {
      const sides = await engineSides(engine);
      const tcp = await tcpPair();
      const accepted = sides.acceptor.accept(tcp.server, { role: 'control', binding: sides.acceptor.newBinding() });
      tcp.client.destroy();
      expect(await rejection(accepted)).to.be.instanceOf(HandshakeError);
    });

    it('gives up a handshake that takes too long, or that the caller aborts, and closes the connection', async () => {
      const sides = await engineSides(engine);
      for (const [bound, kind] of [
        [{ timeoutMs: 20 }, TimeoutError],
        [{ signal: AbortSignal.abort() }, AbortedError],
      ] as const) {
        const tcp = await tcpPair();
        const binding = sides.acceptor.newBinding();
        const error = await rejection(sides.acceptor.accept(tcp.server, { role: 'control', binding, ...bound }));
        expect(error).to.be.instanceOf(kind);
        expect(await tcp.client.read(Buffer.alloc(1)).catch(() => 0)).to.equal(0);
        tcp.client.destroy();
      }
    });

    it('rejects what is pending when a channel is destroyed', async () => {
      const sides = await engineSides(engine);
      const pair = await handshake(sides, newBindings(sides), 'control');
      const reading = rejection(pair.client.read(Buffer.alloc(10)));
      const reason = new Error('told so');
      pair.client.destroy(reason);
      expect(await reading).to.equal(reason);
      expect(await rejection(pair.client.write(Buffer.from('late')))).to.equal(reason);
      await readAll(pair.server).catch(() => undefined);
      pair.server.destroy();
    });

    it('shows a replaced identity from the next control connection on, and keeps old ones going', async () => {
      const next = new ServerIdentity(await developmentIdentity({ hosts: ['next.localhost', 'localhost'] }));
      const sides = await engineSides(engine, {}, { ca: [(await testIdentity()).certPem, next.certPem] });
      const old = newBindings(sides);
      const control = await controlConnection(sides, old);
      sides.acceptor.replaceIdentities([next]);
      const data = await handshake(sides, old, 'data');
      expect(data.server.handshake.verdict).to.equal('bound');
      const fresh = await handshake(sides, newBindings(sides), 'control');
      expect(fresh.client.handshake.peerCertificates[0]?.fingerprint256).to.equal(next.fingerprint256);
      for (const pair of [data, control, fresh]) await endBoth(pair);
    });

    it('logs keys only to who asked for them by name, the same on both sides', async () => {
      const logs = { client: [] as string[], server: [] as string[] };
      const sides = await engineSides(
        engine,
        { dangerouslyLogKeys: (line) => logs.server.push(line) },
        { dangerouslyLogKeys: (line) => logs.client.push(line) },
      );
      for (const role of ['control', 'data'] as const) await endBoth(await handshake(sides, newBindings(sides), role));
      for (const lines of [logs.client, logs.server]) {
        expect(lines.filter((line) => line.startsWith('CLIENT_TRAFFIC_SECRET_0 '))).to.have.length(2);
        for (const line of lines) expect(line).to.match(/^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+$/);
      }
      expect([...logs.server].sort()).to.deep.equal([...logs.client].sort());
    });

    describe('declares what it cannot do, and refuses to be asked for it', () => {
      const demands: readonly [keyof EngineCapabilities, Partial<ServerTlsOptions>][] = [
        ['redeemOnce', { redeem: 'once' }],
        ['ticketsOnDemand', { loginTickets: 5 }],
        ['earlyData', { maxEarlyDataBytes: 1024 }],
      ];
      for (const [capability, options] of demands) {
        it(`${capability}: ${engine.capabilities[capability] ? 'can' : 'is a ConfigError'}`, async () => {
          const policy = parseServerPolicy({ identities: [await testIdentity()], ...options });
          if (engine.capabilities[capability]) expect(engine.acceptor(policy).policy).to.equal(policy);
          else expect(() => engine.acceptor(policy)).to.throw(ConfigError, 'the node engine cannot');
        });
      }

      it('on channels as well', async () => {
        const sides = await engineSides(engine);
        const pair = await handshake(sides, newBindings(sides), 'control');
        const { ticketsOnDemand, postHandshakeAuth, keyUpdate, returnsToClear } = engine.capabilities;
        if (!ticketsOnDemand) expect(await rejection(pair.server.issueTicket())).to.be.instanceOf(ConfigError);
        if (!postHandshakeAuth) {
          expect(await rejection(pair.server.requestClientCertificate())).to.be.instanceOf(ConfigError);
        }
        if (!returnsToClear) {
          expect(await rejection(pair.client.endTls({ timeoutMs: 5_000 }))).to.be.instanceOf(ConfigError);
        }
        if (!keyUpdate) expect(await rejection(pair.client.updateKeys())).to.be.instanceOf(ConfigError);
        await endBoth(pair);
      });
    });
  });
}
