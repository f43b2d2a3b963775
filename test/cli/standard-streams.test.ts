import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PASSWORD, ftpsProgram, startServe, type ServeCommand } from '../support/ftps-command.js';
import { runProgram, type ProgramOutput } from '../support/peers/run-program.js';
import { pend, requireHere, requireUnix } from '../support/requirement.js';

describe('standard input and output of ftps', () => {
  const content = randomBytes(1_048_576);
  let folder: string;
  let served: string;
  let server: ServeCommand;

  before(async function () {
    requireUnix(this, 'shell to redirect them');
    folder = await mkdtemp(join(tmpdir(), 'ftps-kit-streams-'));
    served = join(folder, 'served');
    await mkdir(served);
    await writeFile(join(served, 'remote.bin'), content);
    server = await startServe(served);
  });

  after(async () => {
    expect(await server.stop()).to.equal(0);
    await rm(folder, { recursive: true });
  });

  /** Runs it in a shell, with what the shell makes of `redirection`. */
  function redirected(redirection: string, ...args: readonly string[]): Promise<ProgramOutput> {
    const line = `exec "$@" ${redirection}`;
    const command = [process.execPath, ftpsProgram, ...args, ...server.trust];
    return runProgram('sh', ['-c', line, 'sh', ...command], { env: { FTPS_PASSWORD: PASSWORD } });
  }

  it('of a folder uploads nothing, and no empty file is called uploaded', async () => {
    const { code, stdout, stderr } = await redirected('< /', 'put', '-', server.url('empty'));
    expect(stderr).to.equal('ftps: cannot read standard input: it is a folder\n');
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(await readdir(served)).to.deep.equal(['remote.bin']);
  });

  it('of a file or of nothing uploads what there is', async () => {
    const file = join(folder, 'file');
    await writeFile(file, content);
    for (const [path, bytes] of [
      [file, content],
      ['/dev/null', Buffer.alloc(0)],
    ] as const) {
      const { code, stderr } = await redirected(`< '${path}'`, 'put', '-', server.url('uploaded'));
      expect(code, stderr).to.equal(0);
      expect((await readFile(join(served, 'uploaded'))).equals(bytes)).to.equal(true);
      await rm(join(served, 'uploaded'));
    }
  });

  it('of a disk uploads the disk', async function () {
    const image = join(folder, 'disk.img');
    await writeFile(image, content);
    let disk: string;
    try {
      disk = execFileSync('losetup', ['--find', '--show', '--read-only', image], { encoding: 'utf8' }).trim();
    } catch {
      pend(this, 'no disk can be made here of a file');
    }
    try {
      const { code, stderr } = await redirected(`< ${disk}`, 'put', '-', server.url('uploaded'));
      expect(code, stderr).to.equal(0);
      expect((await readFile(join(served, 'uploaded'))).equals(content)).to.equal(true);
    } finally {
      execFileSync('losetup', ['--detach', disk]);
      await rm(join(served, 'uploaded'), { force: true });
    }
  });

  it('that is full ends get and ls with 1, in words', async function () {
    requireHere(this, process.platform === 'linux', 'only Linux has /dev/full');
    for (const args of [
      ['get', server.url('remote.bin'), '-'],
      ['ls', server.url('')],
    ]) {
      const { code, stderr } = await redirected('> /dev/full', ...args);
      expect(stderr).to.match(/^ftps: .*standard output.*: .*no space.*\n$/);
      expect(code).to.equal(1);
    }
  });

  it('get the file and nothing else by the name that the system gives them', async () => {
    const file = join(folder, 'output');
    const { code, stderr } = await redirected(`> '${file}'`, 'get', server.url('remote.bin'), '/dev/stdout');
    expect(code, stderr).to.equal(0);
    expect((await readFile(file)).equals(content)).to.equal(true);
  });
});
