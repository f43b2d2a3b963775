// What people do with lftp, against our server under binding `require`: trees, pieces, active mode, several connections.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectTree, type FileTree } from '../../support/file-tree.js';
import { lftp } from '../../support/peers/lftp.js';
import { requirePeer } from '../../support/peers/peer.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TestServer, type TestServerOptions } from '../../support/test-server.js';

const tree: FileTree = Object.fromEntries(
  Array.from({ length: 12 }, (_, n) => [`d${n % 4}/mit Leerzeichen/größer ${n}.txt`, `content ${n}\n`.repeat(n)]),
);
const seeded = Object.fromEntries(Object.entries(tree).map(([path, text]) => [`tree/${path}`, text]));

/** Runs lftp in a local folder; afterwards every data connection was bound, but for those that lftp itself broke off at once. */
async function withServer(
  options: TestServerOptions,
  use: (server: TestServer, run: (...commands: readonly string[]) => Promise<string>, folder: string) => Promise<void>,
): Promise<void> {
  await using server = await TestServer.start(options);
  await withTemporaryFolder(async (folder) => {
    await use(
      server,
      async (...commands) => {
        const output = await lftp.run(server, commands, { cwd: folder });
        expect(output.code, output.stderr.slice(-3_000)).to.equal(0);
        return output.stdout;
      },
      folder,
    );
  });
  const begun = server.transfers.filter(({ verdict, bytes }) => verdict !== undefined || bytes > 0);
  expect(begun.map(({ verdict }) => verdict)).to.deep.equal(begun.map(() => 'bound'));
}

describe('lftp at work', function () {
  this.timeout(60_000);

  before(function () {
    requirePeer(this, lftp);
  });

  for (const parallel of [1, 4]) {
    it(`mirrors a tree down and up again, ${parallel} at a time, on as many control connections`, async () => {
      await withServer({ files: seeded }, async (server, run, folder) => {
        await run(`mirror --parallel=${parallel} tree copy`, `mirror -R --parallel=${parallel} copy back`);
        await expectTree(join(folder, 'copy'), tree);
        await expectTree(join(server.root, 'back'), tree);
        expect(server.logins.every(({ accepted }) => accepted)).to.equal(true);
      });
    });
  }

  it('mirrors only what is new, and deletes what is gone', async () => {
    await withServer({ files: seeded }, async (server, run, folder) => {
      await run('mirror tree copy');
      const before = server.transfers.length;
      const listings = new Set(['LIST', 'MLSD', 'NLST']);
      await run('mirror tree copy');
      const again = server.transfers.slice(before).filter(({ command }) => !listings.has(command));
      expect(again.map(({ path }) => path)).to.deep.equal([]);
      server.seed({ 'tree/new.txt': 'new' });
      await run('rm -r "tree/d1"', 'mirror --delete tree copy');
      expect((await readdir(join(folder, 'copy'))).sort()).to.deep.equal(['d0', 'd2', 'd3', 'new.txt']);
    });
  });

  it('keeps the times of what it mirrors up', async () => {
    await withServer({}, async (server, run, folder) => {
      await mkdir(join(folder, 'up'));
      await writeFile(join(folder, 'up', 'a.txt'), 'a');
      await run('mirror -R up up');
      const [local, remote] = await Promise.all([
        stat(join(folder, 'up', 'a.txt')),
        stat(join(server.root, 'up', 'a.txt')),
      ]);
      expect(Math.floor(remote.mtimeMs / 1000)).to.equal(Math.floor(local.mtimeMs / 1000));
    });
  });

  it('gets one file in pieces over several connections (pget -n)', async () => {
    const content = randomBytes(8_000_000);
    await withServer({ files: { 'big.bin': content } }, async (server, run, folder) => {
      // Slow enough, and without the burst that lftp allows itself, for the other three to begin before the first has it all.
      await run(
        'set pget:min-chunk-size 100k',
        'set net:limit-rate 2000000',
        'set net:limit-max 200000',
        'pget -n 4 big.bin -o big.bin',
      );
      const got = await readFile(join(folder, 'big.bin'));
      expect(createHash('sha256').update(got).digest('hex')).to.equal(
        createHash('sha256').update(content).digest('hex'),
      );
      expect(server.logins).to.have.length(4);
    });
  });

  it('resumes in both directions', async () => {
    const content = randomBytes(400_000);
    await withServer(
      { files: { 'a.bin': content, 'b.bin': content.subarray(0, 150_000) } },
      async (server, run, folder) => {
        await writeFile(join(folder, 'a.bin'), content.subarray(0, 100_000));
        await writeFile(join(folder, 'b.bin'), content);
        await run('get -c a.bin', 'put -c b.bin');
        expect((await readFile(join(folder, 'a.bin'))).equals(content)).to.equal(true);
        expect(server.bytes('b.bin').equals(content)).to.equal(true);
        expect(server.transfers.filter(({ bytes }) => bytes > 1_000).map(({ bytes }) => bytes)).to.deep.equal([
          300_000, 250_000,
        ]);
      },
    );
  });

  it('is connected to in active mode', async () => {
    await withServer({ active: true, files: seeded }, async (server, run, folder) => {
      await run('set ftp:passive-mode off', 'mirror tree copy', 'mirror -R copy back');
      await expectTree(join(folder, 'copy'), tree);
      await expectTree(join(server.root, 'back'), tree);
    });
  });

  it('makes, moves and removes whole trees', async () => {
    await withServer({ files: seeded }, async (server, run) => {
      await run('mkdir -p a/b/c', 'mv "tree/d0" a/b/c/moved', 'rm -r tree', 'find a');
      expect(server.names()).to.deep.equal(['a']);
      expect(server.names('a/b/c')).to.deep.equal(['moved']);
    });
  });
});
