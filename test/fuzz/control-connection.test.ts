// Anything at all on the control connection, cut anywhere, in clear and under TLS: replies, and never an end without one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'chai';
import { LineFramer, limits } from '@ftps-kit/ftp-protocol';
import type { FaultEvent } from '@ftps-kit/ftps-server';
import { withDeadline } from '@ftps-kit/tls-core';
import { commandTable } from '../../packages/ftps-server/src/command-table.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

/** How long it takes; FTPS_FUZZ_SECONDS makes it longer. */
const SECONDS = Number(process.env['FTPS_FUZZ_SECONDS'] ?? 5);

/** Connections at a time. */
const PARALLEL = 6;

/** How far a client has come when the nonsense begins. */
type Stage = 'clear' | 'secured' | 'logged in';

/** Codes behind which a control connection may end: it was told so, or it is TLS's turn. */
const LAST_CODES = [421, 221, 234, 220];

const verb = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...commandTable.keys()) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('SITE CHMOD', 'SITE UTIME', 'SITE HELP', 'OPTS MLST', 'OPTS HASH', 'OPTS UTF8'),
  },
  { weight: 1, arbitrary: fc.constantFrom('GET', 'RE TR', 'XXXX', '', 'a'.repeat(40), 'ADAT', 'MIC') },
);

const meaningful = fc.constantFrom(
  ...[
    'alice',
    'opensesame',
    'a.txt',
    'folder',
    '/',
    '..',
    '.',
    '*',
    '-laR',
    'I',
    'A',
    'L 8',
    'E',
    'S',
    'B',
    'F',
    'P',
    'C',
    '0',
    'TLS',
  ],
  ...[
    'ALL',
    '1',
    '2',
    '3',
    '|1|127.0.0.1|2570|',
    '|2|::1|2570|',
    '127,0,0,1,10,10',
    '9007199254740993',
    '18446744073709551616',
  ],
  ...[
    '20240229235958 a.txt',
    'modify=20240229235958; a.txt',
    'type;size;',
    'SHA-256',
    '1 5',
    '644 a.txt',
    'ON',
    'localhost',
    '[::1]',
  ],
);

const argument = fc.oneof(
  { weight: 3, arbitrary: meaningful.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.nat(limits.maxCommandLineBytes * 3).map((length) => Buffer.alloc(length, 'x/')) },
);

const TELNET = Buffer.from([0xff, 0xf4, 0xff, 0xf2]);

const line = fc
  .record({
    verb,
    argument: fc.option(argument),
    end: fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', ''),
    telnet: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ telnet, verb: name, argument: behind, end }) =>
    Buffer.concat([
      ...(telnet === 0 ? [TELNET] : []),
      Buffer.from(name),
      ...(behind === null ? [] : [Buffer.from(' '), behind]),
      Buffer.from(end),
    ]),
  );

interface Damage {
  readonly at: number;
  readonly drop: number;
  readonly insert: Uint8Array;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  at: fc.nat(),
  drop: fc.nat(4),
  insert: fc.uint8Array({ maxLength: 4 }),
});

const conversation = fc.record({
  stage: fc.constantFrom<Stage>('clear', 'secured', 'logged in', 'logged in'),
  lines: fc.array(line, { minLength: 1, maxLength: 12 }),
  damages: fc.array(damage, { maxLength: 2 }),
  cuts: fc.array(fc.nat(), { maxLength: 6 }),
});

function damaged(bytes: Buffer, { at, drop, insert }: Damage): Buffer {
  const from = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + drop)]);
}

function pieces(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((one, other) => one - other), bytes.length];
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
}

/** How many commands are in it, overlong lines included. */
function countLines(bytes: Buffer): number {
  const framer = new LineFramer({ maxLineBytes: limits.maxCommandLineBytes });
  framer.push(bytes);
  let count = 0;
  while (framer.next() !== undefined) count += 1;
  return count;
}

async function openAt(stage: Stage, server: TestServer): Promise<RawFtpClient> {
  if (stage === 'logged in') return RawFtpClient.loggedIn(server);
  if (stage === 'secured') return RawFtpClient.secured(server);
  const client = await RawFtpClient.connect(server);
  await client.reply();
  return client;
}

/** Sends all of it, ends this side, and gives the codes of all replies, and why there are no more. */
async function converse(client: RawFtpClient, stage: Stage, sent: readonly Buffer[]) {
  const codes: number[] = [];
  const hearing = (async () => {
    for (;;) codes.push((await client.reply()).code);
  })().catch((error: unknown) => error);
  try {
    for (const piece of sent) if (piece.length > 0) await client.send(piece);
    if (stage === 'clear') client.socket.end();
    else await client.tls.end();
  } catch {
    // The server has ended the connection; what it said first is what counts.
  }
  return { codes, ending: await hearing };
}

describe('whatever comes on the control connection,', () => {
  let server: TestServer;
  let folder: string;
  const faults: FaultEvent[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ftps-kit-fuzz-'));
    server = await TestServer.start({
      authenticate: () => ({ name: 'anybody', root: folder }),
      // A handshake of a client that is there may take long on a machine that is busy.
      limits: { dataConnectTimeoutMs: 20, tlsTimeoutMs: 20_000 },
    });
    server.server.on('fault', (fault) => faults.push(fault));
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`every command is answered, for ${SECONDS} s, ${PARALLEL} connections at a time`, async function () {
    this.timeout(SECONDS * 1000 + 120_000);
    const property = fc.asyncProperty(conversation, async ({ stage, lines, damages, cuts }) => {
      const bytes = damages.reduce(damaged, Buffer.concat(lines));
      await using client = await openAt(stage, server);
      const work = converse(client, stage, pieces(bytes, cuts));
      const { codes, ending } = await withDeadline('command', { timeoutMs: 30_000 }, work, () => {
        client.destroy();
      });
      const finals = codes.filter((code) => code >= 200);
      const told = LAST_CODES.includes(finals.at(-1) ?? 0);
      if (!told) {
        expect(finals).to.have.length(countLines(bytes));
        expect(ending).to.have.property('message', 'the server ended the control connection');
      }
      expect(ending).not.to.have.property('code', 'FTPS_ERR_GRAMMAR');
      expect(faults).to.deep.equal([]);
    });
    const budget = { interruptAfterTimeLimit: SECONDS * 1000, numRuns: Number.MAX_SAFE_INTEGER };
    await Promise.all(Array.from({ length: PARALLEL }, () => fc.assert(property, budget)));
    await using client = await RawFtpClient.loggedIn(server);
    await client.expect(257, 'PWD');
  });
});
