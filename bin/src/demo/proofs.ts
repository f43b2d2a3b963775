// The demonstration itself: what is done, and what both sides say about it.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FtpsClient, NotResumedError, type FtpsClientOptions, type TransferResult } from '@ftps-kit/ftps-client';
import { createFtpsServer, fixedAccounts, type FtpsServer, type TransferEvent } from '@ftps-kit/ftps-server';
import {
  developmentIdentity,
  type BindingVerdict,
  type HandshakeSummary,
  type TlsEngine,
  type TlsVersions,
} from '@ftps-kit/tls-core';
import { thieving, watched } from './stolen-tickets.js';

/** One connection of the demonstration, from both sides. */
export interface Proof {
  readonly connection: string;
  readonly bytes: number;
  readonly durationMs: number;
  readonly client: HandshakeSummary;
  /** The server's verdict; undefined for the control connection, which others are bound to. */
  readonly verdict: BindingVerdict | undefined;
  /** Whether SHA-256 before and after are the same; undefined where nothing was to compare. */
  readonly intact: boolean | undefined;
}

/** What became of the data connection that presented another login's ticket. */
export interface Theft {
  readonly refused: boolean;
  readonly reply: string;
  readonly verdict: BindingVerdict | undefined;
}

export interface Demonstration {
  readonly engine: string;
  readonly address: string;
  readonly proofs: readonly Proof[];
  readonly theft: Theft;
}

/** Files that are moved, by name and size in bytes. */
const FILES = [
  ['letter.txt', 1_234],
  ['photo.bin', 4_000_000],
  ['backup.bin', 100_000_000],
] as const;

/** Serves a folder on loopback and moves files both ways; everything made for it is gone afterwards. */
export async function demonstrate(
  engine: TlsEngine,
  versions: TlsVersions,
  signal: AbortSignal,
): Promise<Demonstration> {
  const folder = await mkdtemp(join(tmpdir(), 'ftps-demo-'));
  try {
    const root = join(folder, 'served');
    await mkdir(root);
    const identity = await developmentIdentity();
    const password = randomBytes(12).toString('base64url');
    await using server = createFtpsServer({
      tls: { ...identity, versions },
      engine,
      authenticate: fixedAccounts([{ name: 'demo', password, root }]),
    });
    const [address] = await server.listen();
    if (address === undefined) throw new Error('the server listens nowhere');
    const login: FtpsClientOptions = {
      host: '127.0.0.1',
      port: address.port,
      user: 'demo',
      password,
      tls: { ca: identity.cert, versions },
      engine,
      signal,
    };
    const own = watched(engine);
    await using client = await FtpsClient.connect({ ...login, engine: own.engine });
    const proofs = [controlProof(client), ...(await moveFiles(client, server, folder, signal))];
    const theft = await steal({ ...login, engine: thieving(engine, own.binding()) }, server);
    return { engine: engine.description, address: `${address.address}:${address.port}`, proofs, theft };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function controlProof({ handshake }: FtpsClient): Proof {
  if (handshake === undefined) throw new Error('the control connection had no TLS');
  return { connection: 'control', bytes: 0, durationMs: 0, client: handshake, verdict: undefined, intact: undefined };
}

async function moveFiles(
  client: FtpsClient,
  server: FtpsServer,
  folder: string,
  signal: AbortSignal,
): Promise<readonly Proof[]> {
  const proofs: Proof[] = [];
  for (const [name, bytes] of FILES) {
    const original = join(folder, name);
    const returned = join(folder, `returned-${name}`);
    await writeRandomFile(original, bytes);
    const [uploaded, up] = await observed(server, client.upload(original, name, { signal }));
    const [downloaded, down] = await observed(server, client.download(name, returned, { signal }));
    const intact = (await sha256(original)) === (await sha256(returned));
    proofs.push(proofOf(`upload ${name}`, uploaded, up, intact), proofOf(`download ${name}`, downloaded, down, intact));
  }
  return proofs;
}

/** A transfer, with what the server says of it. */
async function observed(
  server: FtpsServer,
  transfer: Promise<TransferResult>,
): Promise<readonly [TransferResult, TransferEvent]> {
  const event = once(server, 'transfer') as Promise<[TransferEvent]>;
  const [result, [seen]] = await Promise.all([transfer, event]);
  return [result, seen];
}

function proofOf(connection: string, result: TransferResult, seen: TransferEvent, intact: boolean): Proof {
  if (result.handshake === undefined) throw new Error(`${connection}: the data connection had no TLS`);
  const { bytes, durationMs, handshake } = result;
  return { connection, bytes, durationMs, client: handshake, verdict: seen.verdict, intact };
}

/** Logs in a second time, and presents the first login's ticket on a data connection. */
async function steal(options: FtpsClientOptions, server: FtpsServer): Promise<Theft> {
  await using thief = await FtpsClient.connect(options);
  const event = once(server, 'transfer') as Promise<[TransferEvent]>;
  const refusal = await thief.upload(Buffer.from('stolen'), 'stolen.txt').then(
    () => undefined,
    (error: unknown) => error,
  );
  const [{ verdict, replyCode }] = await event;
  // The login lives on after the refusal.
  await thief.raw('NOOP');
  return { refused: refusal instanceof NotResumedError && replyCode === 522, reply: String(replyCode), verdict };
}

async function writeRandomFile(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (let left = bytes; left > 0; left -= 1_000_000) await file.write(randomBytes(Math.min(left, 1_000_000)));
  } finally {
    await file.close();
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
