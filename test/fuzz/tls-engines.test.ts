// Damage anywhere in a TLS connection: typed errors on both sides, never wrong bytes, a crash, a hang or an untyped error.
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { expect } from 'chai';
import {
  FtpsError,
  availableEngines,
  withDeadline,
  type ByteChannel,
  type SocketChannel,
  type TlsChannel,
  type TlsEngine,
} from '@ftps-kit/tls-core';
import { engineSides, newBindings, type EngineSides } from '../compliance/tls-engine.js';
import { damagedPair, type Mutation } from '../support/mutating-relay.js';
import { tcpPair } from '../support/tcp-pair.js';

/** Damaged connections an engine and direction; FTPS_FUZZ_RUNS makes it longer. */
const RUNS = Number(process.env['FTPS_FUZZ_RUNS'] ?? 60);

/** What each side sends to the other: several records. */
const SENT = randomBytes(40_000);

const mutations = (reachBytes: number): fc.Arbitrary<Mutation> =>
  fc.record({
    direction: fc.constantFrom('to server' as const, 'to client' as const),
    at: fc.nat(reachBytes),
    kind: fc.constantFrom('flip', 'overwrite', 'insert', 'drop', 'repeat', 'cut', 'reset'),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
  });

/** How one side of a damaged connection ended. */
interface Ended {
  /** What it read, as far as it came. */
  readonly read: Buffer;
  readonly error: unknown;
}

/** Handshakes, sends, ends, and reads what comes. */
async function converse(open: () => Promise<TlsChannel>, transport: SocketChannel): Promise<Ended> {
  const chunks: Buffer[] = [];
  const ended = (error: unknown): Ended => ({ read: Buffer.concat(chunks), error });
  let channel: ByteChannel = transport;
  try {
    channel = await open();
    const sending = channel.write(SENT).then(() => channel.end());
    sending.catch(() => undefined);
    const into = Buffer.alloc(16_384);
    for (let count; (count = await channel.read(into)) > 0;) chunks.push(Buffer.from(into.subarray(0, count)));
    // As a server does: node:tls may hold a write for ever once the peer has ended with an alert.
    await withDeadline('reply', { timeoutMs: 500 }, sending, () => {
      channel.destroy();
    });
    return ended(undefined);
  } catch (error) {
    return ended(error);
  } finally {
    channel.destroy();
  }
}

async function survives(
  sides: EngineSides,
  { client, server }: Record<'client' | 'server', SocketChannel>,
): Promise<void> {
  const bindings = newBindings(sides);
  const options = { role: 'control', timeoutMs: 5_000 } as const;
  const ends = await Promise.all([
    converse(
      () => sides.connector.connect(client, { ...options, host: 'localhost', binding: bindings.client }),
      client,
    ),
    converse(() => sides.acceptor.accept(server, { ...options, binding: bindings.server }), server),
  ]);
  for (const { read, error } of ends) {
    if (error !== undefined) expect(error).to.be.instanceOf(FtpsError);
    // Nothing that was damaged gets through; a beginning may.
    expect(read.equals(SENT.subarray(0, read.length))).to.equal(true);
  }
}

/** A hang is a failure of its own, so that fast-check can tell what hangs. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const patience = new AbortController();
  const hang = setTimeout(20_000, undefined, { signal: patience.signal }).then(() => {
    throw new Error('nothing happens any more');
  });
  try {
    return await Promise.race([work, hang]);
  } finally {
    patience.abort();
    hang.catch(() => undefined);
  }
}

function fuzz(engine: TlsEngine): void {
  describe(`the ${engine.name} engine`, () => {
    for (const versions of ['1.3', '1.2'] as const) {
      for (const [place, reachBytes] of [
        ['the handshake', 2_000],
        ['the records behind it', 42_000],
      ] as const) {
        it(`has typed errors for damage in ${place}, TLS ${versions}`, async function () {
          this.timeout(120_000 + RUNS * 500);
          const sides = await engineSides(engine, { versions }, { versions });
          await fc.assert(
            fc.asyncProperty(mutations(reachBytes), async (mutation) => {
              await using pair = await damagedPair(mutation);
              await inTime(survives(sides, pair));
            }),
            { numRuns: RUNS },
          );
        });
      }
    }

    for (const side of ['client', 'server'] as const) {
      it(`has a typed error for a ${side === 'client' ? 'server' : 'client'} that sends anything at all`, async function () {
        this.timeout(120_000 + RUNS * 500);
        const sides = await engineSides(engine);
        const anything = fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 4_096 }),
          // The head of a record, so that more of it is looked at (RFC 8446 §5.1).
          fc
            .tuple(fc.constantFrom(20, 21, 22, 23), fc.uint8Array({ minLength: 0, maxLength: 4_096 }))
            .map(([type, body]) =>
              Buffer.concat([Buffer.from([type, 3, 3, body.length >> 8, body.length & 255]), body]),
            ),
        );
        await fc.assert(
          fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 4 }), async (messages) => {
            const tcp = await tcpPair();
            const [ours, theirs] = side === 'client' ? [tcp.client, tcp.server] : [tcp.server, tcp.client];
            const bindings = newBindings(sides);
            const options = { role: 'control', timeoutMs: 5_000 } as const;
            const opening =
              side === 'client'
                ? sides.connector.connect(ours, { ...options, host: 'localhost', binding: bindings.client })
                : sides.acceptor.accept(ours, { ...options, binding: bindings.server });
            const outcome = opening.catch((error: unknown) => error);
            await theirs.write(Buffer.concat(messages)).catch(() => undefined);
            await theirs.end().catch(() => undefined);
            expect(await inTime(outcome)).to.be.instanceOf(FtpsError);
            theirs.destroy();
          }),
          { numRuns: RUNS * 5 },
        );
      });
    }
  });
}

describe('whatever comes over the wire,', () => {
  for (const engine of availableEngines()) fuzz(engine);
});
