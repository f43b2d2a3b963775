import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { testCertificates } from '../support/certificates.js';
import { USER, ftps, jsonLines, startServe, type ServeCommand } from '../support/ftps-command.js';

const TRANSFER_FIELDS = [
  ...['event', 'from', 'to', 'bytes', 'durationMs', 'protocol', 'cipherSuite'],
  ...['resumed', 'ticketSource', 'closure', 'verified'],
];

describe('ftps get, put and ls', () => {
  const content = randomBytes(300_000);
  let folder: string;
  let served: string;
  let local: string;
  let server: ServeCommand;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ftps-kit-cli-'));
    served = join(folder, 'served');
    await mkdir(served);
    const { server: identity } = await testCertificates();
    server = await startServe(served, [
      ...['--implicit-port', '0'],
      ...['--cert', identity.certFile, '--key', identity.keyFile],
    ]);
  });

  beforeEach(async () => {
    await rm(served, { recursive: true });
    await mkdir(join(served, 'folder'), { recursive: true });
    await writeFile(join(served, 'a.bin'), content);
    await writeFile(join(served, 'folder', 'b.txt'), 'b');
    local = await mkdtemp(join(folder, 'local-'));
  });

  after(async () => {
    expect(await server.stop()).to.equal(0);
    await rm(folder, { recursive: true });
  });

  it('brings a file under its own name, and says what was proved', async () => {
    const { code, stdout, stderr } = await ftps(['get', server.url('a.bin'), ...server.trust], { cwd: local });
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(
      /^a\.bin -> a\.bin {2}300 kB in .+\(TLSv1\.3, TLS_\w+, resumed, (?:size|SHA-256) verified\)\n$/,
    );
    expect(stderr).to.equal('');
    expect(await readFile(join(local, 'a.bin'))).to.deep.equal(content);
  });

  it('brings a file under another name, and into a folder', async () => {
    await mkdir(join(local, 'into'));
    for (const [target, path] of [
      ['other.bin', 'other.bin'],
      ['into', 'into/a.bin'],
    ] as const) {
      const { code } = await ftps(['get', server.url('a.bin'), target, ...server.trust], { cwd: local });
      expect(code).to.equal(0);
      expect(await readFile(join(local, path))).to.deep.equal(content);
    }
  });

  it('takes flags before its operands, and flags that may be repeated too', async () => {
    const { code, stderr } = await ftps(['ls', ...server.trust, server.url('')]);
    expect(code, stderr).to.equal(0);
  });

  it('writes a file, and nothing else, to standard output', async () => {
    await writeFile(join(served, 'text'), 'exactly this');
    const { code, stdout } = await ftps(['get', server.url('text'), '-', ...server.trust]);
    expect(code).to.equal(0);
    expect(stdout).to.equal('exactly this');
  });

  it('puts what standard input gives', async () => {
    const { code, stderr } = await ftps(['put', '-', server.url('from-stdin'), ...server.trust], { input: content });
    expect(code, stderr).to.equal(0);
    expect(await readFile(join(served, 'from-stdin'))).to.deep.equal(content);
  });

  it('puts one file under a name, and several into a folder', async () => {
    await writeFile(join(local, 'one'), '1');
    await writeFile(join(local, 'two'), '');
    const single = await ftps(['put', 'one', server.url('uno'), ...server.trust], { cwd: local });
    const several = await ftps(['put', 'one', 'two', server.url('folder/'), ...server.trust], { cwd: local });
    expect([single.code, several.code]).to.deep.equal([0, 0]);
    expect(await readFile(join(served, 'uno'), 'utf8')).to.equal('1');
    expect(await readdir(join(served, 'folder'))).to.have.members(['b.txt', 'one', 'two']);
  });

  it('carries names with spaces, accents, backslashes, hyphens and percent signs both ways', async () => {
    for (const [name, inUrl] of [
      ['with space', 'with space'],
      ['über ☃.txt', '%C3%BCber%20☃.txt'],
      ['50% #1?.txt', '50%25 #1?.txt'],
      ['back\\slash', 'back\\slash'],
      ['-hyphen', '-hyphen'],
    ] as const) {
      await writeFile(join(local, name), name);
      const put = await ftps(['put', ...server.trust, '--', name, server.url(inUrl)], { cwd: local });
      const get = await ftps(['get', ...server.trust, '--', server.url(inUrl), `-back ${name}`], { cwd: local });
      expect([put.code, get.code], put.stderr + get.stderr).to.deep.equal([0, 0]);
      expect(await readFile(join(served, name), 'utf8')).to.equal(name);
      expect(await readFile(join(local, `-back ${name}`), 'utf8')).to.equal(name);
    }
    const { stdout } = await ftps(['ls', server.url(''), ...server.trust]);
    expect(stdout).to.include('über ☃.txt').and.include('50% #1?.txt').and.include('back\\slash');
  });

  it('lists the login folder with and without a slash, and another folder', async () => {
    const root = `${USER}@127.0.0.1:${server.port}`;
    for (const url of [root, `${root}/`, `ftp://${root}//`]) {
      const { code, stdout, stderr } = await ftps(['ls', url, ...server.trust]);
      expect(code, stderr).to.equal(0);
      expect(stdout).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d {4}300 kB {2}a\.bin$/m);
      expect(stdout).to.match(/ {2}folder\/$/m);
    }
    for (const path of ['folder', 'folder/', '/folder']) {
      expect((await ftps(['ls', server.url(path), ...server.trust])).stdout).to.match(/^.+ 1 B {2}b\.txt\n$/);
    }
  });

  it('does not let a name steer the terminal', async () => {
    await writeFile(join(served, 'red\x1b[31m'), '');
    const { stdout } = await ftps(['ls', server.url(''), ...server.trust]);
    expect(stdout).to.include('red?[31m').and.not.include('\x1b');
  });

  it('speaks implicit TLS to ftps:// URLs', async () => {
    const implicit = server.events().find(({ mode }) => mode === 'implicit');
    const url = `ftps://${USER}@127.0.0.1:${String(implicit?.['port'])}/a.bin`;
    const { code, stderr } = await ftps(['get', url, ...server.trust], { cwd: local });
    expect(code, stderr).to.equal(0);
    expect(await readFile(join(local, 'a.bin'))).to.deep.equal(content);
  });

  it('trusts the authority that --ca names', async () => {
    const { caFile } = await testCertificates();
    const { code, stderr } = await ftps(['ls', `${USER}@localhost:${server.port}/`, '--ca', caFile]);
    expect(code, stderr).to.equal(0);
  });

  it('trusts anybody with --insecure', async () => {
    expect((await ftps(['ls', server.url(''), '--insecure'])).code).to.equal(0);
  });

  it('uses only the TLS version that --pin names', async () => {
    for (const version of ['1.2', '1.3']) {
      const { stdout } = await ftps(['get', server.url('a.bin'), '--pin', version, ...server.trust], { cwd: local });
      expect(stdout).to.include(`TLSv${version}, `).and.include(' resumed');
    }
  });

  it('gives one JSON object a line with --json, with all that was proved', async () => {
    const get = await ftps(['get', server.url('a.bin'), '--json', ...server.trust], { cwd: local });
    const put = await ftps(['put', 'a.bin', server.url('folder/'), '--json', ...server.trust], { cwd: local });
    const [downloaded, ...more] = jsonLines(get.stdout);
    const [uploaded] = jsonLines(put.stdout);
    expect(more).to.be.empty;
    expect(downloaded).to.have.all.keys(TRANSFER_FIELDS);
    expect(uploaded).to.have.all.keys(TRANSFER_FIELDS);
    const proved = { bytes: content.length, protocol: 'TLSv1.3', resumed: true };
    expect(downloaded).to.include({ event: 'downloaded', from: 'a.bin', to: 'a.bin', ...proved });
    expect(uploaded).to.include({ event: 'uploaded', from: 'a.bin', to: 'folder/a.bin', ...proved });
    for (const moved of [downloaded, uploaded]) expect(moved?.['verified']).to.be.oneOf(['size', 'SHA-256']);
  });

  it('gives one JSON object an entry', async () => {
    const { stdout } = await ftps(['ls', server.url(''), '--json', ...server.trust]);
    const entries = jsonLines(stdout);
    expect(entries.map(({ name }) => name)).to.have.members(['a.bin', 'folder']);
    const file = entries.find(({ name }) => name === 'a.bin');
    expect(file).to.include({ event: 'entry', type: 'file', size: content.length });
    expect(new Date(String(file?.['modifiedAt'])).getTime()).to.be.closeTo(Date.now(), 60_000);
    expect(entries.find(({ name }) => name === 'folder')).to.include({ type: 'directory' });
  });

  it('is silent with --quiet, but for what was asked for', async () => {
    const get = await ftps(['get', server.url('a.bin'), '--quiet', ...server.trust], { cwd: local });
    const list = await ftps(['ls', server.url('folder'), '-q', ...server.trust]);
    expect(get).to.deep.equal({ code: 0, stdout: '', stderr: '' });
    expect(list.stdout).to.include('b.txt');
  });
});
