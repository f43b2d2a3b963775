// Two downloads to one local path at a time: each whole, or refused at once, and no byte of one in the file of the other.
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { link, readFile, readdir, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  FtpsClient,
  FtpsPool,
  LocalFileError,
  leftBehind,
  type DownloadOptions,
  type FtpsClientOptions,
} from '@ftps-kit/ftps-client';
import { HASHING_FEATURES, FaultyServer, withFaultyServer, type Fault } from '../../../support/faulty-server.js';
import { killAmid } from '../../../support/killed-transfer.js';
import { ownOptions } from '../../../support/own-client.js';
import { rejection } from '../../../support/rejection.js';
import { requireHere } from '../../../support/requirement.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';
import { TestServer } from '../../../support/test-server.js';

const content = randomBytes(200_000);
const other = randomBytes(200_000);
const KEPT_BYTES = 50_000;

/** Holds the first RETR after so many bytes, until it is let go of. */
class HeldDownload {
  readonly begun: Promise<void>;
  #begin: () => void = () => undefined;
  #letGo: () => void = () => undefined;

  readonly #released: Promise<void>;

  constructor() {
    this.begun = new Promise((resolve) => (this.#begin = resolve));
    this.#released = new Promise((resolve) => (this.#letGo = resolve));
  }

  letGo(): void {
    this.#letGo();
  }

  readonly fault: Fault = async ({ verb, count, argument, peer, data, offset }, server) => {
    if (verb !== 'RETR' || count > 1 || data === undefined) return false;
    const bytes = server.bytes(argument) ?? Buffer.alloc(0);
    await peer.say('150 here it comes\r\n');
    const channel = await data.channel();
    await channel.write(bytes.subarray(offset, offset + KEPT_BYTES));
    this.#begin();
    await this.#released;
    try {
      await channel.write(bytes.subarray(offset + KEPT_BYTES));
      await channel.end();
      await channel.read(Buffer.alloc(1));
    } catch {
      // The client broke it off, or ended it first.
    }
    channel.destroy();
    await peer.say('226 done\r\n');
    return true;
  };
}

/** Downloads `a`, and does something while that is under way. */
async function meanwhile(
  { options, before }: { options: DownloadOptions; before?: (path: string) => Promise<void> },
  work: (seen: {
    readonly options: FtpsClientOptions;
    readonly server: FaultyServer;
    readonly folder: string;
    readonly path: string;
    readonly first: ReturnType<FtpsClient['download']>;
    readonly held: HeldDownload;
  }) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'local');
    await before?.(path);
    const held = new HeldDownload();
    await using server = await FaultyServer.start({ fault: held.fault });
    server.put('a', content);
    server.put('b', other);
    const clientOptions = await server.options();
    await using client = await FtpsClient.connect(clientOptions);
    const first = client.download('a', path, options);
    first.catch(() => undefined);
    try {
      await held.begun;
      await work({ options: clientOptions, server, folder, path, first, held });
    } finally {
      held.letGo();
      await first.catch(() => undefined);
    }
  });
}

function expectBusy(error: unknown, path: string): void {
  expect(error).to.be.instanceOf(LocalFileError).and.include({ path });
  expect((error as Error).message).to.match(/^cannot write .+: another download is writing .+; wait for its end$/);
  expect((error as Error).cause).to.include({ code: 'EBUSY' });
  expect(leftBehind(error)).to.equal(undefined);
}

describe('a second download to one path, while the first is under way,', () => {
  for (const resume of [true, 'in-place'] as const) {
    it(`is refused at once where both have resume: ${resume}, and not tried again`, async () => {
      await meanwhile({ options: { resume } }, async ({ options, path, folder, first, held, server }) => {
        await using client = await FtpsClient.connect(options);
        const retry = { attempts: 3, wait: () => Promise.resolve() };
        expectBusy(await rejection(client.download('a', path, { resume, retry })), path);
        expect(server.commands.filter((line) => line.startsWith('RETR'))).to.have.length(1);
        held.letGo();
        expect(await first).to.include({ attempts: 1, sizeBytes: content.length });
        expect((await readFile(path)).equals(content)).to.equal(true);
        expect(await readdir(folder)).to.deep.equal(['local']);
        // The file is free again.
        await client.download('b', path, { resume: true });
        expect((await readFile(path)).equals(other)).to.equal(true);
      });
    });
  }

  it('is refused in a pool as well', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'local');
      const held = new HeldDownload();
      await using server = await FaultyServer.start({ fault: held.fault });
      server.put('a', content);
      await using pool = new FtpsPool(await server.options(), { size: 2 });
      const first = pool.download('a', path, { resume: true });
      await held.begun;
      expectBusy(await rejection(pool.download('a', path, { resume: true })), path);
      held.letGo();
      expect(await first).to.include({ sizeBytes: content.length });
      expect((await readFile(path)).equals(content)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['local']);
    });
  });

  it('is refused in place also where it has another name of the file', async () => {
    const before = (path: string): Promise<void> => writeFile(path, content.subarray(0, 1_000));
    await meanwhile({ options: { resume: 'in-place' }, before }, async ({ options, path, held, first }) => {
      const second = `${path}-2`;
      await link(path, second);
      await using client = await FtpsClient.connect(options);
      expectBusy(await rejection(client.download('b', second, { resume: 'in-place' })), second);
      held.letGo();
      expect(await first).to.include({ resumedAt: 1_000 });
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  it('is whole without resume, as the first is: what ends last has the name', async () => {
    await meanwhile({ options: {} }, async ({ options, path, folder, first, held }) => {
      await using client = await FtpsClient.connect(options);
      expect(await client.download('b', path)).to.include({ sizeBytes: other.length });
      expect((await readFile(path)).equals(other)).to.equal(true);
      held.letGo();
      expect(await first).to.include({ sizeBytes: content.length });
      expect((await readFile(path)).equals(content)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['local']);
    });
  });

  it('is whole where it is of another file, and takes nothing from what the first has', async () => {
    await meanwhile({ options: { resume: true } }, async ({ options, path, folder, first, held }) => {
      await using client = await FtpsClient.connect(options);
      expect(await client.download('b', path, { resume: true })).to.include({ sizeBytes: other.length });
      expect((await readFile(path)).equals(other)).to.equal(true);
      held.letGo();
      expect(await first).to.include({ sizeBytes: content.length });
      expect((await readFile(path)).equals(content)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['local']);
    });
  });

  it('is refused in another process too, but not once the first was killed', async function () {
    requireHere(this, process.platform === 'linux', 'elsewhere a process knows its own downloads only');
    await withTemporaryFolder(async (folder) => {
      const local = join(folder, 'local');
      const large = randomBytes(3_000_000);
      await using server = await TestServer.start({ files: { a: large } });
      const options = ownOptions(server);
      await using client = await FtpsClient.connect(options);
      const sizeThere = (): number => {
        const [name] = readdirSync(folder);
        return name === undefined ? 0 : statSync(join(folder, name)).size;
      };
      const transfer = { options, direction: 'download', local, remote: '/a', afterBytes: 300_000 } as const;
      const there = await killAmid(transfer, sizeThere, async () => {
        expectBusy(await rejection(client.download('/a', local, { resume: true })), local);
      });
      const result = await client.download('/a', local, { resume: true });
      expect(result).to.include({ resumedAt: there, sizeBytes: large.length });
      expect((await readFile(local)).equals(large)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['local']);
    });
  });
});

describe('a download in place whose file', () => {
  for (const [what, change, words] of [
    [
      'is replaced by another meanwhile',
      async (path: string) => {
        await writeFile(`${path}.new`, other);
        await rename(`${path}.new`, path);
      },
      'was removed or replaced meanwhile',
    ],
    [
      'is made longer by somebody else meanwhile',
      (path: string) => truncate(path, 300_000),
      'somebody else writes it too',
    ],
  ] as const) {
    it(`${what} is a LocalFileError, and never called done`, async () => {
      await meanwhile({ options: { resume: 'in-place' } }, async ({ path, first, held }) => {
        await change(path);
        held.letGo();
        const error = await rejection(first);
        expect(error).to.be.instanceOf(LocalFileError).and.include({ path });
        expect((error as Error).message).to.include(words);
        if (words.startsWith('was')) expect((await readFile(path)).equals(other)).to.equal(true);
      });
    });
  }

  it('is made shorter by somebody else meanwhile is a LocalFileError, and has no hole that is called whole', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'local');
      const fault: Fault = async ({ verb, peer, data }) => {
        if (verb !== 'RETR' || data === undefined) return false;
        await peer.say('150 here it comes\r\n');
        const channel = await data.channel();
        // One record, so that it is written at once and as a whole.
        await channel.write(content.subarray(0, 1_000));
        // Nobody tells of a write.
        while (statSync(path).size < 1_000) await new Promise(setImmediate);
        truncateSync(path, 10);
        await channel.write(content.subarray(1_000)).catch(() => undefined);
        await channel.end().catch(() => undefined);
        await peer.say('226 done\r\n');
        return true;
      };
      await withFaultyServer({ files: { a: content }, fault }, async (client) => {
        const error = await rejection(client.download('a', path, { resume: 'in-place' }));
        expect(error).to.be.instanceOf(LocalFileError).and.include({ path });
        expect((error as Error).message).to.include('somebody else writes it too');
      });
    });
  });
});

describe('a download in place behind bytes of the caller, where the hash of the whole differs,', () => {
  /** RANG is not known there, so that only the whole can be compared. */
  const features = HASHING_FEATURES.filter((line) => !line.startsWith('RANG'));
  const mine = other.subarray(0, KEPT_BYTES);

  it('gives the file back as it was, and says so', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'local');
      await writeFile(path, mine);
      const { mtimeMs, ino } = statSync(path);
      await withFaultyServer({ features, files: { a: content } }, async (client) => {
        const error = await rejection(client.download('a', path, { resume: 'in-place' }));
        expect(error).to.include({ code: 'FTPS_ERR_VERIFICATION', reason: 'hash-differs', safeBytes: 0 });
        expect(leftBehind(error)).to.deep.equal({ side: 'local', path, what: 'earlier' });
        expect((error as Error).message).to.include(`${path} has again what it had before; remove it`);
        expect((await readFile(path)).equals(mine)).to.equal(true);
        expect(statSync(path)).to.include({ ino });
        expect(statSync(path).mtimeMs).to.be.closeTo(mtimeMs, 1);
      });
    });
  });

  it('also where it was empty', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'local');
      await writeFile(path, '');
      const fault: Fault = async ({ verb, peer }) => {
        if (verb !== 'HASH') return false;
        await peer.say(`213 SHA-256 0-199999 ${'0'.repeat(64)} a\r\n`);
        return true;
      };
      await withFaultyServer({ features, fault, files: { a: content } }, async (client) => {
        const error = await rejection(client.download('a', path, { resume: 'in-place' }));
        expect(error).to.include({ reason: 'hash-differs' });
        expect(leftBehind(error)).to.include({ what: 'earlier' });
        expect((await readFile(path)).length).to.equal(0);
      });
    });
  });
});
