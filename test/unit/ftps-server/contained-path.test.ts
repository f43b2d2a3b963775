import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ContainedPaths } from '../../../packages/ftps-server/src/contained-path.js';
import { rejection } from '../../support/rejection.js';
import { requireHere } from '../../support/requirement.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

describe('a directory that was found to be inside the root', () => {
  it('is not pinned where it has come to lead out: as a link, or below one', async function () {
    requireHere(this, process.platform === 'linux', 'only Linux keeps to a directory by /proc');
    await withTemporaryFolder(async (folder) => {
      const [root, outside] = [join(folder, 'root'), join(folder, 'outside')];
      mkdirSync(join(root, 'd', 'below'), { recursive: true });
      mkdirSync(join(outside, 'below'), { recursive: true });
      const paths = new ContainedPaths(root);
      const found = [join(root, 'd'), join(root, 'd', 'below')];
      for (const path of found) {
        const pinned = await paths.pin(path);
        expect(pinned.realPath).to.equal(path);
        await pinned.close();
      }
      rmSync(join(root, 'd'), { recursive: true });
      symlinkSync(outside, join(root, 'd'));
      for (const path of found) {
        const error = await rejection(paths.pin(path));
        expect(error, path).to.have.property('kind').that.is.oneOf(['not-found', 'not-directory']);
      }
    });
  });
});

describe('a path on Windows', () => {
  const { platform } = process;

  afterEach(() => {
    Object.defineProperty(process, 'platform', { value: platform });
  });

  it('holds no device, stream, drive or backslash, and no name that Windows takes for another', async () => {
    await withTemporaryFolder(async (root) => {
      const paths = new ContainedPaths(root);
      mkdirSync(join(root, 'console'));
      const look = (path: string): Promise<string> =>
        paths.at(path, { last: 'follow' }, ({ name }) => Promise.resolve(name));
      expect(await look('/console')).to.equal('console');
      Object.defineProperty(process, 'platform', { value: 'win32' });
      expect(await look('/console')).to.equal('console');
      for (const name of [
        'con',
        'NUL',
        'aux.txt',
        'com1',
        'LPT9.log',
        'a:b',
        'c:',
        '..\\x',
        'x.',
        'x ',
        'a*',
        'a?',
        '"a"',
      ]) {
        for (const path of [`/${name}`, `/console/${name}`, `/${name}/below`]) {
          expect(await rejection(look(path)), path).to.have.property('kind', 'name-not-allowed');
        }
      }
    });
  });
});
