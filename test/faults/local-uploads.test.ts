// What uploads to a local folder leave behind when their process dies, and what those of the living keep.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalFileSystem } from '@ftps-kit/ftps-server';
import { namesOf, refuses, writeFile } from '@ftps-kit/ftps-server/compliance';
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
