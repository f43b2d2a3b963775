// What a client does while its connections suffer, and what must hold after each call, however that ends.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsClient, FtpsError, type FtpsClientOptions, type TransferResult } from '@ftps-kit/ftps-client';
import { collect } from './collect.js';
import type { SeededRandom } from './seeded-random.js';
import type { TestServer } from './test-server.js';

const LIMIT_MS = 20_000;
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
}

type Step = (place: WorkloadPlace, client: FtpsClient, random: SeededRandom, outcome: Outcome) => Promise<void>;

/** The result, or undefined where the call rejected with a typed error; rejects for anything else, and for a hang. */
type Outcome = <T>(call: Promise<T>) => Promise<T | undefined>;

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
    for (let count = 3 + random.below(3); count > 0; count--) {
      const step = random.pick(STEPS);
      client ??= await outcome(FtpsClient.connect({ ...place.options, timeouts, reconnect: true }));
      if (client !== undefined) await step(place, client, random, outcome);
    }
  } finally {
    if (client !== undefined) await within(client.close());
  }
}

function countedIn(tally: Tally): Outcome {
  return async (call) => {
    try {
      const result = await within(call);
      tally.succeeded += 1;
      return result;
    } catch (error) {
      if (!(error instanceof FtpsError)) throw error;
      tally.failed += 1;
      return undefined;
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

/** A content that no other file of the run has. */
function content(random: SeededRandom): Buffer {
  return random.bytes(random.magnitude(200_000));
}

const list: Step = async ({ remote }, client, _random, outcome) => {
  const entries = await outcome(collect(client.list(`/${remote}/fixed`)));
  if (entries !== undefined) expect(entries.map(({ name }) => name).sort()).to.deep.equal(['a', 'b']);
};

const walk: Step = async ({ remote }, client, _random, outcome) => {
  const entries = await outcome(collect(client.walk(`/${remote}/fixed`)));
  if (entries !== undefined) expect(entries.map(({ path }) => path).sort()).to.deep.equal(['a', 'b', 'b/c']);
};

const download: Step = async ({ server, remote, local }, client, random, outcome) => {
  const [name, bytes] = [`down-${random.below(1e9)}`, content(random)];
  server.seed({ [`${remote}/${name}`]: bytes });
  const path = join(local, name);
  const wasThere = random.chance(0.5);
  if (wasThere) writeFileSync(path, 'before');
  const result = await outcome(client.download(`/${remote}/${name}`, path, tried(random)));
  if (result !== undefined) expectWhole(readFileSync(path), bytes, result);
  else if (wasThere) expect(readFileSync(path, 'utf8')).to.equal('before');
  else expect(existsSync(path)).to.equal(false);
  // Nothing half is left beside it.
  expect(readdirSync(local).filter((other) => other.includes(name) && other !== name)).to.deep.equal([]);
};

const resumedDownload: Step = async ({ server, remote, local }, client, random, outcome) => {
  const [name, bytes] = [`resumed-${random.below(1e9)}`, content(random)];
  server.seed({ [`${remote}/${name}`]: bytes });
  const path = join(local, name);
  for (let attempt = 0; attempt < 2; attempt++) {
    const result = await outcome(client.download(`/${remote}/${name}`, path, { resume: true, ...tried(random) }));
    if (result === undefined) expect(existsSync(path)).to.equal(false);
    else expectWhole(readFileSync(path), bytes, undefined);
    if (result !== undefined) return;
  }
};

const upload: Step = async ({ server, remote }, client, random, outcome) => {
  const [name, bytes] = [`up-${random.below(1e9)}`, content(random)];
  const path = `${remote}/${name}`;
  const old = random.chance(0.5) ? Buffer.from('before') : undefined;
  if (old !== undefined) server.seed({ [path]: old });
  const atomic = random.chance(0.5);
  const result = await outcome(client.upload(bytes, `/${path}`, { atomic, ...tried(random) }));
  if (result !== undefined) expectWhole(server.bytes(path), bytes, result);
  else expectOneOf(remoteBytes(server, path), [old, bytes]);
};

const resumedUpload: Step = async ({ server, remote }, client, random, outcome) => {
  const [name, bytes] = [`upto-${random.below(1e9)}`, content(random)];
  const path = `${remote}/${name}`;
  for (let attempt = 0; attempt < 2; attempt++) {
    const result = await outcome(client.upload(bytes, `/${path}`, { resume: true, ...tried(random) }));
    const now = remoteBytes(server, path);
    if (result !== undefined) {
      expectWhole(server.bytes(path), bytes, undefined);
      return;
    }
    if (now !== undefined) expect(bytes.subarray(0, now.length).equals(now), 'a prefix of it').to.equal(true);
  }
};

const remove: Step = async ({ server, remote }, client, random, outcome) => {
  const path = `${remote}/gone-${random.below(1e9)}`;
  server.seed({ [path]: 'x' });
  await outcome(client.remove(`/${path}`));
  expectOneOf(remoteBytes(server, path), [undefined, Buffer.from('x')]);
};

const removeTree: Step = async ({ server, remote }, client, random, outcome) => {
  const path = `${remote}/tree-${random.below(1e9)}`;
  server.seed({ [`${path}/a/b`]: 'x', [`${path}/c`]: 'x' });
  const done = await outcome(client.removeDirectory(`/${path}`, { recursive: true }).then(() => true));
  if (done === true) expect(existsSync(join(server.root, path))).to.equal(false);
};

const rename: Step = async ({ server, remote }, client, random, outcome) => {
  const path = `${remote}/name-${random.below(1e9)}`;
  server.seed({ [path]: 'x' });
  const done = await outcome(client.rename(`/${path}`, `/${path}-new`).then(() => true));
  const [before, after] = [remoteBytes(server, path), remoteBytes(server, `${path}-new`)];
  expect([before, after].filter((bytes) => bytes !== undefined)).to.have.length(1);
  if (done === true) expect(after?.toString()).to.equal('x');
};

const STEPS: readonly Step[] = [
  ...[list, walk, remove, removeTree, rename],
  ...[download, download, resumedDownload, resumedDownload],
  ...[upload, upload, resumedUpload, resumedUpload],
];

function remoteBytes(server: TestServer, path: string): Buffer | undefined {
  return existsSync(join(server.root, path)) ? server.bytes(path) : undefined;
}

function expectWhole(actual: Buffer, expected: Buffer, result: TransferResult | undefined): void {
  expect(actual.equals(expected), `${actual.length} bytes are the ${expected.length} that were sent`).to.equal(true);
  if (result !== undefined) expect(result.sizeBytes).to.equal(expected.length);
}

function expectOneOf(actual: Buffer | undefined, allowed: readonly (Buffer | undefined)[]): void {
  const found = allowed.some((bytes) => (bytes === undefined ? actual === undefined : actual?.equals(bytes) === true));
  expect(found, `what is there (${actual?.length ?? 'no'} bytes) is the old file or the new one`).to.equal(true);
}
