import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  PASSWORD,
  USER,
  ftps,
  ftpsProgram,
  jsonLines,
  startFtps,
  startServe,
  type ServeCommand,
} from '../support/ftps-command.js';
import { runProgram } from '../support/peers/run-program.js';
import { freePort } from '../support/ports.js';
import { requireUnix } from '../support/requirement.js';
import { layWire } from '../support/wire.js';

describe('a transfer of ftps that breaks', () => {
  const content = Buffer.alloc(4_000_000, 'ftps');
  let folder: string;
  let served: string;
  let local: string;
  let server: ServeCommand;
  let ports: { readonly control: number; readonly data: number };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ftps-kit-broken-'));
    served = join(folder, 'served');
    local = join(folder, 'local');
    await mkdir(served);
    await mkdir(local);
    await writeFile(join(served, 'remote.bin'), content);
    await writeFile(join(local, 'mine.bin'), content);
    const data = await freePort();
    server = await startServe(served, ['--passive-ports', `${data}-${data}`, '--grace', '0']);
    ports = { control: server.port, data };
  });

  afterEach(async () => {
    expect(await server.stop()).to.equal(0);
    expect(await readdir(served)).to.deep.equal(['remote.bin']);
    await rm(folder, { recursive: true });
  });

  it('ends a download with 6 where the connection is cut, and leaves no half file', async () => {
    await writeFile(join(local, 'old.bin'), 'old');
    await using wire = await layWire(ports, { afterBytes: 1_000_000, then: 'cut' });
    const url = `${USER}@${wire.host}:${wire.port}/remote.bin`;
    const { code, stdout, stderr } = await ftps(['get', url, 'old.bin', ...server.trust], { cwd: local });
    expect(code, stderr).to.equal(6);
    expect(stderr).to.match(/^ftps: .*RETR.+ after \d+ bytes: .+\n$/);
    expect(stdout).to.equal('');
    expect(await readdir(local)).to.have.members(['mine.bin', 'old.bin']);
    expect(await readFile(join(local, 'old.bin'), 'utf8')).to.equal('old');
  });

  it('ends an upload with 6 where the connection is cut, and the server keeps no half file', async () => {
    await using wire = await layWire(ports, { afterBytes: 1_000_000, then: 'cut' });
    const url = `${USER}@${wire.host}:${wire.port}/upload.bin`;
    const { code, stdout, stderr } = await ftps(['put', 'mine.bin', url, '--json', ...server.trust], { cwd: local });
    expect(code, stderr).to.equal(6);
    expect(jsonLines(stdout)[0]).to.include({ event: 'error', code: 'FTPS_ERR_TRANSFER', exitCode: 6 });
    expect(stderr).to.match(/^ftps: .*STOR.+ after \d+ bytes: .+\n$/);
  });

  it('ends with 6 within --timeout where the network dies', async () => {
    await using wire = await layWire(ports, { afterBytes: 1_000_000, then: 'dead' });
    const url = `${USER}@${wire.host}:${wire.port}/remote.bin`;
    const startedAt = performance.now();
    const { code, stderr } = await ftps(['get', url, '--timeout', '1', ...server.trust], { cwd: local });
    expect(code, stderr).to.equal(6);
    expect(stderr).to.match(/timed out after 1000 ms \(stall\)/);
    expect(performance.now() - startedAt).to.be.below(9_000);
    expect(await readdir(local)).to.deep.equal(['mine.bin']);
  });

  it('ends a download with 1 where the file is larger than this process may write, and leaves no half file', async function () {
    requireUnix(this, 'limits of processes');
    // In blocks of 512 bytes, or of 1,024: less than the file has.
    const args = ['-c', 'ulimit -f 1000; exec "$@"', 'sh', process.execPath, ftpsProgram];
    const { code, stderr } = await runProgram('sh', [...args, 'get', server.url('remote.bin'), ...server.trust], {
      cwd: local,
      env: { FTPS_PASSWORD: PASSWORD },
    });
    expect(code, stderr).to.equal(1);
    expect(stderr).to.match(/^ftps: cannot write remote\.bin: the file is larger than .+ allows\n$/);
    expect(await readdir(local)).to.deep.equal(['mine.bin']);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends a download with 130 at ${signal}, and leaves no half file`, async () => {
      await using wire = await layWire(ports, { afterBytes: 1_000_000, then: 'halt' });
      const url = `${USER}@${wire.host}:${wire.port}/remote.bin`;
      await using get = startFtps(['get', url, ...server.trust], { cwd: local });
      await wire.broken;
      get.kill(signal);
      expect(await get.ended, get.stderr()).to.equal(130);
      expect(get.stderr()).to.equal('ftps: RETR was aborted\n');
      expect(await readdir(local)).to.deep.equal(['mine.bin']);
    });
  }

  it('ends an upload with 130 at SIGINT, and the server keeps no half file', async () => {
    await using wire = await layWire(ports, { afterBytes: 1_000_000, then: 'halt' });
    const url = `${USER}@${wire.host}:${wire.port}/upload.bin`;
    await using put = startFtps(['put', 'mine.bin', url, ...server.trust], { cwd: local });
    await wire.broken;
    put.kill('SIGINT');
    expect(await put.ended, put.stderr()).to.equal(130);
    expect(put.stderr()).to.equal('ftps: STOR was aborted\n');
  });

  it('ends with 0 where whoever reads standard output has enough of it', async () => {
    await using get = startFtps(['get', server.url('remote.bin'), '-', ...server.trust]);
    await get.shown(/ftps/);
    get.closeStdout();
    expect(await get.ended, get.stderr()).to.equal(0);
    expect(get.stderr()).to.equal('');
  });
});
