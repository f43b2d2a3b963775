// LocalFileSystem: the contract, and what a real disk has besides: links, FIFOs, and names of uploads under way.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { LocalFileSystem, type LocalFileSystemOptions } from '@ftps-kit/ftps-server';
import {
  entriesOf,
  fileSystemCompliance,
  namesOf,
  readFile,
  refuses,
  writeFile,
  type FileSystemSetup,
} from '@ftps-kit/ftps-server/compliance';
import { ConfigError } from '@ftps-kit/tls-core';
import { beforeNextStat } from '../support/failing-file-handles.js';
import { requireHere } from '../support/requirement.js';

const replace = { kind: 'replace' } as const;

function onDisk(options: LocalFileSystemOptions): FileSystemSetup {
  const root = mkdtempSync(join(tmpdir(), 'ftps-kit-files-'));
  return {
    files: new LocalFileSystem(root, options),
    cleanUp: () => {
      rmSync(root, { recursive: true });
    },
  };
}

const runner = { describe, it };
const always = ['setMode', 'hash', 'freeSpace'] as const;
fileSystemCompliance('LocalFileSystem', () => onDisk({}), runner, { capabilities: ['atomic', ...always] });
fileSystemCompliance('LocalFileSystem with fsync', () => onDisk({ fsync: true }), runner, {
  capabilities: ['atomic', ...always],
});
fileSystemCompliance('LocalFileSystem in place', () => onDisk({ inPlace: true }), runner, { capabilities: always });

describe('LocalFileSystem', () => {
  let folder: string;
  let root: string;
  let outside: string;
  let files: LocalFileSystem;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ftps-kit-files-'));
    root = join(folder, 'root');
    outside = join(folder, 'outside');
    mkdirSync(root);
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret'), 'secret');
    files = new LocalFileSystem(root);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** What is outside must be as it was, whatever was tried. */
  function expectOutsideUntouched(): void {
    expect(readdirSync(outside)).to.deep.equal(['secret']);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).to.equal('secret');
  }

  describe('with links that leave the root', () => {
    it('a link to a file is as if it were not there, and is not listed', async () => {
      symlinkSync(join(outside, 'secret'), join(root, 'link'));
      await refuses('not-found', files.stat('/link'));
      await refuses('not-found', files.setModified('/link', new Date()));
      await refuses('not-found', files.openRead('/link', { start: 0 }));
      await refuses('not-found', files.openWrite('/link', replace));
      await refuses('not-found', files.openWrite('/link', { kind: 'resume', start: 0 }));
      expect(await namesOf(files, '/')).to.deep.equal([]);
      expectOutsideUntouched();
    });

    it('a link to a directory leads nowhere', async () => {
      symlinkSync(outside, join(root, 'link'));
      symlinkSync('..', join(root, 'up'));
      for (const link of ['/link', '/up']) {
        await refuses('not-found', entriesOf(files, link));
        await refuses('not-found', files.openWrite(`${link}/new`, replace));
        await refuses('not-found', files.makeDirectory(`${link}/new`));
      }
      await refuses('not-found', files.openRead('/link/secret', { start: 0 }));
      await refuses('not-found', files.remove('/link/secret'));
      await refuses('not-found', files.rename('/link/secret', '/stolen'));
      await refuses('not-found', files.openRead('/up/outside/secret', { start: 0 }));
      expect(await namesOf(files, '/')).to.deep.equal([]);
      expectOutsideUntouched();
    });

    it('a link that points nowhere yet is not written through', async () => {
      symlinkSync(join(outside, 'new'), join(root, 'link'));
      await refuses('not-found', files.openWrite('/link', replace));
      await refuses('exists', files.makeDirectory('/link'));
      expectOutsideUntouched();
    });

    it('a link below a link inside the root leaves it no more than a direct one', async () => {
      mkdirSync(join(root, 'inside'));
      symlinkSync('inside', join(root, 'first'));
      symlinkSync(outside, join(root, 'inside', 'second'));
      await refuses('not-found', files.openRead('/first/second/secret', { start: 0 }));
      await refuses('not-found', files.rename('/first/second/secret', '/first/stolen'));
      expectOutsideUntouched();
    });

    it('a link that only leaves from where it is moved to leads nowhere there', async () => {
      mkdirSync(join(root, 'a', 'b'), { recursive: true });
      symlinkSync('../../outside', join(root, 'a', 'b', 'link'));
      mkdirSync(join(root, 'outside'));
      await files.rename('/a/b/link', '/a/link');
      await refuses('not-found', files.openRead('/a/link/secret', { start: 0 }));
      expectOutsideUntouched();
    });

    it('a name that merely begins as the root does is outside', async () => {
      mkdirSync(`${root}-sibling`);
      writeFileSync(`${root}-sibling/secret`, 'secret');
      symlinkSync(`${root}-sibling`, join(root, 'link'));
      await refuses('not-found', files.openRead('/link/secret', { start: 0 }));
    });

    it('a link is removed and renamed as itself', async () => {
      symlinkSync(join(outside, 'secret'), join(root, 'link'));
      await files.rename('/link', '/renamed');
      expect(lstatSync(join(root, 'renamed')).isSymbolicLink()).to.equal(true);
      await files.remove('/renamed');
      expect(readdirSync(root)).to.deep.equal([]);
      expectOutsideUntouched();
    });

    it('a file renamed over a link replaces the link, not what it points to', async () => {
      symlinkSync(join(outside, 'secret'), join(root, 'link'));
      await writeFile(files, '/a', 'a');
      await files.rename('/a', '/link');
      expect(lstatSync(join(root, 'link')).isFile()).to.equal(true);
      expectOutsideUntouched();
    });
  });

  describe('with a folder that is swapped for a link while it is used', () => {
    /** Swaps the folder for a link that leaves the root and back, as fast as the event loop turns, until `work` is done. */
    async function whileSwapped(work: () => Promise<void>): Promise<void> {
      const [folder, aside] = [join(root, 'd'), join(root, 'aside')];
      const over = new AbortController();
      const swapping = (async () => {
        for (let round = 0; !over.signal.aborted; round += 1) {
          renameSync(folder, aside);
          symlinkSync(outside, folder);
          await turns(round % 3);
          unlinkSync(folder);
          renameSync(aside, folder);
          await turns(round % 11);
        }
      })();
      await work().finally(() => {
        over.abort();
      });
      await swapping;
    }

    async function turns(count: number): Promise<void> {
      for (let turn = 0; turn <= count; turn += 1) await setImmediate();
    }

    beforeEach(() => {
      mkdirSync(join(root, 'd'));
      writeFileSync(join(root, 'd', 'secret'), 'harmless');
    });

    it('never reads what is outside', async function () {
      requireHere(this, process.platform === 'linux', 'only Linux keeps to a directory by /proc');
      const read = new Set<string>();
      await whileSwapped(async () => {
        for (let round = 0; round < 300; round += 1) {
          const content = await readFile(files, '/d/secret').catch(() => 'refused');
          read.add(content.toString());
        }
      });
      read.delete('refused');
      expect([...read]).to.deep.equal(['harmless']);
    });

    it('never makes, changes, moves or removes anything outside', async function () {
      requireHere(this, process.platform === 'linux', 'only Linux keeps to a directory by /proc');
      const before = statSync(join(outside, 'secret'));
      const ignored = (): void => undefined;
      await whileSwapped(async () => {
        for (let round = 0; round < 150; round += 1) {
          await writeFile(files, '/d/new', 'new').catch(ignored);
          await files.makeDirectory('/d/made').catch(ignored);
          await files.removeDirectory('/d/made').catch(ignored);
          await files.setModified('/d/secret', new Date(0)).catch(ignored);
          await files.setMode('/d/secret', 0o777).catch(ignored);
          await files.rename('/d/secret', '/stolen').catch(ignored);
          await files.rename('/stolen', '/d/secret').catch(ignored);
        }
      });
      expectOutsideUntouched();
      expect(statSync(join(outside, 'secret'))).to.include({ mode: before.mode, mtimeMs: before.mtimeMs });
    });
  });

  describe('with links that stay inside', () => {
    it('follows them, and lists them as what they point to', async () => {
      mkdirSync(join(root, 'd'));
      writeFileSync(join(root, 'd', 'a'), 'content');
      symlinkSync('d', join(root, 'folder'));
      symlinkSync(join(root, 'd', 'a'), join(root, 'file'));
      expect((await readFile(files, '/folder/a')).toString()).to.equal('content');
      await writeFile(files, '/file', 'replaced');
      expect(readFileSync(join(root, 'd', 'a'), 'utf8')).to.equal('replaced');
      expect(lstatSync(join(root, 'file')).isSymbolicLink()).to.equal(true);
      const entries = await entriesOf(files, '/');
      expect(entries.map(({ name, type }) => [name, type])).to.deep.equal([
        ['d', 'directory'],
        ['file', 'file'],
        ['folder', 'directory'],
      ]);
    });

    it('lists the rest where some lead nowhere, in a circle, below a file, or to a name too long', async () => {
      writeFileSync(join(root, 'a'), '');
      symlinkSync('missing', join(root, 'nowhere'));
      symlinkSync('circle', join(root, 'circle'));
      symlinkSync('a/below', join(root, 'below'));
      symlinkSync('x'.repeat(300), join(root, 'long'));
      expect(await namesOf(files, '/')).to.deep.equal(['a']);
    });

    it('has a root that is itself reached by a link', async () => {
      symlinkSync(root, join(folder, 'alias'));
      const aliased = new LocalFileSystem(join(folder, 'alias'));
      await writeFile(aliased, '/a', 'a');
      expect((await readFile(aliased, '/a')).toString()).to.equal('a');
    });
  });

  describe('with what is neither a file nor a directory', () => {
    it('neither waits for a FIFO nor lists it', async () => {
      execFileSync('mkfifo', [join(root, 'fifo')]);
      await refuses('not-file', files.stat('/fifo'));
      await refuses('not-file', files.openRead('/fifo', { start: 0 }));
      await refuses('not-file', files.openWrite('/fifo', replace));
      await refuses('not-file', files.openWrite('/fifo', { kind: 'resume', start: 0 }));
      expect(await namesOf(files, '/')).to.deep.equal([]);
      await files.remove('/fifo');
    });

    it('has no use for a socket', async () => {
      const listener = net.createServer().listen(join(root, 'socket'));
      await once(listener, 'listening');
      await refuses('not-file', files.openRead('/socket', { start: 0 }));
      await refuses('not-file', files.openWrite('/socket', replace));
      expect(await namesOf(files, '/')).to.deep.equal([]);
      listener.close();
    });
  });

  describe('uploads under way', () => {
    it('lie beside their target under a hidden name, which nobody can list, write, remove or take', async () => {
      mkdirSync(join(root, 'd'));
      const upload = await files.openWrite('/d/a', replace);
      await upload.write(Buffer.from('half'));
      const [hidden = ''] = readdirSync(join(root, 'd'));
      expect(hidden).to.match(/^\.ftps-upload-/);
      expect(await namesOf(files, '/d')).to.deep.equal([]);
      const path = `/d/${hidden}`;
      await refuses('name-not-allowed', files.remove(path));
      await refuses('name-not-allowed', files.rename(path, '/d/b'));
      await refuses('name-not-allowed', files.openWrite(path, replace));
      await upload.commit();
      await refuses('name-not-allowed', files.rename('/d/a', path));
      await refuses('name-not-allowed', files.makeDirectory(path));
      expect(readdirSync(join(root, 'd'))).to.deep.equal(['a']);
    });

    it('leave nothing where their end fails', async () => {
      mkdirSync(join(root, 'd'));
      const upload = await files.openWrite('/d/a', replace);
      await upload.write(Buffer.from('half'));
      mkdirSync(join(root, 'd', 'a'));
      await refuses('is-directory', upload.commit());
      expect(readdirSync(join(root, 'd'))).to.deep.equal(['a']);
    });

    it('fail without harm where their folder went away', async () => {
      mkdirSync(join(root, 'd'));
      const upload = await files.openWrite('/d/a', replace);
      rmSync(join(root, 'd'), { recursive: true });
      await refuses('not-found', upload.commit());
      const other = await files.openWrite('/b', replace);
      rmSync(join(root, readdirSync(root)[0] ?? ''));
      await other.abort();
      expect(readdirSync(root)).to.deep.equal([]);
    });

    it('keep the permission bits of the file they replace, and none that give privileges', async () => {
      writeFileSync(join(root, 'a'), 'old');
      chmodSync(join(root, 'a'), 0o4751);
      await writeFile(files, '/a', 'new');
      expect((statSync(join(root, 'a')).mode & 0o7777).toString(8)).to.equal('751');
    });

    it('are readable by nobody who could not read the file that they replace', async () => {
      writeFileSync(join(root, 'a'), 'old', { mode: 0o600 });
      const upload = await files.openWrite('/a', replace);
      const [hidden = ''] = readdirSync(root).filter((name) => name !== 'a');
      expect((statSync(join(root, hidden)).mode & 0o777).toString(8)).to.equal('600');
      await upload.commit();
    });

    it('keep the owner of the file that they replace, where who runs the server may give it', async function () {
      requireHere(this, process.getuid?.() === 0, 'only root gives files away');
      writeFileSync(join(root, 'a'), 'old', { mode: 0o640 });
      chownSync(join(root, 'a'), 12_345, 54_321);
      await writeFile(files, '/a', 'new');
      expect(statSync(join(root, 'a'))).to.include({ uid: 12_345, gid: 54_321 });
      expect((statSync(join(root, 'a')).mode & 0o777).toString(8)).to.equal('640');
    });

    it('reach the folder that they began in, under whatever name that has by then', async () => {
      mkdirSync(join(root, 'd'));
      const upload = await files.openWrite('/d/a', replace);
      renameSync(join(root, 'd'), join(root, 'moved'));
      symlinkSync(outside, join(root, 'd'));
      await upload.write(Buffer.from('whole'));
      await upload.commit();
      expect(readFileSync(join(root, 'moved', 'a'), 'utf8')).to.equal('whole');
      expectOutsideUntouched();
    });
  });

  describe('in place', () => {
    it('writes into the file itself, links and all, and leaves what came when it is given up', async () => {
      const inPlace = new LocalFileSystem(root, { inPlace: true });
      writeFileSync(join(root, 'a'), 'the old content');
      linkSync(join(root, 'a'), join(root, 'b'));
      await writeFile(inPlace, '/a', 'new');
      expect(readFileSync(join(root, 'b'), 'utf8')).to.equal('new');
      const upload = await inPlace.openWrite('/a', replace);
      await upload.write(Buffer.from('half'));
      expect(readdirSync(root).sort()).to.deep.equal(['a', 'b']);
      await upload.abort();
      expect(readFileSync(join(root, 'b'), 'utf8')).to.equal('half');
    });

    it('refuses at commit what is found under another name alone, and no more', async () => {
      writeFileSync(join(root, 'a'), 'old');
      linkSync(join(root, 'a'), join(root, 'snapshot'));
      writeFileSync(join(root, 'b'), 'other');
      const kept = await files.openWrite('/a', { kind: 'append' });
      await kept.write(Buffer.from(' and new'));
      unlinkSync(join(root, 'snapshot'));
      await kept.commit();
      linkSync(join(root, 'a'), join(root, 'snapshot'));
      const lost = await files.openWrite('/a', { kind: 'append' });
      await lost.write(Buffer.from(' and newer'));
      renameSync(join(root, 'b'), join(root, 'a'));
      await refuses('gone', lost.commit());
      expect(readFileSync(join(root, 'a'), 'utf8')).to.equal('other');
    });

    it('refuses to begin in a file that is removed or replaced as it is opened', async () => {
      writeFileSync(join(root, 'other'), 'other');
      for (const [meanwhile, mode] of [
        [unlinkSync, { kind: 'append' }],
        [unlinkSync, { kind: 'resume', start: 2 }],
        [
          (path: string) => {
            renameSync(join(root, 'other'), path);
          },
          { kind: 'append' },
        ],
      ] as const) {
        writeFileSync(join(root, 'a'), 'old');
        using change = await beforeNextStat(() => {
          meanwhile(join(root, 'a'));
        });
        await refuses('not-found', files.openWrite('/a', mode));
        expect(change.isDone).to.equal(true);
      }
      expect(readFileSync(join(root, 'a'), 'utf8')).to.equal('other');
    });

    it('takes one upload into a file at a time, by whatever name, and the next one once that is over', async () => {
      const inPlace = new LocalFileSystem(root, { inPlace: true });
      for (const end of ['commit', 'abort'] as const) {
        for (const kind of ['create', 'replace'] as const) {
          const upload = await inPlace.openWrite('/a', { kind });
          await upload.write(Buffer.from('whole'));
          linkSync(join(root, 'a'), join(root, 'b'));
          for (const path of ['/a', '/b']) {
            await refuses('busy', new LocalFileSystem(root, { inPlace: true }).openWrite(path, replace));
            await refuses('busy', files.openWrite(path, { kind: 'append' }));
          }
          await upload[end]();
          expect(readFileSync(join(root, 'b'), 'utf8')).to.equal('whole');
          unlinkSync(join(root, 'b'));
        }
        await writeFile(inPlace, '/a', 'next');
        expect(readFileSync(join(root, 'a'), 'utf8')).to.equal('next');
        unlinkSync(join(root, 'a'));
      }
    });

    it('does not follow a link that points nowhere, nor wait for a FIFO', async () => {
      const inPlace = new LocalFileSystem(root, { inPlace: true });
      symlinkSync(join(outside, 'new'), join(root, 'link'));
      execFileSync('mkfifo', [join(root, 'fifo')]);
      await refuses('not-found', inPlace.openWrite('/link', replace));
      await refuses('not-file', inPlace.openWrite('/fifo', replace));
      expectOutsideUntouched();
    });
  });

  it('refuses options that do not exist, or are no flags', () => {
    expect(() => new LocalFileSystem(root, { ...{ inplace: true }, inPlace: true })).to.throw(ConfigError, 'inplace');
    expect(() => new LocalFileSystem(root, { ...{ fsync: JSON.parse('"yes"') as boolean } })).to.throw(
      ConfigError,
      'fsync',
    );
  });

  it('refuses a directory over an empty one, which the system would allow', async () => {
    mkdirSync(join(root, 'd'));
    mkdirSync(join(root, 'e'));
    await refuses('exists', files.rename('/d', '/e'));
    expect(readdirSync(root).sort()).to.deep.equal(['d', 'e']);
  });

  describe('what stat says', () => {
    it('is size, time, mode, links and owner', async () => {
      writeFileSync(join(root, 'a'), 'content');
      chmodSync(join(root, 'a'), 0o640);
      const modifiedAt = new Date('2001-02-03T04:05:06Z');
      utimesSync(join(root, 'a'), modifiedAt, modifiedAt);
      const found = await files.stat('/a');
      expect(found).to.include({ type: 'file', sizeBytes: 7, mode: 0o640, links: 1 });
      expect(found.modifiedAt).to.deep.equal(modifiedAt);
      expect(found.owner).to.match(/^\d+$/);
    });
  });

  it('says not-found of everything where the root is missing, and serves it when it is there', async () => {
    const late = new LocalFileSystem(join(folder, 'late'));
    await refuses('not-found', late.stat('/'));
    mkdirSync(join(folder, 'late'));
    expect((await late.stat('/')).type).to.equal('directory');
    expect(existsSync(join(folder, 'late'))).to.equal(true);
  });
});
