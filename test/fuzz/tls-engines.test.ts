// Damage anywhere in a TLS connection: typed errors on both sides, never wrong bytes, a crash, a hang or an untyped error.
import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
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
    // Nothing that was damaged gets through; a beginning may, and is never taken for all of it.
    expect(read.equals(error === undefined ? SENT : SENT.subarray(0, read.length))).to.equal(true);
  }
}

/** What comes of a handshake with a peer that says `bytes`, whatever it is told, and ends. */
async function hear(sides: EngineSides, side: 'client' | 'server', bytes: Uint8Array): Promise<unknown> {
  const tcp = await tcpPair();
  const [ours, theirs] = side === 'client' ? [tcp.client, tcp.server] : [tcp.server, tcp.client];
  const bindings = newBindings(sides);
  const options = { role: 'control', timeoutMs: 5_000 } as const;
  const opening =
    side === 'client'
      ? sides.connector.connect(ours, { ...options, host: 'localhost', binding: bindings.client })
      : sides.acceptor.accept(ours, { ...options, binding: bindings.server });
  const outcome = opening.catch((error: unknown) => error);
  await theirs.write(bytes).catch(() => undefined);
  await theirs.end().catch(() => undefined);
  const came = await inTime(outcome);
  theirs.destroy();
  return came;
}

/** What `record-captures.ts` recorded of OpenSSL, GnuTLS, Python and curl. */
async function capturesTo(side: 'client' | 'server'): Promise<readonly Buffer[]> {
  const folder = new URL('captures/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith(`.to-${side}.bin`)).sort();
  return Promise.all(names.map((name) => readFile(new URL(name, folder))));
}

/** One change to recorded bytes, at a place given as a share of their length. */
interface Edit {
  readonly at: number;
  readonly kind: 'overwrite' | 'insert' | 'drop' | 'cut' | 'repeat';
  readonly bytes: Uint8Array;
}

const edits: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('overwrite', 'insert', 'drop', 'cut', 'repeat'),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }),
});

function edit(capture: Buffer, { at, kind, bytes }: Edit): Buffer {
  const place = Math.floor(at * capture.length);
  const before = capture.subarray(0, place);
  const after = capture.subarray(place);
  switch (kind) {
    case 'overwrite':
      return Buffer.concat([before, bytes, after.subarray(bytes.length)]);
    case 'insert':
      return Buffer.concat([before, bytes, after]);
    case 'drop':
      return Buffer.concat([before, after.subarray(bytes.length)]);
    case 'cut':
      return before;
    case 'repeat':
      return Buffer.concat([before, after, after]);
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
            expect(await hear(sides, side, Buffer.concat(messages))).to.be.instanceOf(FtpsError);
          }),
          { numRuns: RUNS * 5 },
        );
      });

      it(`has a typed error for what real ${side === 'client' ? 'servers' : 'clients'} said to others, damaged here and there`, async function () {
        this.timeout(120_000 + RUNS * 500);
        const sides = await engineSides(engine);
        const captures = await capturesTo(side);
        for (const capture of captures) expect(await hear(sides, side, capture)).to.be.instanceOf(FtpsError);
        await fc.assert(
          fc.asyncProperty(fc.constantFrom(...captures), fc.array(edits, { maxLength: 4 }), async (capture, made) => {
            expect(await hear(sides, side, made.reduce(edit, capture))).to.be.instanceOf(FtpsError);
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
