// What a client does while its connections suffer, and what must hold after each call, however that ends.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import {
  FtpsClient,
  FtpsError,
  TransferError,
  type FtpsClientOptions,
  type TransferResult,
  type VerifyMode,
} from '@ftps-kit/ftps-client';
import { collect } from './collect.js';
import type { SeededRandom } from './seeded-random.js';
import type { TestServer } from './test-server.js';

const LIMIT_MS = 20_000;
/** A storm whose place is reached late is waited for. */
const MOST_STEPS = 60;
/** So long a login may be at rest between two calls, milliseconds. */
const REST_MS = 60;

const timeouts = { connectMs: 2_000, tlsMs: 1_000, replyMs: 500, stallMs: 500, closeMs: 200 };
/** Waits for nothing between attempts. */
const retry = { attempts: 4, firstDelayMs: 1, maxDelayMs: 1 };

export interface WorkloadPlace {
  readonly server: TestServer;
  /** What logs in through the faults. */
  readonly options: FtpsClientOptions;
  /** A folder of this side. */
  readonly local: string;
  /** A name for a folder of the server's. */
  readonly remote: string;
  /** Whether the server writes into the files themselves, where half an upload shows and can be gone on with. */
  readonly isInPlace: boolean;
  /** Whether anything struck so far. */
  readonly wasStruck: () => boolean;
}

type Step = (place: WorkloadPlace, client: FtpsClient, random: SeededRandom, outcome: Outcome) => Promise<void>;

type Ended<T> = { readonly value: T; readonly error?: never } | { readonly error: FtpsError; readonly value?: never };

/** The result, or the typed error that the call rejected with; rejects for anything else, and for a hang. */
type Outcome = <T>(call: Promise<T>) => Promise<Ended<T>>;

/** How many calls of a workload ended in success, and how many in typed errors. */
export interface Tally {
  succeeded: number;
  failed: number;
}

/** Does some calls, each on a login that may have to be opened first, and checks what each of them left behind. */
export async function bearFaults(place: WorkloadPlace, random: SeededRandom, tally: Tally): Promise<void> {
  place.server.seed({ [`${place.remote}/fixed/a`]: 'a', [`${place.remote}/fixed/b/c`]: 'c' });
  mkdirSync(place.local, { recursive: true });
  const outcome = countedIn(tally);
  let client: FtpsClient | undefined;
  try {
    const count = 3 + random.below(3);
    const tls = { ...place.options.tls, ...(random.chance(0.2) && { versions: '1.2' as const }) };
    const preconnect = random.pick(['off', 'port', 'connection'] as const);
    for (let done = 0; done < count || (!place.wasStruck() && done < MOST_STEPS); done++) {
      const step = random.pick(STEPS);
      const options = { ...place.options, tls, preconnect, timeouts, reconnect: true };
      client ??= (await outcome(FtpsClient.connect(options))).value;
      // At rest the client asks for what the next call needs.
      if (preconnect !== 'off') await delay(random.below(REST_MS));
      if (client !== undefined) await step(place, client, random, outcome);
    }
  } finally {
    if (client !== undefined) await within(client.close());
  }
}

function countedIn(tally: Tally): Outcome {
  return async (call) => {
    try {
      const value = await within(call);
      tally.succeeded += 1;
      return { value };
    } catch (error) {
      if (!(error instanceof FtpsError)) throw error;
      tally.failed += 1;
      return { error };
    }
  };
}

async function within<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`a call hangs for longer than ${LIMIT_MS} ms`));
    }, LIMIT_MS);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

const tried = (random: SeededRandom) => (random.chance(0.7) ? { retry } : {});

/** Without a check it is the end of the data connection that tells. */
const checks: readonly VerifyMode[] = ['auto', 'size', 'none'];

const checked = (random: SeededRandom) => ({ verify: random.pick(checks), ...tried(random) });

/** A content that no other file of the run has: of any order of magnitude, and often of some flights. */
function content(random: SeededRandom): Buffer {
  return random.bytes(random.chance(0.5) ? random.magnitude(200_000) : 20_000 + random.below(180_000));
}

const list: Step = async ({ remote }, client, _random, outcome) => {
  const { value } = await outcome(collect(client.list(`/${remote}/fixed`)));
  expectListed(value?.map(({ name }) => name) ?? ['a', 'b'], ['a', 'b']);
};

const walk: Step = async ({ remote }, client, _random, outcome) => {
  const { value } = await outcome(collect(client.walk(`/${remote}/fixed`)));
  const all = ['a', 'b', 'b/c'];
  expectListed(value?.map(({ path }) => path) ?? all, all);
};

const download: Step = async ({ server, remote, local }, client, random, outcome) => {
  const [name, bytes] = [`down-${random.below(1e9)}`, content(random)];
  server.seed({ [`${remote}/${name}`]: bytes });
  const path = join(local, name);
  const wasThere = random.chance(0.5);
  if (wasThere) writeFileSync(path, 'before');
  const { value } = await outcome(client.download(`/${remote}/${name}`, path, checked(random)));
  if (value !== undefined) expectWhole(readFileSync(path), bytes, value);
  else if (wasThere) expect(readFileSync(path, 'utf8')).to.equal('before');
  else expect(existsSync(path)).to.equal(false);
  // Nothing half is left beside it.
  expect(besides(local, name)).to.deep.equal([]);
};

const resumedDownload: Step = async ({ server, remote, local }, client, random, outcome) => {
  const [name, bytes] = [`resumed-${random.below(1e9)}`, content(random)];
  server.seed({ [`${remote}/${name}`]: bytes });
  const path = join(local, name);
  for (let attempt = 0; attempt < 2; attempt++) {
    const call = client.download(`/${remote}/${name}`, path, { resume: true, ...checked(random) });
    const { value, error } = await outcome(call);
    if (value !== undefined) {
      expectWhole(readFileSync(path), bytes, undefined);
      return;
    }
    expect(existsSync(path)).to.equal(false);
    const kept = besides(local, name).map((part) => readFileSync(join(local, part)));
    for (const part of kept) expectPrefix(part, bytes);
    const safeBytes = error instanceof TransferError ? (error.safeBytes ?? 0) : 0;
    expect(Math.max(0, ...kept.map(({ length }) => length)), 'what is safe is kept').to.be.at.least(safeBytes);
  }
};

const streamedDownload: Step = async ({ server, remote }, client, random, outcome) => {
  const [name, bytes] = [`read-${random.below(1e9)}`, content(random)];
  server.seed({ [`${remote}/${name}`]: bytes });
  const { value } = await outcome(buffer(client.createReadStream(`/${remote}/${name}`, checked(random))));
  if (value !== undefined) expectWhole(value, bytes, undefined);
};

const upload: Step = async ({ server, remote, isInPlace }, client, random, outcome) => {
  const [name, bytes] = [`up-${random.below(1e9)}`, content(random)];
  const path = `${remote}/${name}`;
  const old = random.chance(0.5) ? Buffer.from('before') : undefined;
  if (old !== undefined) server.seed({ [path]: old });
  const atomic = random.chance(0.5);
  const { value } = await outcome(client.upload(bytes, `/${path}`, { atomic, ...checked(random) }));
  if (value !== undefined) expectWhole(server.bytes(path), bytes, value);
  else expectOldOrNew(remoteBytes(server, path), [old, bytes], !atomic && isInPlace);
};

const resumedUpload: Step = async ({ server, remote }, client, random, outcome) => {
  const [name, bytes] = [`upto-${random.below(1e9)}`, content(random)];
  const path = `${remote}/${name}`;
  for (let attempt = 0; attempt < 2; attempt++) {
    const { value } = await outcome(client.upload(bytes, `/${path}`, { resume: true, ...checked(random) }));
    const now = remoteBytes(server, path);
    if (value !== undefined) {
      expectWhole(server.bytes(path), bytes, undefined);
      return;
    }
    if (now !== undefined) expectPrefix(now, bytes);
  }
};

const streamedUpload: Step = async ({ server, remote, isInPlace }, client, random, outcome) => {
  const [name, bytes] = [`write-${random.below(1e9)}`, content(random)];
  const path = `${remote}/${name}`;
  const pieces = [bytes.subarray(0, bytes.length / 3), bytes.subarray(bytes.length / 3)];
  const sink = client.createWriteStream(`/${path}`, checked(random));
  const { value } = await outcome(pipeline(Readable.from(pieces), sink).then(() => true));
  if (value === true) expectWhole(server.bytes(path), bytes, undefined);
  else expectOldOrNew(remoteBytes(server, path), [undefined, bytes], isInPlace);
};

const makeFolders: Step = async ({ server, remote }, client, random, outcome) => {
  const path = `${remote}/made-${random.below(1e9)}/b/c`;
  const { value } = await outcome(client.mkdir(`/${path}`, { recursive: true }).then(() => true));
  if (value === true) expect(statSync(join(server.root, path)).isDirectory()).to.equal(true);
};

const hash: Step = async ({ remote }, client, _random, outcome) => {
  const { value } = await outcome(client.hash(`/${remote}/fixed/a`, { algorithm: 'SHA-256' }));
  if (value !== undefined) expect(value.value).to.equal(createHash('sha256').update('a').digest('hex'));
};

const setModified: Step = async ({ server, remote }, client, random, outcome) => {
  const path = `${remote}/timed-${random.below(1e9)}`;
  server.seed({ [path]: 'x' });
  const time = new Date(1_000_000_000_000 + random.below(1e6) * 1_000);
  const { value } = await outcome(client.setModified(`/${path}`, time).then(() => true));
  if (value === true) expect(statSync(join(server.root, path)).mtimeMs).to.equal(time.getTime());
};

const remove: Step = async ({ server, remote }, client, random, outcome) => {
  const path = `${remote}/gone-${random.below(1e9)}`;
  server.seed({ [path]: 'x' });
  await outcome(client.remove(`/${path}`));
  expectOldOrNew(remoteBytes(server, path), [undefined, Buffer.from('x')], false);
};

const removeTree: Step = async ({ server, remote }, client, random, outcome) => {
  const path = `${remote}/tree-${random.below(1e9)}`;
  server.seed({ [`${path}/a/b`]: 'x', [`${path}/c`]: 'x' });
  const { value } = await outcome(client.removeDirectory(`/${path}`, { recursive: true }).then(() => true));
  if (value === true) expect(existsSync(join(server.root, path))).to.equal(false);
};

const rename: Step = async ({ server, remote }, client, random, outcome) => {
  const path = `${remote}/name-${random.below(1e9)}`;
  server.seed({ [path]: 'x' });
  const { value } = await outcome(client.rename(`/${path}`, `/${path}-new`).then(() => true));
  const [before, after] = [remoteBytes(server, path), remoteBytes(server, `${path}-new`)];
  expect([before, after].filter((bytes) => bytes !== undefined)).to.have.length(1);
  if (value === true) expect(after?.toString()).to.equal('x');
};

const STEPS: readonly Step[] = [
  ...[list, walk, remove, removeTree, rename, makeFolders, hash, setModified],
  ...[download, download, resumedDownload, resumedDownload, streamedDownload],
  ...[upload, upload, resumedUpload, resumedUpload, streamedUpload],
];

function remoteBytes(server: TestServer, path: string): Buffer | undefined {
  return existsSync(join(server.root, path)) ? server.bytes(path) : undefined;
}

function expectWhole(actual: Buffer, expected: Buffer, result: TransferResult | undefined): void {
  expect(actual.equals(expected), `${actual.length} bytes are the ${expected.length} that were sent`).to.equal(true);
  if (result !== undefined) expect(result.sizeBytes).to.equal(expected.length);
}

function expectListed(names: readonly string[], all: readonly string[]): void {
  expect([...names].sort()).to.deep.equal(all);
}

function expectPrefix(actual: Buffer, whole: Buffer): void {
  expect(whole.subarray(0, actual.length).equals(actual), `${actual.length} bytes are the file's first`).to.equal(true);
}

/** Half of it may be there on a server that writes in place. */
function expectOldOrNew(
  actual: Buffer | undefined,
  [old, fresh]: readonly [Buffer | undefined, Buffer],
  mayBeHalf: boolean,
): void {
  const isOld = old === undefined ? actual === undefined : actual?.equals(old) === true;
  const isNew = actual?.equals(fresh) === true;
  const isHalf = mayBeHalf && actual !== undefined && fresh.subarray(0, actual.length).equals(actual);
  const what = `what is there (${actual?.length ?? 'no'} bytes) is the old file or the new one`;
  expect(isOld || isNew || isHalf, what).to.equal(true);
}

/** Names of what a download left beside its target. */
function besides(local: string, name: string): readonly string[] {
  return readdirSync(local).filter((other) => other.includes(name) && other !== name);
}
