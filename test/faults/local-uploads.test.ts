// What uploads to a local folder leave behind when their process dies, and what those of the living keep.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalFileSystem } from '@ftps-kit/ftps-server';
import { namesOf, refuses, writeFile } from '@ftps-kit/ftps-server/compliance';
import { AtomicFile } from '../../packages/ftps-server/src/atomic-file.js';
import { PinnedDirectory } from '../../packages/ftps-server/src/pinned-directory.js';
import { failing, failingCloses, heldSyncs } from '../support/failing-file-handles.js';
import { rejection } from '../support/rejection.js';
import { requireUnix } from '../support/requirement.js';
import { UnfinishedUpload } from '../support/unfinished-upload.js';

describe('an upload whose process was killed', () => {
  let root: string;

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'ftps-kit-files-'));
    mkdirSync(join(root, 'd'));
    writeFileSync(join(root, 'd', 'a'), 'old content');
    const upload = await UnfinishedUpload.begin(root, '/d/a');
    await upload.kill();
    expect(readdirSync(join(root, 'd'))).to.have.length(2);
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('has left the old file whole, and is cleared at the next upload into the folder', async () => {
    await writeFile(new LocalFileSystem(root), '/d/b', 'b');
    expect(readdirSync(join(root, 'd')).sort()).to.deep.equal(['a', 'b']);
    expect(readFileSync(join(root, 'd', 'a'), 'utf8')).to.equal('old content');
  });

  it('is cleared when the folder is listed', async () => {
    expect(await namesOf(new LocalFileSystem(root), '/d')).to.deep.equal(['a']);
    expect(readdirSync(join(root, 'd'))).to.deep.equal(['a']);
  });

  it('does not keep the folder from being removed', async () => {
    const files = new LocalFileSystem(root);
    await refuses('not-empty', files.removeDirectory('/d'));
    rmSync(join(root, 'd', 'a'));
    const upload = await UnfinishedUpload.begin(root, '/d/a');
    await upload.kill();
    await files.removeDirectory('/d');
    expect(readdirSync(root)).to.deep.equal([]);
  });
});

describe('an upload of another living server over the same folder', () => {
  it('is left alone by everything that clears', async () => {
    const root = mkdtempSync(join(tmpdir(), 'ftps-kit-files-'));
    await using upload = await UnfinishedUpload.begin(root, '/a');
    const [hidden] = readdirSync(root);
    const files = new LocalFileSystem(root);
    await writeFile(files, '/b', 'b');
    expect(await namesOf(files, '/')).to.deep.equal(['b']);
    expect(readdirSync(root).sort()).to.deep.equal([hidden, 'b']);
    await upload.kill();
    await namesOf(files, '/');
    expect(readdirSync(root)).to.deep.equal(['b']);
    rmSync(root, { recursive: true });
  });
});

describe('an upload to a file system that fails', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ftps-kit-files-'));
    writeFileSync(join(root, 'a'), 'old content');
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const contentOf = (name: string): string => readFileSync(join(root, name), 'utf8');

  for (const kind of ['create', 'replace'] as const) {
    const name = kind === 'create' ? 'b' : 'a';

    it(`to ${kind} is done where its folder cannot be closed behind it`, async () => {
      const directory = await PinnedDirectory.open(root);
      let closed = 0;
      const close = directory.close.bind(directory);
      directory.close = async () => {
        closed += 1;
        await close();
        throw new Error('EIO: i/o error, close');
      };
      const target = { directory, name, path: directory.entry(name) };
      const options = { old: undefined, exclusive: kind === 'create', fsync: false };
      const upload = await AtomicFile.open(target, options);
      await upload.write(Buffer.from('new content'));
      expect(await upload.commit()).to.include({ sizeBytes: 11 });
      expect(closed).to.equal(1);
      expect(contentOf(name)).to.equal('new content');
      expect(readdirSync(root)).to.deep.equal(kind === 'create' ? ['a', 'b'] : ['a']);
    });

    it(`to ${kind} says that the file is in place where its folder cannot be synced`, async function () {
      requireUnix(this, 'folders that can be synced');
      const upload = await new LocalFileSystem(root, { fsync: true }).openWrite(`/${name}`, { kind });
      await upload.write(Buffer.from('new content'));
      {
        using syncing = await failing('sync', 'directory');
        const error = await rejection(upload.commit());
        expect(error)
          .to.include({ kind: 'unsynced' })
          .and.property('message')
          .includes(`${name} is in place, but its folder`);
        expect(syncing.failures).to.equal(1);
      }
      expect(contentOf(name)).to.equal('new content');
      expect(readdirSync(root)).to.deep.equal(kind === 'create' ? ['a', 'b'] : ['a']);
    });
  }

  it('leaves the old file and nothing beside it where it cannot be synced itself', async () => {
    const upload = await new LocalFileSystem(root, { fsync: true }).openWrite('/a', { kind: 'replace' });
    await upload.write(Buffer.from('new content'));
    {
      using syncing = await failing('sync', 'file');
      await refuses('other', upload.commit());
      expect(syncing.failures).to.equal(1);
    }
    expect(contentOf('a')).to.equal('old content');
    expect(readdirSync(root)).to.deep.equal(['a']);
  });

  it('leaves nothing beside the old file where it fails as it begins', async () => {
    {
      using asking = await failing('stat', 'file');
      await refuses('other', new LocalFileSystem(root).openWrite('/a', { kind: 'replace' }));
      expect(asking.failures).to.equal(1);
    }
    expect(contentOf('a')).to.equal('old content');
    expect(readdirSync(root)).to.deep.equal(['a']);
  });

  it('into the file itself is refused where the disk turns out to be full as it is closed, and can be gone on with', async () => {
    const files = new LocalFileSystem(root);
    {
      using closing = await failingCloses('ENOSPC');
      const upload = await files.openWrite('/a', { kind: 'append' });
      await upload.write(Buffer.from(' and more'));
      await refuses('no-space', upload.commit());
      expect(closing.failures).to.equal(1);
    }
    await writeFile(files, '/a', ', again', { kind: 'resume', start: 11 });
    expect(contentOf('a')).to.equal('old content, again');
  });

  it('into the file itself is given up, or told of as lost, whatever closing it says', async () => {
    const files = new LocalFileSystem(root);
    using closing = await failingCloses('EIO');
    const givenUp = await files.openWrite('/a', { kind: 'append' });
    await givenUp.write(Buffer.from(' and more'));
    await givenUp.abort();
    const lost = await files.openWrite('/a', { kind: 'append' });
    await lost.write(Buffer.from(' and more'));
    await files.remove('/a');
    await refuses('gone', lost.commit());
    expect(closing.failures).to.equal(2);
  });
});

describe('a commit that has given the file its name', () => {
  for (const kind of ['create', 'replace'] as const) {
    it(`to ${kind} cannot be called off any more, although it is not over, and is done`, async function () {
      requireUnix(this, 'folders that can be synced');
      const root = mkdtempSync(join(tmpdir(), 'ftps-kit-files-'));
      if (kind === 'replace') writeFileSync(join(root, 'a'), 'old content');
      const upload = await new LocalFileSystem(root, { fsync: true }).openWrite('/a', { kind });
      await upload.write(Buffer.from('new content'));
      using syncing = await heldSyncs('directory');
      const committing = upload.commit();
      await syncing.began;
      expect(readFileSync(join(root, 'a'), 'utf8')).to.equal('new content');
      expect(upload.callOff?.()).to.equal(false);
      syncing.letGo();
      expect(await committing).to.include({ sizeBytes: 11 });
      expect(readFileSync(join(root, 'a'), 'utf8')).to.equal('new content');
      rmSync(root, { recursive: true });
    });
  }
});
