// What people do with curl, against our server under binding `require`: each data connection bound, in the server's words.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { curl } from '../../support/peers/curl.js';
import { executable, requirePeer } from '../../support/peers/peer.js';
import { runProgram, type ProgramOutput } from '../../support/peers/run-program.js';
import { pend } from '../../support/requirement.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TestServer, type TestServerOptions } from '../../support/test-server.js';

const content = Buffer.alloc(300_000, 'ftps');

/** A server and a local folder with `up.bin` in it. */
async function withServer(
  options: TestServerOptions,
  use: (
    server: TestServer,
    run: (...args: readonly string[]) => Promise<ProgramOutput>,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  await using server = await TestServer.start(options);
  await withTemporaryFolder(async (folder) => {
    await writeFile(join(folder, 'up.bin'), content);
    const run = async (...args: readonly string[]): Promise<ProgramOutput> => {
      const output = await curl.run(server, args, { cwd: folder });
      expect(output.code, output.stderr).to.equal(0);
      return output;
    };
    await use(server, run, folder);
  });
  for (const { verdict, command, replyCode } of server.transfers) {
    expect({ verdict, replyCode }, command).to.deep.equal({ verdict: 'bound', replyCode: 226 });
  }
}

/** The commands that curl says it sent. */
function sent({ stderr }: ProgramOutput): readonly string[] {
  return [...stderr.matchAll(/^> ([^\r\n]+)\r?$/gm)].map(([, line = '']) => line);
}

/** curl 7.87 and 7.88 begin no TLS on data connections that the server opens (curl/curl#10666). */
async function forgetsTlsInActiveMode(): Promise<boolean> {
  const { stdout } = await runProgram(executable('curl'), ['--version']);
  return /^curl 7\.8[78]\./.test(stdout);
}

describe('curl at work', () => {
  before(function () {
    requirePeer(this, curl);
  });

  it('is connected to in active mode, by EPRT and by PORT', async function () {
    if (await forgetsTlsInActiveMode()) pend(this, 'this one forgets TLS there, as the next test shows');
    await withServer({ active: true, files: { 'a.bin': content } }, async (server, run, folder) => {
      for (const [command, args] of [
        ['EPRT', []],
        ['PORT', ['--disable-eprt']],
      ] as const) {
        const active = ['--ftp-port', '-', ...args];
        const output = await run(...active, curl.url(server, 'a.bin'), '-o', 'got.bin');
        expect((await readFile(join(folder, 'got.bin'))).equals(content)).to.equal(true);
        expect(sent(output).some((line) => line.startsWith(`${command} `))).to.equal(true);
        await run(...active, '-T', 'up.bin', curl.url(server, 'up.bin'));
        expect(server.bytes('up.bin').equals(content)).to.equal(true);
      }
    });
  });

  it('of a version that forgets TLS in active mode is shown not one byte, and told so', async function () {
    if (!(await forgetsTlsInActiveMode())) pend(this, 'this one does not, as the test before shows');
    await using server = await TestServer.start({
      active: true,
      limits: { tlsTimeoutMs: 2_000 },
      files: { 'a.bin': content },
    });
    const output = await curl.run(server, ['--ftp-port', '-', curl.url(server, 'a.bin')]);
    expect(output.code).not.to.equal(0);
    expect(output.stdout).to.equal('');
    expect(server.lastTransfer).to.include({ bytes: 0, replyCode: 425 });
  });

  it('is told that active mode is off where it is, and no port is connected to', async () => {
    await using server = await TestServer.start({ files: { 'a.bin': content } });
    const output = await curl.run(server, ['--ftp-port', '-', curl.url(server, 'a.bin')]);
    // CURLE_FTP_PORT_FAILED
    expect(output.code, output.stderr).to.equal(30);
    expect(output.stdout).to.equal('');
  });

  it('resumes an upload where the server has only its beginning', async () => {
    await withServer({ files: { 'up.bin': content.subarray(0, 100_000) } }, async (server, run) => {
      await run('-C', '-', '-T', 'up.bin', curl.url(server, 'up.bin'));
      expect(server.bytes('up.bin').equals(content)).to.equal(true);
      expect(server.lastTransfer.bytes).to.equal(200_000);
    });
  });

  it('resumes a download, and fetches a range', async () => {
    await withServer({ files: { 'a.bin': content, digits: '0123456789' } }, async (server, run, folder) => {
      await writeFile(join(folder, 'a.bin'), content.subarray(0, 100_001));
      await run('-C', '-', curl.url(server, 'a.bin'), '-o', 'a.bin');
      expect((await readFile(join(folder, 'a.bin'))).equals(content)).to.equal(true);
      expect(server.lastTransfer.bytes).to.equal(199_999);
      expect((await run('-r', '7-', curl.url(server, 'digits'))).stdout).to.equal('789');
    });
  });

  it('appends to a file, and to none', async () => {
    await withServer({ files: { 'log.txt': 'first\n' } }, async (server, run, folder) => {
      await writeFile(join(folder, 'more.txt'), 'second\n');
      for (const name of ['log.txt', 'new.txt']) await run('-a', '-T', 'more.txt', curl.url(server, name));
      expect(server.read('log.txt')).to.equal('first\nsecond\n');
      expect(server.read('new.txt')).to.equal('second\n');
    });
  });

  for (const [method, commands] of [
    ['multicwd', ['CWD deep', 'CWD er', 'EPSV', 'TYPE I', 'SIZE a.bin', 'RETR a.bin']],
    ['singlecwd', ['CWD deep/er', 'EPSV', 'TYPE I', 'SIZE a.bin', 'RETR a.bin']],
    ['nocwd', ['EPSV', 'TYPE I', 'SIZE deep/er/a.bin', 'RETR deep/er/a.bin']],
  ] as const) {
    it(`finds its way by --ftp-method ${method}`, async () => {
      await withServer({ files: { 'deep/er/a.bin': content } }, async (server, run, folder) => {
        const url = curl.url(server, 'deep/er/a.bin');
        const output = await run('--ftp-method', method, url, '-o', 'got.bin');
        expect(sent(output).slice(-commands.length)).to.deep.equal(commands);
        expect((await readFile(join(folder, 'got.bin'))).equals(content)).to.equal(true);
      });
    });
  }

  it('sends commands of its user before, between and after', async () => {
    await withServer({ files: { 'a.bin': content, 'old.txt': 'x' } }, async (server, run, folder) => {
      const quotes = ['-Q', 'MKD made', '-Q', '-RNFR a.bin', '-Q', '-RNTO made/b.bin', '-Q', '-DELE old.txt'];
      await run(...quotes, '-Q', '+NOOP', curl.url(server, 'a.bin'), '-o', 'got.bin');
      expect((await readFile(join(folder, 'got.bin'))).equals(content)).to.equal(true);
      expect(server.names()).to.deep.equal(['made']);
      expect(server.bytes('made/b.bin').equals(content)).to.equal(true);
    });
  });

  it('gives up at a command of its user that is refused, and goes on past one that may be', async () => {
    await using server = await TestServer.start({ files: { 'a.txt': 'a' } });
    const refused = await curl.run(server, ['-Q', 'DELE missing', curl.url(server, 'a.txt')]);
    // CURLE_QUOTE_ERROR
    expect(refused.code, refused.stderr).to.equal(21);
    const forgiven = await curl.run(server, ['-Q', '*DELE missing', curl.url(server, 'a.txt')]);
    expect(forgiven.code, forgiven.stderr).to.equal(0);
    expect(forgiven.stdout).to.equal('a');
  });

  it('makes the folders of an upload that are missing', async () => {
    await withServer({}, async (server, run) => {
      // By one CWD curl makes one folder only.
      for (const [method, path] of [
        ['multicwd', 'with blank/größer/up.bin'],
        ['singlecwd', 'another/up.bin'],
      ] as const) {
        const url = curl.url(server, path.split('/').map(encodeURIComponent).join('/'));
        await run('--ftp-create-dirs', '--ftp-method', method, '-T', 'up.bin', url);
        expect(server.bytes(path).equals(content)).to.equal(true);
      }
    });
  });

  it('lists for people, by names, and by facts', async () => {
    await withServer({ files: { 'a.bin': content, 'folder/b': 'b', '.hidden': '' } }, async (server, run) => {
      const long = await run(curl.url(server));
      expect(long.stdout)
        .to.match(/^-\S+ .* 300000 \S+ .* a\.bin\r?$/m)
        .and.to.match(/^d\S+ .* folder\r?$/m);
      const names = await run('-l', curl.url(server));
      expect(names.stdout.trim().split(/\r?\n/).sort()).to.deep.equal(['.hidden', 'a.bin', 'folder']);
      const facts = await run('-X', 'MLSD', curl.url(server));
      expect(facts.stdout)
        .to.match(/^type=file;size=300000;.* a\.bin\r?$/im)
        .and.to.match(/^type=dir;.* folder\r?$/im);
    });
  });

  it('asks for size and time without a transfer, and keeps the time of what it downloads', async () => {
    await withServer({ files: { 'a.bin': content } }, async (server, run, folder) => {
      await run('-Q', 'MFMT 20200102030405 /a.bin', '-R', curl.url(server, 'a.bin'), '-o', 'got.bin');
      const head = await run('-I', curl.url(server, 'a.bin'));
      expect(head.stdout)
        .to.match(/Last-Modified: Thu, 02 Jan 2020 03:04:05 GMT/)
        .and.to.match(/Content-Length: 300000/);
      expect(await readFile(join(folder, 'got.bin'))).to.have.length(content.length);
    });
  });

  it('goes on with PASV where it may not say EPSV', async () => {
    await withServer({ files: { 'a.bin': content } }, async (server, run, folder) => {
      const output = await run('--disable-epsv', curl.url(server, 'a.bin'), '-o', 'got.bin');
      expect(sent(output)).to.include('PASV');
      expect((await readFile(join(folder, 'got.bin'))).equals(content)).to.equal(true);
    });
  });

  it('moves text by ;type=a: lines end here as they do on this machine, and CRLF on the wire, both ways', async () => {
    // More than a buffer, so that some CRLF is divided between two reads.
    const lines = Array.from({ length: 60_000 }, (_, number) => `line ${number}`);
    const [here, onTheWire] = [`${lines.join('\n')}\n`, `${lines.join('\r\n')}\r\n`];
    await withServer({ files: { 'a.txt': here } }, async (server, run, folder) => {
      const download = await run('-w', '%{size_download}', `${curl.url(server, 'a.txt')};type=a`, '-o', 'got.txt');
      expect(sent(download)).to.include('TYPE A').and.not.to.include('TYPE I');
      expect(download.stdout).to.equal(String(onTheWire.length));
      // curl turns the line ends of TYPE A into this machine's.
      expect(await readFile(join(folder, 'got.txt'), 'latin1')).to.equal(here);

      // And on the way back puts CR in front of every LF.
      const upload = await run('-T', 'got.txt', `${curl.url(server, 'b.txt')};type=a`);
      expect(sent(upload)).to.include('TYPE A').and.not.to.include('TYPE I');
      expect(server.lastTransfer.bytes).to.equal(onTheWire.length);
      expect(server.read('b.txt')).to.equal(here);
    });
  });
});
