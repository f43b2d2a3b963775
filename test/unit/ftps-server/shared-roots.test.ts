import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalFileSystem, anonymousAccount, fixedAccounts, sharedRoots } from '@ftps-kit/ftps-server';
import { localClient } from '../../support/login-client.js';

describe('sharedRoots', () => {
  let folder: string;
  let opened: string[];

  beforeEach(() => {
    folder = realpathSync.native(mkdtempSync(join(tmpdir(), 'ftps-kit-roots-')));
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'link'));
    opened = [];
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const open = (root: string): LocalFileSystem => {
    opened.push(root);
    return new LocalFileSystem(root);
  };

  it('opens a folder once, by its real path, whichever way leads to it', () => {
    const openRoot = sharedRoots(open);
    const real = openRoot(join(folder, 'real'));
    for (const way of ['real/', 'real/.', 'link', 'link/', 'real/../link']) {
      expect(openRoot(`${folder}/${way}`), way).to.equal(real);
    }
    expect(opened).to.deep.equal([join(folder, 'real')]);
  });

  it('opens each of several folders, also such as are missing', () => {
    const openRoot = sharedRoots(open);
    expect(openRoot(join(folder, 'missing'))).to.equal(openRoot(join(folder, 'missing/')));
    openRoot(folder);
    expect(opened).to.deep.equal([join(folder, 'missing'), folder]);
  });

  it('makes authenticators side by side see one file system', async () => {
    const openRoot = sharedRoots(open);
    const anonymous = anonymousAccount({ root: join(folder, 'link') }, { openRoot });
    const fixed = fixedAccounts([{ name: 'alice', password: 'a', root: join(folder, 'real') }], { openRoot });
    const nobody = await anonymous({ user: 'anonymous', password: '' }, localClient);
    const alice = await fixed({ user: 'alice', password: 'a' }, localClient);
    expect(alice?.fileSystem).to.be.instanceOf(LocalFileSystem).and.equal(nobody?.fileSystem);
  });
});
