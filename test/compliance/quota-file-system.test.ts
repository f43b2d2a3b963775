// QuotaFileSystem: the contract as long as there is room, and a bound that holds to the byte whatever is done at once.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'chai';
import {
  FileSystemError,
  LocalFileSystem,
  QuotaFileSystem,
  type DirectoryEntry,
  type FileSystem,
  type WriteHandle,
} from '@ftps-kit/ftps-server';
import {
  entriesOf,
  fileSystemCompliance,
  namesOf,
  readFile,
  refuses,
  writeFile,
} from '@ftps-kit/ftps-server/compliance';
import { TreeUsage } from '../../packages/ftps-server/src/tree-usage.js';
import { rejection } from '../support/rejection.js';

const replace = { kind: 'replace' } as const;
const append = { kind: 'append' } as const;

fileSystemCompliance(
  'QuotaFileSystem',
  () => {
    const root = mkdtempSync(join(tmpdir(), 'ftps-kit-files-'));
    return {
      files: new QuotaFileSystem(new LocalFileSystem(root), 1_000_000_000),
      cleanUp: () => {
        rmSync(root, { recursive: true });
      },
    };
  },
  { describe, it },
  { capabilities: ['atomic', 'setMode', 'hash', 'freeSpace'] },
);

describe('QuotaFileSystem', () => {
  let root: string;
  let local: LocalFileSystem;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ftps-kit-files-'));
    local = new LocalFileSystem(root);
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const limited = (quotaBytes: number): QuotaFileSystem => new QuotaFileSystem(local, quotaBytes);

  it('takes a file of the very size of its quota, and none of one byte more', async () => {
    const files = limited(10);
    const upload = await files.openWrite('/a', replace);
    await upload.write(Buffer.alloc(10));
    await refuses('over-quota', upload.write(Buffer.alloc(1)));
    await upload.abort();
    expect(await namesOf(files, '/')).to.deep.equal([]);
    await writeFile(files, '/a', Buffer.alloc(10));
    expect(await files.usedBytes()).to.equal(10);
    await refuses('over-quota', uploaded(files, '/b', 'b'));
  });

  it('counts what is there before, in all folders', async () => {
    mkdirSync(join(root, 'd', 'e'), { recursive: true });
    writeFileSync(join(root, 'd', 'a'), 'abc');
    writeFileSync(join(root, 'd', 'e', 'b'), 'abcd');
    const files = limited(10);
    expect(await files.usedBytes()).to.equal(7);
    await writeFile(files, '/c', 'abc');
    await refuses('over-quota', uploaded(files, '/x', 'x'));
  });

  it('leaves the old file whole where the new one is too much', async () => {
    const files = limited(10);
    await writeFile(files, '/a', 'old');
    const upload = await files.openWrite('/a', replace);
    await refuses('over-quota', upload.write(Buffer.alloc(11)));
    await upload.abort();
    expect((await readFile(files, '/a')).toString()).to.equal('old');
    expect(await files.usedBytes()).to.equal(3);
  });

  it('counts the difference when a file is overwritten', async () => {
    const files = limited(10);
    await writeFile(files, '/a', Buffer.alloc(8));
    await writeFile(files, '/a', Buffer.alloc(10));
    await writeFile(files, '/a', Buffer.alloc(4));
    await writeFile(files, '/b', Buffer.alloc(6));
    expect(await files.usedBytes()).to.equal(10);
  });

  it('gives back what was deleted, replaced by a renaming, or cut off', async () => {
    const files = limited(10);
    await writeFile(files, '/a', Buffer.alloc(4));
    await writeFile(files, '/b', Buffer.alloc(6));
    await files.rename('/a', '/b');
    expect(await files.usedBytes()).to.equal(4);
    await writeFile(files, '/b', 'x', { kind: 'resume', start: 1 });
    expect(await files.usedBytes()).to.equal(2);
    await files.remove('/b');
    expect(await files.usedBytes()).to.equal(0);
    expect(await files.freeSpace('/')).to.equal(10);
  });

  it('never lets two uploads together pass it, and what one gives up the other may take', async () => {
    const files = limited(10);
    const [one, other] = [await files.openWrite('/a', replace), await files.openWrite('/b', replace)];
    await one.write(Buffer.alloc(6));
    expect(await files.freeSpace('/')).to.equal(4);
    await refuses('over-quota', other.write(Buffer.alloc(5)));
    await other.write(Buffer.alloc(4));
    await refuses('over-quota', one.write(Buffer.alloc(1)));
    await one.abort();
    await other.write(Buffer.alloc(6));
    await other.commit();
    expect(await files.usedBytes()).to.equal(10);
  });

  it('does not let a file be overwritten for room that its removal has given to another', async () => {
    const files = limited(10);
    await writeFile(files, '/a', Buffer.alloc(10));
    const upload = await files.openWrite('/a', replace);
    await upload.write(Buffer.alloc(10));
    await files.remove('/a');
    await refuses('over-quota', uploaded(files, '/b', 'b'));
    await upload.commit();
    expect(await files.usedBytes()).to.equal(10);
  });

  it('does not let a file be moved away from under an upload for which there is no room beside it', async () => {
    const files = limited(10);
    await files.makeDirectory('/d');
    await writeFile(files, '/d/a', Buffer.alloc(10));
    const upload = await files.openWrite('/d/a', replace);
    await upload.write(Buffer.alloc(10));
    await refuses('over-quota', files.rename('/d/a', '/b'));
    await refuses('over-quota', files.rename('/d', '/e'));
    await upload.commit();
    await files.rename('/d', '/e');
    expect(await files.usedBytes()).to.equal(10);
  });

  it('follows a file that is renamed or removed while it is appended to', async () => {
    const files = limited(10);
    await writeFile(files, '/a', 'abc');
    const first = await files.openWrite('/a', append);
    await files.rename('/a', '/b');
    await first.write(Buffer.from('de'));
    await first.commit();
    expect(await files.usedBytes()).to.equal(5);
    const second = await files.openWrite('/b', append);
    await second.write(Buffer.alloc(5));
    await files.remove('/b');
    await second.abort();
    expect(await files.usedBytes()).to.equal(0);
  });

  it('follows a file that is renamed while it is replaced in place', async () => {
    const files = new QuotaFileSystem(new LocalFileSystem(root, { inPlace: true }), 10);
    const first = await files.openWrite('/a', replace);
    await first.write(Buffer.alloc(6));
    await files.rename('/a', '/b');
    await refuses('over-quota', uploaded(files, '/a', Buffer.alloc(5)));
    await first.commit();
    await uploaded(files, '/c', Buffer.alloc(4));
    expect(await files.usedBytes()).to.equal(10);
    await refuses('over-quota', uploaded(files, '/d', 'd'));
  });

  it('lets an account beyond its quota shrink its files', async () => {
    writeFileSync(join(root, 'a'), Buffer.alloc(20));
    writeFileSync(join(root, 'b'), Buffer.alloc(20));
    const files = limited(10);
    await refuses('over-quota', uploaded(files, '/c', 'c'));
    await writeFile(files, '/a', Buffer.alloc(5));
    await files.rename('/b', '/c');
    await files.remove('/c');
    expect(await files.usedBytes()).to.equal(5);
  });

  it('is not counted on by links, which may lead in circles', async () => {
    mkdirSync(join(root, 'd'));
    writeFileSync(join(root, 'd', 'a'), 'abcd');
    symlinkSync('..', join(root, 'd', 'loop'));
    symlinkSync('a', join(root, 'd', 'link'));
    const files = limited(10);
    expect(await files.usedBytes()).to.equal(4);
    await writeFile(files, '/d/link', 'abcdef');
    expect(await files.usedBytes()).to.equal(6);
    await files.rename('/d/link', '/link');
    await files.remove('/link');
    expect(await files.usedBytes()).to.equal(6);
    expect((await readFile(files, '/d/a')).toString()).to.equal('abcdef');
  });

  it('does not count what an upload has left behind that was killed', async () => {
    const killed = await local.openWrite('/a', replace);
    await killed.write(Buffer.alloc(5));
    const files = limited(10);
    await writeFile(files, '/b', Buffer.alloc(10));
    expect(await files.usedBytes()).to.equal(10);
    await killed.abort();
  });

  it('counts again once nobody relies on the count any more', async () => {
    const usage = new TreeUsage(local);
    const release = usage.retain();
    const files = new QuotaFileSystem(local, 10, usage);
    await writeFile(files, '/a', 'abc');
    const upload = await files.openWrite('/b', replace);
    await upload.write(Buffer.from('b'));
    writeFileSync(join(root, 'c'), 'by another program');
    release();
    // The upload that is still under way relies on it too.
    expect(await files.usedBytes()).to.equal(3);
    await upload.commit();
    expect(await files.usedBytes()).to.equal(22);
  });

  it('counts again where counting has failed', async () => {
    const failing = new FailingLists(root);
    const files = new QuotaFileSystem(failing, 10);
    expect(await rejection(files.openWrite('/a', replace))).to.be.instanceOf(FileSystemError);
    failing.fails = false;
    await writeFile(files, '/a', 'abc');
    expect(await files.usedBytes()).to.equal(3);
  });

  it('has what the file system below can do besides, and nothing else', () => {
    // Whatever the contract gains has to be named here.
    const optional: readonly (keyof typeof OPTIONAL)[] = ['setCreated', 'setMode', 'hash', 'isLink'];
    const bare: FileSystem = REQUIRED;
    const all = { ...REQUIRED, ...OPTIONAL } satisfies Required<FileSystem>;
    for (const name of optional) {
      expect(Reflect.get(new QuotaFileSystem(bare, 10), name), name).to.equal(undefined);
      expect(Reflect.get(new QuotaFileSystem(all, 10), name), name).to.be.a('function');
    }
  });

  for (const inPlace of [false, true]) {
    it(`is exact after whatever uploads, removals and renamings at once${inPlace ? ', all in place' : ''}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 40 }), async (actions) => {
          const folder = mkdtempSync(join(root, 'run-'));
          const below = new LocalFileSystem(folder, { inPlace });
          const files = new QuotaFileSystem(below, QUOTA);
          const uploads: WriteHandle[] = [];
          await files.makeDirectory('/d');
          for (const one of actions) {
            await perform(files, uploads, one);
            expect(await realBytes(below)).to.be.at.most(QUOTA);
          }
          for (const upload of uploads) await upload.abort();
          expect(await files.usedBytes()).to.equal(await realBytes(below));
        }),
        { numRuns: Number(process.env['FTPS_FUZZ_RUNS'] ?? 60) },
      );
    });
  }
});

/** An upload as the server does it: given up where it fails. */
async function uploaded(files: FileSystem, path: string, content: string | Uint8Array): Promise<void> {
  const upload = await files.openWrite(path, replace);
  try {
    await upload.write(Buffer.from(content));
  } catch (error) {
    await upload.abort();
    throw error;
  }
  await upload.commit();
}

class FailingLists extends LocalFileSystem {
  fails = true;

  override list(path: string): AsyncGenerator<DirectoryEntry> {
    if (this.fails) throw new FileSystemError('other', 'no descriptor is left');
    return super.list(path);
  }
}

const QUOTA = 20;

type Action =
  | { readonly kind: 'open'; readonly path: string; readonly mode: 'replace' | 'append' | 'resume' }
  | { readonly kind: 'write'; readonly upload: number; readonly bytes: number }
  | { readonly kind: 'commit' | 'abort'; readonly upload: number }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string };

const path = fc.constantFrom('/a', '/b', '/d/a', '/e/a');
const upload = fc.nat({ max: 5 });
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('open' as const), path, mode: fc.constantFrom('replace', 'append', 'resume') }),
  fc.record({ kind: fc.constant('write' as const), upload, bytes: fc.integer({ min: 1, max: 15 }) }),
  fc.record({ kind: fc.constantFrom('commit' as const, 'abort' as const), upload }),
  fc.record({ kind: fc.constant('remove' as const), path }),
  fc.record({
    kind: fc.constant('rename' as const),
    path: fc.oneof(path, fc.constantFrom('/d', '/e')),
    to: fc.oneof(path, fc.constantFrom('/d', '/e')),
  }),
);

/** Does what it says, or is refused. */
async function perform(files: FileSystem, uploads: WriteHandle[], one: Action): Promise<void> {
  const index = 'upload' in one && uploads.length > 0 ? one.upload % uploads.length : 0;
  const upload = uploads[index];
  try {
    switch (one.kind) {
      case 'open':
        uploads.push(
          await files.openWrite(one.path, one.mode === 'resume' ? { kind: 'resume', start: 1 } : { kind: one.mode }),
        );
        return;
      case 'write':
        await upload?.write(Buffer.alloc(one.bytes, 'x'));
        return;
      case 'commit':
      case 'abort':
        uploads.splice(index, 1);
        await upload?.[one.kind]();
        return;
      case 'remove':
        await files.remove(one.path);
        return;
      case 'rename':
        await files.rename(one.path, one.to);
    }
  } catch (error) {
    expect(error).to.have.property('code', 'FTPS_ERR_FILE_SYSTEM');
  }
}

async function realBytes(files: FileSystem, folder = '/'): Promise<number> {
  let bytes = 0;
  for (const { name, type, sizeBytes } of await entriesOf(files, folder)) {
    bytes += type === 'file' ? sizeBytes : await realBytes(files, `${folder}/${name}`);
  }
  return bytes;
}

const never = (): never => {
  throw new Error('nobody calls it');
};

const REQUIRED = {
  stat: never,
  list: never,
  openRead: never,
  openWrite: never,
  makeDirectory: never,
  removeDirectory: never,
  remove: never,
  rename: never,
  setModified: never,
};

const OPTIONAL = { setCreated: never, setMode: never, hash: never, isLink: never, freeSpace: never };
