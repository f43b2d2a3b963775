// The example as a user runs it: a program of its own, against a server of ours.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runProgram } from '../support/peers/run-program.js';
import { startProgram } from '../support/peers/running-program.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';
import { TestServer } from '../support/test-server.js';
import { WatchedFileSystem } from '../support/watched-file-system.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** Runs the example over a folder of two files, and gives what it said. */
async function backUp(
  server: TestServer,
  folder: string,
  path: string,
  env: NodeJS.ProcessEnv = {},
  scheme = server.implicit ? 'ftps' : 'ftpes',
) {
  const url = `${scheme}://${server.user}@${server.host}:${server.port}${path}`;
  return runProgram(process.execPath, ['--import', 'tsx', 'examples/backup.ts', folder, url], {
    cwd: repository,
    env: { FTPS_PASSWORD: server.password, FTPS_CA: server.caFile, ...env },
  });
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'data');
    await mkdir(join(folder, 'inner'), { recursive: true });
    await writeFile(join(folder, 'inner/small.txt'), 'hello');
    await writeFile(join(folder, 'large.bin'), randomBytes(1_500_000));
    await work(folder);
  });
}

describe('the example of a backup', () => {
  it('streams an archive that can be unpacked, and says how it was verified', async () => {
    await withFolder(async (folder) => {
      await using server = await TestServer.start();
      const { code, stdout, stderr } = await backUp(server, folder, '/backup.tar');
      expect(code, stderr).to.equal(0);
      expect(stdout).to.match(/^\/backup\.tar: \d+ bytes, attempts: 1, verified by SHA-256 [0-9a-f]{64}\n$/);
      expect(server.names()).to.deep.equal(['backup.tar']);
      const listing = await runProgram('tar', ['--compare', '-f', join(server.root, 'backup.tar'), '-C', folder]);
      expect(listing.code, listing.stdout + listing.stderr).to.equal(0);
    });
  });

  it('speaks implicit TLS where the address says ftps, and refuses any other scheme', async () => {
    await withFolder(async (folder) => {
      await using server = await TestServer.start({ mode: 'implicit' });
      const { code, stderr } = await backUp(server, folder, '/backup.tar');
      expect(code, stderr).to.equal(0);
      const refused = await backUp(server, folder, '/other.tar', {}, 'http');
      expect(refused).to.include({ code: 1 }).and.to.have.property('stderr').that.includes('usage: ');
      expect(server.names()).to.deep.equal(['backup.tar']);
    });
  });

  it('goes on where the server fails in the middle', async () => {
    await withFolder(async (folder) => {
      await using server = await TestServer.start({
        fileSystem: (root) => {
          const watched = new WatchedFileSystem(root);
          watched.events.once('written', () => {
            watched.failWrite = 'other';
            watched.events.once('opened', () => {
              watched.failWrite = undefined;
            });
          });
          return watched;
        },
      });
      const { code, stdout, stderr } = await backUp(server, folder, '/backup.tar');
      expect(code, stderr).to.equal(0);
      expect(stdout).to.include('attempts: 2,');
      expect(stderr).to.match(/^attempt 1 failed \(.*451.*\); the next one in \d+ ms\n$/);
      expect(server.names()).to.deep.equal(['backup.tar']);
    });
  });

  it('says that nothing is done where there is no tar', async () => {
    await withFolder(async (folder) => {
      await using server = await TestServer.start();
      const { code, stderr } = await backUp(server, folder, '/backup.tar', { PATH: folder });
      expect(code).to.equal(1);
      expect(stderr).to.match(/^the backup is NOT done: .*tar could not be started\n$/);
      expect(server.names()).to.deep.equal([]);
    });
  });

  it('says that nothing is done where the archive cannot be made, and leaves the old backup', async () => {
    await withFolder(async (folder) => {
      await using server = await TestServer.start({ files: { 'backup.tar': 'old' } });
      const { code, stdout, stderr } = await backUp(server, join(folder, 'missing'), '/backup.tar');
      expect(code).to.equal(1);
      expect(stdout).to.equal('');
      expect(stderr).to.match(/^the backup is NOT done: .*tar failed: .*missing/);
      expect(server.names()).to.deep.equal(['backup.tar']);
      expect(await readFile(join(server.root, 'backup.tar'), 'utf8')).to.equal('old');
    });
  });

  it('tells the server of an interruption, says that nothing is done, and leaves the old backup', async () => {
    await withFolder(async (folder) => {
      const watched: WatchedFileSystem[] = [];
      await using server = await TestServer.start({
        files: { 'backup.tar': 'old' },
        fileSystem: (root) => {
          const files = new WatchedFileSystem(root);
          watched.push(files);
          return files;
        },
      });
      // An archive without an end.
      await writeFile(join(folder, 'tar'), '#!/bin/sh\nexec cat /dev/zero\n', { mode: 0o755 });
      const url = `ftpes://${server.user}@${server.host}:${server.port}/backup.tar`;
      const env = [`PATH=${folder}:${process.env['PATH'] ?? ''}`, `FTPS_PASSWORD=${server.password}`];
      const program = [process.execPath, '--import', 'tsx', 'examples/backup.ts', folder, url];
      const written = Promise.all(watched.map(({ events }) => once(events, 'written')));
      await using backup = startProgram('env', [...env, `FTPS_CA=${server.caFile}`, ...program], repository);
      await written;
      backup.kill('SIGTERM');
      expect(await backup.ended).to.equal(1);
      expect(backup.output()).to.match(/^the backup is NOT done: STOR was aborted\n$/);
      expect(server.names()).to.deep.equal(['backup.tar']);
      expect(server.read('backup.tar')).to.equal('old');
    });
  });

  it('says how it is used where the URL or the password is missing', async () => {
    await withFolder(async (folder) => {
      await using server = await TestServer.start();
      const url = `ftpes://${server.user}@${server.host}:${server.port}/backup.tar`;
      for (const [target, password] of [
        ['backup.tar', server.password],
        [url, undefined],
      ] as const) {
        const { code, stderr } = await runProgram(
          process.execPath,
          ['--import', 'tsx', 'examples/backup.ts', folder, target],
          { cwd: repository, env: password === undefined ? {} : { FTPS_PASSWORD: password } },
        );
        expect(code).to.equal(1);
        expect(stderr).to.match(/^usage: FTPS_PASSWORD=… backup\.ts FOLDER ftpes:/);
      }
    });
  });
});
