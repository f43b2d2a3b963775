import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ContainedPaths } from '../../../packages/ftps-server/src/contained-path.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

describe('a directory that was found to be inside the root', () => {
  it('is not pinned where it has come to lead out: as a link, or below one', async function () {
    if (process.platform !== 'linux') this.skip();
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
