// What only the openssl engine can do.
import { once } from 'node:events';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import {
  CertificateError,
  ConfigError,
  ConnectionError,
  HandshakeError,
  ServerIdentity,
  TruncationError,
  developmentIdentity,
  selectEngine,
  type ClientTlsOptions,
  type ConnectionRole,
  type ServerTlsOptions,
} from '@ftps-kit/tls-core';
import { testCertificates, type TestIdentity } from '../support/certificates.js';
import { readAll, readExactly } from '../support/channel-bytes.js';
import { finishedGate } from '../support/finished-gate.js';
import { opensslEngine } from '../support/peers/openssl-engine.js';
import { requirePeer } from '../support/peers/peer.js';
import { rejection } from '../support/rejection.js';
import { tcpPair } from '../support/tcp-pair.js';
import {
  controlConnection,
  endBoth,
  engineSides,
  handshake,
  newBindings,
  testIdentity,
  type Bindings,
  type EngineSides,
  type TlsPair,
} from './tls-engine.js';

const GREETING = Buffer.from('150 here it comes\r\n');

async function sidesOf(server: Partial<ServerTlsOptions> = {}, client: ClientTlsOptions = {}): Promise<EngineSides> {
  return engineSides(selectEngine('openssl'), server, client);
}

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

/** How many buffers are asked for by name while `work` is done; what Node reads into it gets elsewhere. */
async function countBuffers(work: () => Promise<void>): Promise<number> {
  const names = ['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'concat'] as const;
  let made = 0;
  const restore = names.map((name) => {
    const descriptor = Object.getOwnPropertyDescriptor(Buffer, name) ?? {};
    const original = descriptor.value as (...args: unknown[]) => unknown;
    const value = (...args: unknown[]): unknown => {
      made += 1;
      return original.apply(Buffer, args);
    };
    Object.defineProperty(Buffer, name, { ...descriptor, value });
    return () => {
      Object.defineProperty(Buffer, name, descriptor);
    };
  });
  try {
    await work();
  } finally {
    for (const undo of restore) undo();
  }
  return made;
}

function identityOf({ certPem, keyPem }: TestIdentity): ServerIdentity {
  return new ServerIdentity({ cert: certPem, key: keyPem });
}

/** Makes the client take notice of what the server sent, tickets and requests included. */
async function greet({ client, server }: TlsPair): Promise<void> {
  await server.write(GREETING);
  await readExactly(client, GREETING.length);
}

describe('the openssl engine alone', () => {
  before(function () {
    requirePeer(this, opensslEngine);
  });

  describe('tickets', () => {
    for (const loginTickets of [0, 1, 5]) {
      it(`sends ${loginTickets} at login when told so, and another whenever it is told to`, async () => {
        const sides = await sidesOf({ loginTickets });
        const bindings = newBindings(sides);
        const control = await controlConnection(sides, bindings);
        expect(bindings.client.tickets.size).to.equal(loginTickets);
        await control.server.issueTicket();
        await greet(control);
        expect(bindings.client.tickets.size).to.equal(loginTickets + 1);
        const data = await handshake(sides, bindings, 'data');
        expect(data.server.handshake.verdict).to.equal('bound');
        await endBoth(data);
        expect(bindings.client.tickets.size).to.equal(loginTickets);
        await endBoth(control);
      });
    }

    it('tells listeners of each ticket as it comes, until they stop listening', async () => {
      const sides = await sidesOf({ loginTickets: 0 });
      const control = await controlConnection(sides, newBindings(sides));
      const lifetimes: (number | undefined)[] = [];
      const stop = control.client.onTicket((ticket) => lifetimes.push(ticket.lifetimeSeconds));
      await control.server.issueTicket();
      await greet(control);
      stop();
      await control.server.issueTicket();
      await greet(control);
      expect(lifetimes).to.deep.equal([604_800]);
      await endBoth(control);
    });

    it('redeems a ticket once when told so, and tells a spent one from a foreign one', async () => {
      const sides = await sidesOf({ redeem: 'once', loginTickets: 1 });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const first = await handshake(sides, bindings, 'data');
      expect(first.server.handshake.verdict).to.equal('bound');
      const second = await handshake(sides, bindings, 'data');
      expect(second.server.handshake.verdict).to.equal('replayed');
      expect(second.client.handshake.resumed).to.equal(false);
      for (const pair of [first, second, control]) await endBoth(pair);
    });

    it('redeems once also where the client has to say hello a second time (RFC 8446 §4.1.4)', async () => {
      const sides = await sidesOf({ redeem: 'once', groups: ['X25519'] }, { groups: ['P-256', 'X25519'] });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const data = await handshake(sides, bindings, 'data');
      expect(data.server.handshake.verdict).to.equal('bound');
      expect(data.client.handshake.group).to.equal('X25519');
      expect(data.server.handshake.group).to.equal('X25519');
      for (const pair of [data, control]) await endBoth(pair);
    });

    it('lets a TLS 1.2 session serve all files under once: there is only one', async () => {
      const sides = await sidesOf({ redeem: 'once', versions: '1.2' });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      for (let file = 0; file < 3; file += 1) {
        const data = await handshake(sides, bindings, 'data');
        expect(data.server.handshake.verdict).to.equal('bound');
        await endBoth(data);
      }
      await control.server.issueTicket();
      await endBoth(control);
    });

    for (const versions of ['1.2', '1.3'] as const) {
      it(`gives a stranger's data connection nothing that could vouch for its next one (TLS ${versions})`, async () => {
        const sides = await sidesOf({ versions });
        const bindings = newBindings(sides);
        const control = await controlConnection(sides, bindings);
        const stranger = { client: sides.connector.newBinding(), server: bindings.server };
        for (let attempt = 0; attempt < 2; attempt += 1) {
          const data = await handshake(sides, stranger, 'data');
          await greet(data);
          expect(data.server.handshake.verdict).to.equal('full-handshake');
          expect(stranger.client.tickets.size).to.equal(0);
          await endBoth(data);
        }
        await endBoth(control);
      });
    }

    it('does not take the random session id of a TLS 1.3 client for a foreign ticket (RFC 8446 §D.4)', async () => {
      const sides = await sidesOf({ versions: '1.2' }, { versions: '1.2+1.3' });
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      const stranger = { client: sides.connector.newBinding(), server: bindings.server };
      const data = await handshake(sides, stranger, 'data');
      expect(data.server.handshake.verdict).to.equal('full-handshake');
      for (const pair of [data, control]) await endBoth(pair);
    });
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

  describe('the end of a connection', () => {
    for (const versions of ['1.2', '1.3'] as const) {
      it(`is clean with close_notify, and a TruncationError without (TLS ${versions})`, async () => {
        const sides = await sidesOf({ versions });
        const clean = await handshake(sides, newBindings(sides), 'control');
        await endBoth(clean);
        expect([clean.client.closure, clean.server.closure]).to.deep.equal(['clean', 'clean']);

        const tcp = await tcpPair();
        const [client, server] = await Promise.all([
          sides.connector.connect(tcp.client, {
            role: 'control',
            host: 'localhost',
            binding: sides.connector.newBinding(),
          }),
          sides.acceptor.accept(tcp.server, { role: 'control', binding: sides.acceptor.newBinding() }),
        ]);
        await server.write(GREETING);
        tcp.serverSocket.end();
        expect((await readExactly(client, GREETING.length)).equals(GREETING)).to.equal(true);
        expect(await rejection(client.read(Buffer.alloc(10)))).to.be.instanceOf(TruncationError);
        expect(await rejection(client.read(Buffer.alloc(10)))).to.be.instanceOf(TruncationError);
        expect(client.closure).to.equal('truncated');
        client.destroy();
        server.destroy();
      });
    }

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

    it('takes no more to write, and keeps reading', async () => {
      const sides = await sidesOf();
      const pair = await handshake(sides, newBindings(sides), 'data');
      await pair.client.end();
      expect(await rejection(pair.client.write(GREETING))).to.be.instanceOf(ConnectionError);
      await pair.server.write(GREETING);
      await pair.server.end();
      expect((await readAll(pair.client)).equals(GREETING)).to.equal(true);
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

  it('has no new buffer for each chunk: those that have left are used again', async () => {
    const sides = await sidesOf();
    const pair = await handshake(sides, newBindings(sides), 'data');
    const chunk = Buffer.alloc(65_536, 'chunk');
    const into = Buffer.alloc(65_536);
    const move = async (chunks: number): Promise<void> => {
      const sending = (async () => {
        for (let n = 0; n < chunks; n += 1) await pair.client.write(chunk);
      })();
      for (let left = chunks * chunk.length; left > 0; left -= await pair.server.read(into));
      await sending;
    };
    await move(100);
    // As many as may be on their way at a time, where that is more than before.
    expect(await countBuffers(() => move(500))).to.be.below(10);
    await endBoth(pair);
  });

  it('holds a sender back when nobody reads', async () => {
    const sides = await sidesOf();
    const pair = await handshake(sides, newBindings(sides), 'data');
    const chunk = Buffer.alloc(1_000_000);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 64; sent += 1) await pair.client.write(chunk);
      await pair.client.end();
    })();
    await setTimeout(200);
    expect(sent).to.be.below(32);
    const received = await readAll(pair.server);
    await sending;
    expect(received).to.have.length(64_000_000);
    await pair.server.end();
  });

  describe('client certificates', () => {
    it('in the handshake: shown and verified, not shown, or refused', async () => {
      const { caPem, client, otherCa } = await testCertificates();
      const shown = identityOf(client);
      for (const versions of ['1.2', '1.3'] as const) {
        for (const clientCertificates of ['optional', 'required'] as const) {
          const sides = await sidesOf({ clientCertificates, clientCa: caPem, versions }, { identity: shown });
          const bindings = newBindings(sides);
          const control = await controlConnection(sides, bindings);
          const data = await handshake(sides, bindings, 'data');
          for (const { server } of [control, data]) {
            expect(server.handshake.peerCertificates[0]?.fingerprint256).to.equal(shown.fingerprint256);
          }
          expect(data.server.handshake.verdict).to.equal('bound');
          for (const pair of [data, control]) await endBoth(pair);
        }
        const optional = await sidesOf({ clientCertificates: 'optional', clientCa: caPem, versions });
        const without = await handshake(optional, newBindings(optional), 'control');
        expect(without.server.handshake.peerCertificates).to.have.length(0);
        await endBoth(without);
        for (const [identity, reason] of [
          [undefined, 'NO_CERTIFICATE'],
          [identityOf(otherCa.client), 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
        ] as const) {
          const sides = await sidesOf({ clientCertificates: 'required', clientCa: caPem, versions }, { identity });
          const tcp = await tcpPair();
          const connecting = sides.connector
            .connect(tcp.client, { role: 'control', host: 'localhost', binding: sides.connector.newBinding() })
            .then((channel) => channel.read(Buffer.alloc(1)));
          const refusal = rejection(connecting);
          const accepting = sides.acceptor.accept(tcp.server, {
            role: 'control',
            binding: sides.acceptor.newBinding(),
          });
          expect(await rejection(accepting))
            .to.be.instanceOf(CertificateError)
            .with.property('reason')
            .that.is.oneOf([reason, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']);
          expect(await refusal).to.be.instanceOf(HandshakeError);
        }
      }
    });

    it('after the handshake: resolves with the verified chain, leaf first', async () => {
      const { caPem, client } = await testCertificates();
      const shown = identityOf(client);
      const sides = await sidesOf({ clientCa: caPem }, { identity: shown });
      const control = await controlConnection(sides, newBindings(sides));
      expect(control.server.handshake.peerCertificates).to.have.length(0);
      const reading = Promise.all([readAll(control.client), readAll(control.server)]);
      const chain = await control.server.requestClientCertificate();
      expect(chain.map(({ subject }) => subject)).to.deep.equal(['CN=alice', 'CN=ftps-kit test CA']);
      expect(chain[0]?.fingerprint256).to.equal(shown.fingerprint256);
      await control.server.issueTicket();
      await Promise.all([control.client.end(), control.server.end()]);
      await reading;
    });

    it('after the handshake: rejects with why, and the connection goes on', async () => {
      const { caPem, otherCa } = await testCertificates();
      const cases: readonly [ClientTlsOptions, Partial<ServerTlsOptions>, string][] = [
        [{ identity: identityOf(otherCa.client) }, { clientCa: caPem }, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
        [{}, { clientCa: caPem }, 'POST_HANDSHAKE_AUTH_NOT_OFFERED'],
      ];
      for (const [client, server, reason] of cases) {
        const sides = await sidesOf(server, client);
        const control = await controlConnection(sides, newBindings(sides));
        const reading = readExactly(control.client, GREETING.length);
        const error = await rejection(control.server.requestClientCertificate());
        expect(error)
          .to.be.instanceOf(CertificateError)
          .with.property('reason')
          .that.is.oneOf([reason, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']);
        await control.server.write(GREETING);
        expect((await reading).equals(GREETING)).to.equal(true);
        await endBoth(control);
      }
    });

    it('after the handshake: is no use without roots, under TLS 1.2, and on the wrong side', async () => {
      const { caPem, client } = await testCertificates();
      const identity = identityOf(client);
      const cases: readonly [Partial<ServerTlsOptions>, unknown][] = [
        [{}, ConfigError],
        [{ clientCa: caPem, versions: '1.2' }, HandshakeError],
      ];
      for (const [server, kind] of cases) {
        const sides = await sidesOf(server, { identity });
        const control = await controlConnection(sides, newBindings(sides));
        expect(await rejection(control.server.requestClientCertificate())).to.be.instanceOf(kind);
        expect(await rejection(control.client.requestClientCertificate())).to.be.instanceOf(ConfigError);
        expect(await rejection(control.client.issueTicket())).to.be.instanceOf(ConfigError);
        await endBoth(control);
      }
    });

    it('after the handshake: the request dies with the connection', async () => {
      const { caPem, client } = await testCertificates();
      const sides = await sidesOf({ clientCa: caPem }, { identity: identityOf(client) });
      const control = await controlConnection(sides, newBindings(sides));
      const asking = rejection(control.server.requestClientCertificate());
      control.client.destroy();
      expect(await asking).to.be.instanceOf(Error);
      control.server.destroy();
    });
  });

  it('chooses the identity by the name the client asks for, wildcards included; the first serves the others', async () => {
    const [first, wild, exact] = await Promise.all(
      [['localhost'], ['*.example.test'], ['ftp.example.org']].map(
        async (hosts) => new ServerIdentity(await developmentIdentity({ hosts })),
      ),
    );
    if (first === undefined || wild === undefined || exact === undefined) throw new Error('no identities');
    const sides = await sidesOf({ identities: [first, wild, exact] }, { dangerouslyAcceptAnyCertificate: true });
    const shown = async (host: string): Promise<string | undefined> => {
      const pair = await handshake(sides, newBindings(sides), 'control', { host });
      await endBoth(pair);
      return pair.client.handshake.peerCertificates[0]?.fingerprint256;
    };
    expect(await shown('a.example.test')).to.equal(wild.fingerprint256);
    expect(await shown('ftp.example.org')).to.equal(exact.fingerprint256);
    expect(await shown('a.b.example.test')).to.equal(first.fingerprint256);
    expect(await shown('192.0.2.1')).to.equal(first.fingerprint256);
  });

  it('updates keys on either side in the middle of a transfer', async () => {
    const sides = await sidesOf({ versions: '1.3' });
    const pair = await handshake(sides, newBindings(sides), 'data');
    const chunk = Buffer.alloc(100_000, 'key');
    const sending = (async () => {
      for (let n = 0; n < 10; n += 1) {
        await pair.client.updateKeys();
        await pair.client.write(chunk);
      }
      await pair.client.end();
    })();
    await pair.server.updateKeys();
    await pair.server.write(GREETING);
    expect((await readAll(pair.server)).equals(Buffer.concat(Array.from({ length: 10 }, () => chunk)))).to.equal(true);
    expect((await readExactly(pair.client, GREETING.length)).equals(GREETING)).to.equal(true);
    await sending;
    await pair.server.end();
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

  it('has no key update under TLS 1.2', async () => {
    const sides = await sidesOf({ versions: '1.2' });
    const pair = await handshake(sides, newBindings(sides), 'data');
    expect(await rejection(pair.client.updateKeys())).to.be.instanceOf(ConfigError);
    await endBoth(pair);
  });

  it('names the group on both sides', async () => {
    for (const group of ['X25519', 'P-256', 'P-384', 'P-521', 'X448'] as const) {
      for (const versions of ['1.2', '1.3'] as const) {
        const sides = await sidesOf({ groups: [group, 'P-256'], versions }, { groups: [group, 'P-256'] });
        const pair = await handshake(sides, newBindings(sides), 'control');
        expect([pair.client.handshake.group, pair.server.handshake.group]).to.deep.equal([group, group]);
        await endBoth(pair);
      }
    }
  });

  for (const [server, client] of [
    ['openssl', 'node'],
    ['node', 'openssl'],
  ] as const) {
    it(`binds with ${server} serving and ${client} as client`, async () => {
      const sides = {
        acceptor: (await engineSides(selectEngine(server))).acceptor,
        connector: (await engineSides(selectEngine(client))).connector,
      };
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      // node:tls sends its tickets behind the first bytes that are written.
      while (bindings.client.tickets.size === 0) await greet(control);
      for (let file = 0; file < 4; file += 1) {
        const data = await handshake(sides, bindings, 'data');
        expect(data.server.handshake.verdict, `file ${file}`).to.equal('bound');
        expect(data.client.handshake.resumed).to.equal(true);
        await endBoth(data);
      }
      await endBoth(control);
    });
  }

  it('refuses one read while another is under way', async () => {
    const sides = await sidesOf();
    const pair = await handshake(sides, newBindings(sides), 'data');
    const first = pair.client.read(Buffer.alloc(100));
    expect(await rejection(pair.client.read(Buffer.alloc(100)))).to.be.instanceOf(ConfigError);
    await pair.server.write(GREETING);
    expect(await first).to.equal(GREETING.length);
    await endBoth(pair);
  });

  it('may be destroyed by who is told of a ticket', async () => {
    const sides = await sidesOf({ loginTickets: 0 });
    const control = await controlConnection(sides, newBindings(sides));
    const reason = new Error('enough');
    control.client.onTicket(() => {
      control.client.destroy(reason);
    });
    const reading = rejection(control.client.read(Buffer.alloc(10)));
    await control.server.issueTicket();
    expect(await reading).to.equal(reason);
    control.server.destroy();
  });

  it('serves several threads at once, and outlives those that end', async () => {
    const url = new URL('../support/handshake-worker.mjs', import.meta.url);
    const work = async (): Promise<unknown> => {
      const worker = new Worker(url, { execArgv: [] });
      const [outcome] = (await once(worker, 'message')) as [unknown];
      await worker.terminate();
      return outcome;
    };
    const all = [...(await Promise.all([work(), work()])), await work()];
    const bound = Array.from({ length: 10 }, () => 'bound');
    for (const outcome of all) expect(outcome).to.deep.equal({ verdicts: bound, cameWhole: true });
    const sides = await sidesOf();
    await endBoth(await handshake(sides, newBindings(sides), 'control'));
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
