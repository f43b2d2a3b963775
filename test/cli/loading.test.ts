// What the command loads before it begins: a person waits for that.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ftps } from '../support/ftps-command.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

/** The scripts that Node loaded, as it tells where it counts what is covered. */
async function scriptsOf(args: readonly string[]): Promise<readonly string[]> {
  let scripts: readonly string[] = [];
  await withTemporaryFolder(async (folder) => {
    await ftps(args, { env: { NODE_V8_COVERAGE: folder } });
    scripts = readdirSync(folder).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] };
      return result.map(({ url }) => url);
    });
  });
  return scripts;
}

const ofServer = (scripts: readonly string[]): readonly string[] =>
  scripts.filter((url) => url.includes('/packages/ftps-server/'));

describe('the ftps command', () => {
  for (const command of ['get', 'put', 'ls']) {
    it(`loads nothing of the server for ${command}`, async () => {
      const scripts = await scriptsOf([command, '--help']);
      expect(scripts.filter((url) => url.endsWith(`/commands/${command}.js`))).to.have.lengthOf(1);
      expect(ofServer(scripts)).to.be.empty;
    });
  }

  it('loads the server for serve', async () => {
    expect(ofServer(await scriptsOf(['serve', '--help']))).to.not.be.empty;
  });
});
