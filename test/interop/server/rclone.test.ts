// rclone with eight transfers at a time: it keeps one cache of TLS sessions for all its connections, and mixes them up.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectTree, writeTree, type FileTree } from '../../support/file-tree.js';
import { requirePeer } from '../../support/peers/peer.js';
import { rclone } from '../../support/peers/rclone.js';
import type { ProgramOutput } from '../../support/peers/run-program.js';
import { requireCapability } from '../../support/requirement.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TestServer } from '../../support/test-server.js';

const files: FileTree = Object.fromEntries(
  Array.from({ length: 40 }, (_, n) => [`d${n % 5}/mit Leerzeichen/größer ${n}.txt`, `content ${n}\n`.repeat(n * 50)]),
);
const eightAtATime = ['--transfers=8', '--checkers=8'];

describe('rclone with eight transfers at a time', function () {
  this.timeout(60_000);

  before(function () {
    requirePeer(this, rclone);
  });

  for (const versions of ['1.3', '1.2'] as const) {
    it(`copies a tree up and down and keeps it in step, TLS ${versions}, binding allow`, async function () {
      // node:tls sends tickets at the end of every full handshake of TLS 1.3. Go closes an upload's data connection without
      // reading them, which resets it: the portable engine reports a broken upload then, as it must.
      if (versions === '1.3') requireCapability(this, 'ticketsOnDemand');
      // Go before 1.21 has no extended master secret (RFC 7627), which the openssl engine sees and demands.
      const engine = versions === '1.2' ? 'node' : 'auto';
      await using server = await TestServer.start({ versions, engine, binding: 'allow' });
      await withTemporaryFolder(async (folder) => {
        const run = async (...args: readonly string[]): Promise<void> => {
          const output = await rclone.run(server, [...args, ...eightAtATime], { cwd: folder, timeoutMs: 50_000 });
          expect(output.code, output.stderr.slice(-3_000)).to.equal(0);
        };
        await writeTree(join(folder, 'up'), files);
        await run('copy', 'up', rclone.remote('tree'));
        await expectTree(join(server.root, 'tree'), files);
        await run('copy', rclone.remote('tree'), 'down');
        await expectTree(join(folder, 'down'), files);
        await run('check', '--download', 'up', rclone.remote('tree'));

        await rm(join(folder, 'up', 'd0'), { recursive: true });
        await writeFile(join(folder, 'up', 'new.txt'), 'new');
        await run('sync', 'up', rclone.remote('tree'));
        const left = Object.entries(files).filter(([path]) => !path.startsWith('d0/'));
        await expectTree(join(server.root, 'tree'), { ...Object.fromEntries(left), 'new.txt': 'new' });
      });
      expect(server.transfers.every(({ verdict }) => verdict !== undefined)).to.equal(true);
      expect(server.transfers.map(({ replyCode }) => replyCode)).to.deep.equal(server.transfers.map(() => 226));
    });
  }

  it('is refused cleanly under binding require where it mixes sessions, and one at a time brings the rest', async () => {
    await using server = await TestServer.start({ versions: '1.3' });
    await withTemporaryFolder(async (folder) => {
      const copy = (...how: readonly string[]): Promise<ProgramOutput> =>
        rclone.run(server, ['copy', 'up', rclone.remote('tree'), ...how], { cwd: folder, timeoutMs: 50_000 });
      await writeTree(join(folder, 'up'), files);
      await copy(...eightAtATime);
      for (const { verdict, replyCode, bytes } of server.transfers) {
        if (replyCode === 226) expect(verdict).to.equal('bound');
        else expect({ replyCode, bytes }).to.deep.equal({ replyCode: 522, bytes: 0 });
      }
      const output = await copy('--transfers=1', '--checkers=1', '--ftp-concurrency=1');
      expect(output.code, output.stderr.slice(-3_000)).to.equal(0);
      await expectTree(join(server.root, 'tree'), files);
    });
  });
});
