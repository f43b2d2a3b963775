// What every file system must do: a suite that is a function of setup(), so that each file system proves the same contract.
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import {
  FileSystemError,
  type DirectoryEntry,
  type FileSystem,
  type FileSystemErrorKind,
  type WriteMode,
} from '@ftps-kit/ftps-server';
import { rejection } from '../support/rejection.js';

/** An empty file system, and how it is let go of. */
export interface FileSystemSetup {
  readonly files: FileSystem;
  readonly cleanUp: () => Promise<void>;
}

const replace: WriteMode = { kind: 'replace' };

export async function writeFile(
  files: FileSystem,
  path: string,
  content: string | Uint8Array,
  mode: WriteMode = replace,
): Promise<void> {
  const file = await files.openWrite(path, mode);
  await file.write(Buffer.from(content));
  await file.commit();
}

export async function readFile(files: FileSystem, path: string, start = 0): Promise<Buffer> {
  const file = await files.openRead(path, { start });
  const chunks: Buffer[] = [];
  const into = Buffer.alloc(64 * 1024);
  for (let count = await file.read(into); count > 0; count = await file.read(into)) {
    chunks.push(Buffer.from(into.subarray(0, count)));
  }
  await file.close();
  return Buffer.concat(chunks);
}

export async function entriesOf(files: FileSystem, path: string): Promise<readonly DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  for await (const entry of files.list(path)) entries.push(entry);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export async function namesOf(files: FileSystem, path: string): Promise<readonly string[]> {
  return (await entriesOf(files, path)).map(({ name }) => name);
}

/** Fails unless `work` is refused with a `FileSystemError` of this kind. */
export async function refuses(kind: FileSystemErrorKind, work: Promise<unknown>): Promise<void> {
  const error = await rejection(work);
  expect(error).to.be.instanceOf(FileSystemError).with.property('kind', kind);
}

/** Runs the contract's suite. */
export function fileSystemCompliance(name: string, setup: () => Promise<FileSystemSetup>): void {
  describe(`${name}, as a file system`, () => {
    let files: FileSystem;
    let cleanUp: () => Promise<void>;

    beforeEach(async () => {
      ({ files, cleanUp } = await setup());
    });

    afterEach(() => cleanUp());

    describe('reading and writing', () => {
      it('gives back every byte of a file, whatever the size of chunks', async () => {
        const content = randomBytes(700_001);
        const file = await files.openWrite('/a', replace);
        for (let at = 0; at < content.length; at += 99_991) await file.write(content.subarray(at, at + 99_991));
        await file.commit();
        expect((await readFile(files, '/a')).equals(content)).to.equal(true);
        expect(await files.stat('/a')).to.include({ type: 'file', sizeBytes: content.length });
      });

      it('keeps an empty file', async () => {
        await (await files.openWrite('/empty', replace)).commit();
        expect((await readFile(files, '/empty')).length).to.equal(0);
        expect((await files.stat('/empty')).sizeBytes).to.equal(0);
      });

      it('reads from an offset, and nothing at the end', async () => {
        await writeFile(files, '/a', '0123456789');
        expect((await readFile(files, '/a', 7)).toString()).to.equal('789');
        expect((await readFile(files, '/a', 10)).length).to.equal(0);
      });

      it('refuses to read beyond the end', async () => {
        await writeFile(files, '/a', '0123456789');
        await refuses('offset-beyond-end', files.openRead('/a', { start: 11 }));
      });

      it('refuses to read what is missing, or a directory', async () => {
        await files.makeDirectory('/d');
        await refuses('not-found', files.openRead('/missing', { start: 0 }));
        await refuses('is-directory', files.openRead('/d', { start: 0 }));
        await refuses('is-directory', files.openRead('/', { start: 0 }));
      });

      it('refuses to write a directory, below a file, or into what is missing', async () => {
        await files.makeDirectory('/d');
        await writeFile(files, '/a', 'a');
        await refuses('is-directory', files.openWrite('/d', replace));
        await refuses('is-directory', files.openWrite('/', replace));
        await refuses('not-directory', files.openWrite('/a/b', replace));
        await refuses('not-found', files.openWrite('/missing/b', replace));
        expect(await namesOf(files, '/')).to.deep.equal(['a', 'd']);
      });
    });

    describe('replacing', () => {
      it('shows readers the old file until commit, and the new one from then on', async () => {
        await writeFile(files, '/a', 'old');
        const upload = await files.openWrite('/a', replace);
        await upload.write(Buffer.from('something '));
        expect((await readFile(files, '/a')).toString()).to.equal('old');
        await upload.write(Buffer.from('new'));
        expect((await readFile(files, '/a')).toString()).to.equal('old');
        expect((await files.stat('/a')).sizeBytes).to.equal(3);
        await upload.commit();
        expect((await readFile(files, '/a')).toString()).to.equal('something new');
      });

      it('lets who began to read the old file read it to its end', async () => {
        await writeFile(files, '/a', 'old content');
        const reader = await files.openRead('/a', { start: 0 });
        const into = Buffer.alloc(4);
        await reader.read(into);
        await writeFile(files, '/a', 'NEW CONTENT');
        expect(await reader.read(into)).to.equal(4);
        expect(into.toString()).to.equal('cont');
        await reader.close();
      });

      it('shows a new file under no name before commit', async () => {
        const upload = await files.openWrite('/a', replace);
        await upload.write(Buffer.from('a'));
        expect(await namesOf(files, '/')).to.deep.equal([]);
        await refuses('not-found', files.stat('/a'));
        await upload.commit();
        expect(await namesOf(files, '/')).to.deep.equal(['a']);
      });

      it('leaves no trace at abort', async () => {
        await writeFile(files, '/a', 'old');
        for (const path of ['/a', '/b']) {
          const upload = await files.openWrite(path, replace);
          await upload.write(Buffer.from('half of it'));
          await upload.abort();
        }
        expect(await namesOf(files, '/')).to.deep.equal(['a']);
        expect((await readFile(files, '/a')).toString()).to.equal('old');
      });

      it('gives the file to the last of two uploads that commits', async () => {
        const first = await files.openWrite('/a', replace);
        const second = await files.openWrite('/a', replace);
        await first.write(Buffer.from('first'));
        await second.write(Buffer.from('second'));
        await second.commit();
        await first.commit();
        expect((await readFile(files, '/a')).toString()).to.equal('first');
        expect(await namesOf(files, '/')).to.deep.equal(['a']);
      });

      it('makes a directory with an upload under way as removable as it was', async () => {
        await files.makeDirectory('/d');
        const upload = await files.openWrite('/d/a', replace);
        await upload.abort();
        await files.removeDirectory('/d');
      });
    });

    describe('resuming', () => {
      it('goes on from the offset, and what lay behind is gone', async () => {
        await writeFile(files, '/a', '0123456789');
        await writeFile(files, '/a', 'abc', { kind: 'resume', start: 10 });
        expect((await readFile(files, '/a')).toString()).to.equal('0123456789abc');
        await writeFile(files, '/a', 'x', { kind: 'resume', start: 4 });
        expect((await readFile(files, '/a')).toString()).to.equal('0123x');
      });

      it('refuses to begin beyond the end, or in what is missing, and creates nothing', async () => {
        await writeFile(files, '/a', '0123');
        await refuses('offset-beyond-end', files.openWrite('/a', { kind: 'resume', start: 5 }));
        await refuses('not-found', files.openWrite('/b', { kind: 'resume', start: 1 }));
        expect((await readFile(files, '/a')).toString()).to.equal('0123');
        expect(await namesOf(files, '/')).to.deep.equal(['a']);
      });

      it('keeps at abort what was written', async () => {
        await writeFile(files, '/a', '0123');
        const upload = await files.openWrite('/a', { kind: 'resume', start: 4 });
        await upload.write(Buffer.from('45'));
        await upload.abort();
        expect((await readFile(files, '/a')).toString()).to.equal('012345');
      });
    });

    describe('directories', () => {
      it('lists files and directories, each as stat describes it', async () => {
        await writeFile(files, '/a', 'content');
        await files.makeDirectory('/d');
        const entries = await entriesOf(files, '/');
        expect(entries.map(({ name, type }) => [name, type])).to.deep.equal([
          ['a', 'file'],
          ['d', 'directory'],
        ]);
        expect(entries[0]?.sizeBytes).to.equal(7);
        expect(entries[0]?.modifiedAt).to.deep.equal((await files.stat('/a')).modifiedAt);
      });

      it('lists two thousand entries, each once', async () => {
        await files.makeDirectory('/many');
        const names = Array.from({ length: 2_000 }, (_, index) => `f${String(index).padStart(4, '0')}`);
        for (const name of names) await (await files.openWrite(`/many/${name}`, replace)).commit();
        expect(await namesOf(files, '/many')).to.deep.equal(names);
      });

      it('can be listed in part', async () => {
        for (const name of ['a', 'b', 'c']) await writeFile(files, `/${name}`, name);
        for await (const { name } of files.list('/')) {
          expect(name).to.be.oneOf(['a', 'b', 'c']);
          break;
        }
        expect(await namesOf(files, '/')).to.deep.equal(['a', 'b', 'c']);
      });

      it('refuses to list what is missing, or a file', async () => {
        await writeFile(files, '/a', 'a');
        await refuses('not-found', entriesOf(files, '/missing'));
        await refuses('not-directory', entriesOf(files, '/a'));
      });

      it('makes a directory once, and in one that is there', async () => {
        await files.makeDirectory('/d');
        await files.makeDirectory('/d/e');
        expect((await files.stat('/d/e')).type).to.equal('directory');
        await refuses('exists', files.makeDirectory('/d'));
        await refuses('exists', files.makeDirectory('/'));
        await refuses('not-found', files.makeDirectory('/missing/d'));
      });

      it('removes an empty directory, and no other', async () => {
        await files.makeDirectory('/d');
        await writeFile(files, '/d/a', 'a');
        await refuses('not-empty', files.removeDirectory('/d'));
        await refuses('not-directory', files.removeDirectory('/d/a'));
        await refuses('not-found', files.removeDirectory('/missing'));
        await files.remove('/d/a');
        await files.removeDirectory('/d');
        expect(await namesOf(files, '/')).to.deep.equal([]);
      });
    });

    describe('removing and renaming', () => {
      it('removes a file, and neither a directory nor what is missing', async () => {
        await writeFile(files, '/a', 'a');
        await files.makeDirectory('/d');
        await files.remove('/a');
        await refuses('is-directory', files.remove('/d'));
        await refuses('not-found', files.remove('/a'));
        expect(await namesOf(files, '/')).to.deep.equal(['d']);
      });

      it('sets the time of files and directories, and nothing else of them', async () => {
        await files.makeDirectory('/d');
        await writeFile(files, '/a', 'content');
        const time = new Date('2002-07-17T21:07:15Z');
        for (const path of ['/a', '/d']) {
          await files.setModified(path, time);
          expect((await files.stat(path)).modifiedAt).to.deep.equal(time);
        }
        expect((await readFile(files, '/a')).toString()).to.equal('content');
        await refuses('not-found', files.setModified('/missing', time));
      });

      it('renames files and directories, with what is in them', async () => {
        await files.makeDirectory('/d');
        await writeFile(files, '/d/a', 'a');
        await files.rename('/d', '/e');
        await files.rename('/e/a', '/b');
        expect((await readFile(files, '/b')).toString()).to.equal('a');
        expect(await namesOf(files, '/e')).to.deep.equal([]);
      });

      it('replaces the file that is at the new name', async () => {
        await writeFile(files, '/a', 'a');
        await writeFile(files, '/b', 'b');
        await files.rename('/a', '/b');
        expect((await readFile(files, '/b')).toString()).to.equal('a');
        expect(await namesOf(files, '/')).to.deep.equal(['b']);
      });

      it('refuses to rename what is missing, into what is missing, a file over a directory, a directory into itself', async () => {
        await writeFile(files, '/a', 'a');
        await files.makeDirectory('/d');
        await refuses('not-found', files.rename('/missing', '/b'));
        await refuses('not-found', files.rename('/a', '/missing/b'));
        await refuses('is-directory', files.rename('/a', '/d'));
        await refuses('name-not-allowed', files.rename('/d', '/d/e'));
        expect(await namesOf(files, '/')).to.deep.equal(['a', 'd']);
      });

      it('protects the root', async () => {
        await files.makeDirectory('/d');
        await refuses('permission', files.removeDirectory('/'));
        await refuses('permission', files.remove('/'));
        await refuses('permission', files.rename('/', '/d/root'));
        await refuses('permission', files.rename('/d', '/'));
        expect((await files.stat('/')).type).to.equal('directory');
      });
    });

    it('takes names of any characters but the slash and NUL', async () => {
      for (const name of ['with space', 'grüße', '日本語', '🗂', 'quote\'"', '*?[a-z]', '~', '-rf', '%2e%2e', '...']) {
        await writeFile(files, `/${name}`, name);
        expect((await readFile(files, `/${name}`)).toString()).to.equal(name);
      }
      expect(await namesOf(files, '/')).to.have.length(10);
    });

    it('refuses NUL in a path, whatever is to be done with it', async () => {
      await writeFile(files, '/a', 'a');
      for (const path of ['/a\0', '/a\0b', '/d\0/a']) {
        await refuses('name-not-allowed', files.stat(path));
        await refuses('name-not-allowed', files.openRead(path, { start: 0 }));
        await refuses('name-not-allowed', files.openWrite(path, replace));
        await refuses('name-not-allowed', files.makeDirectory(path));
        await refuses('name-not-allowed', files.remove(path));
        await refuses('name-not-allowed', files.setModified(path, new Date()));
        await refuses('name-not-allowed', files.rename('/a', path));
      }
      expect(await namesOf(files, '/')).to.deep.equal(['a']);
    });

    it('never leaves its root by `..`, however it is written', async () => {
      await files.makeDirectory('/d');
      for (const path of ['/..', '/../..', '/d/../..', '/./../d/../../']) {
        expect(await namesOf(files, path), path).to.deep.equal(['d']);
      }
      for (const path of ['/../etc/passwd', '/d/../../etc/passwd', '/../../../../../../etc/passwd']) {
        await refuses('not-found', files.stat(path));
      }
    });
  });
}
