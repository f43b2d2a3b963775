import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { testCertificates } from '../support/certificates.js';
import { USER, ftps, jsonLines, startServe, type ServeCommand } from '../support/ftps-command.js';
import type { RunOptions } from '../support/peers/run-program.js';
import { freePort } from '../support/ports.js';

/** Arguments, the exit code that they lead to, and what standard error says. */
type Case = readonly [args: readonly string[], code: number, message: RegExp];

describe('ftps with bad input', function () {
  // Many processes at once.
  this.timeout(60_000);
  let folder: string;
  let served: string;
  let local: string;
  let server: ServeCommand;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ftps-kit-bad-'));
    served = join(folder, 'served');
    local = join(folder, 'local');
    await mkdir(join(served, 'folder'), { recursive: true });
    await mkdir(local);
    await writeFile(join(served, 'a.txt'), 'a');
    await writeFile(join(local, 'mine.txt'), 'mine');
    server = await startServe(served);
  });

  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  /** Runs all at once; nothing may be left behind, and no stack shown. */
  async function expectAll(cases: readonly Case[], options: RunOptions = {}): Promise<void> {
    const runs = await Promise.all(cases.map(([args]) => ftps(args, { cwd: local, ...options })));
    for (const [at, { code, stdout, stderr }] of runs.entries()) {
      const [args, expected, message] = cases[at] ?? [[], 0, /^$/];
      expect(code, `${args.join(' ')}\n${stderr}`).to.equal(expected);
      expect(stderr)
        .to.match(message)
        .and.match(/^ftps: /);
      expect(stderr).not.to.match(/\n {4}at /);
      expect(stdout).to.equal('');
    }
    expect(await readdir(local)).to.deep.equal(['mine.txt']);
  }

  it('ends with 1 and points to the help for arguments that make no sense', async () => {
    await expectAll([
      [[], 1, /: name a command\nsee: ftps --help\n$/],
      [['gett', 'host/a'], 1, /: there is no command gett\nsee: ftps --help\n$/],
      [['get'], 1, /: an argument is missing\nsee: ftps get --help\n$/],
      [['put'], 1, /: an argument is missing\nsee: ftps put --help\n$/],
      [['ls'], 1, /: an argument is missing\nsee: ftps ls --help\n$/],
      [['get', 'host/a', 'b', 'c'], 1, /: unknown argument: c\nsee: ftps get --help\n$/],
      [['get', 'host/a', '--fast'], 1, /: unknown argument: fast\nsee: ftps get --help\n$/],
      [['ls', 'host', '--pin', '1.1'], 1, /: --pin: takes one of "1\.2", "1\.3", not "1\.1"\nsee: ftps ls --help\n$/],
      [['ls', 'host', '--ca'], 1, /: not enough arguments following: ca\nsee: ftps ls --help\n$/],
    ]);
  });

  it('speaks English whatever the locale, as all of its messages do', async () => {
    await expectAll([[['ls', 'host', '--fast'], 1, /unknown argument: fast/]], { env: { LANG: 'de_DE.UTF-8' } });
  });

  it('ends with 1 for options and URLs that cannot be used, before it connects', async () => {
    await expectAll([
      [['ls', 'http://host/'], 1, /: http:\/\/host\/: no such scheme; there are ftpes:\/\/ .+\n$/],
      [['ls', '/etc/passwd'], 1, /: \/etc\/passwd: names no host\n$/],
      [['ls', 'host:99999/'], 1, /: host:99999\/: is not a URL; write host\/path, or .+\n$/],
      [['ls', 'host/50%'], 1, /: holds a % that begins no percent-encoding; write it %25\n$/],
      [['ls', 'ftps://alice:hush@host:port/'], 1, /: ftps:\/\/alice:\*\*\*@host:port\/: is not a URL/],
      [['get', 'host/folder/'], 1, /: \/folder\/: is a folder; get takes one file\n$/],
      [['put', 'mine.txt'], 1, /: put takes at least one local file, and then a URL\n$/],
      [['put', 'mine.txt', 'mine.txt', 'host/a'], 1, /: \/a: several files need a folder; end the URL with a slash\n$/],
      [['put', '-', 'host/a', '--may-grow'], 1, /: --may-grow: is for files; standard input is sent to its end\n$/],
      [['put', '-', 'host/folder/'], 1, /: \/folder\/: standard input needs a file name in the URL\n$/],
      [['ls', 'host', '--fingerprint', 'AB:CD'], 1, /: --fingerprint: 'AB:CD' is not a SHA-256 fingerprint/],
      [['ls', 'host', '--ca', '/nowhere'], 1, /: --ca: cannot read \/nowhere\n$/],
      [['ls', 'host', '--ca', 'mine.txt'], 1, /: --ca: this is not PEM text\n$/],
      [['ls', 'host', '--timeout', '0'], 1, /: --timeout: takes a number of seconds above 0/],
      [['ls', 'host', '--timeout', 'soon'], 1, /: --timeout: takes a number of seconds above 0/],
      [['ls', 'host', '--password-file', '/nowhere'], 1, /: --password-file: cannot read \/nowhere\n$/],
    ]);
  });

  it('ends with 2 where no connection comes about', async () => {
    const closed = await freePort();
    await expectAll([
      [['ls', 'host.invalid/'], 2, /: cannot connect to host\.invalid:21: no such host\n$/],
      [['ls', `127.0.0.1:${closed}/`], 2, /: cannot connect to 127\.0\.0\.1:\d+: connection refused; is the server /],
      // An explicit server waits for AUTH, and answers TLS from the first byte with what is no TLS.
      [
        ['ls', `ftps://${USER}@127.0.0.1:${server.port}/`],
        3,
        /: the TLS handshake .+ failed: what came is not TLS .+; .+ wants ftpes:\/\//,
      ],
    ]);
  });

  it('ends with 2 within --timeout where a server says nothing', async () => {
    const silent = net.createServer().listen(0, '127.0.0.1');
    const sockets: net.Socket[] = [];
    silent.on('connection', (socket) => sockets.push(socket.on('error', () => undefined)));
    await once(silent, 'listening');
    const { port } = silent.address() as net.AddressInfo;
    const startedAt = performance.now();
    await expectAll([
      [['ls', `ftpes://127.0.0.1:${port}/`, '--timeout', '1'], 2, /: timed out after 1000 ms \(reply\)/],
      [['ls', `ftps://127.0.0.1:${port}/`, '--timeout', '1'], 2, /: timed out after 1000 ms \(tls\)/],
    ]);
    expect(performance.now() - startedAt).to.be.within(1000, 6000);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('ends with 2 where what answers does not speak FTP', async () => {
    const other = net.createServer((socket) =>
      socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as net.AddressInfo;
    await expectAll([[['ls', `127.0.0.1:${port}/`], 2, /: .*repl/]]);
    other.close();
  });

  it('ends with 3 for a certificate that it does not trust, and says what to do', async () => {
    const fingerprint = server.trust[1] ?? '';
    const other = fingerprint.replace(/^../, (byte) => (byte === '00' ? '11' : '00'));
    const { caFile } = await testCertificates();
    await expectAll([
      [
        ['ls', server.url('')],
        3,
        /: the server's certificate is refused: self-signed certificate; .+ --fingerprint .+ --ca\n$/,
      ],
      [['ls', server.url(''), '--ca', caFile], 3, /: the server's certificate is refused: .+ --fingerprint .+ --ca\n$/],
      [
        ['ls', server.url(''), '--fingerprint', other],
        3,
        new RegExp(
          `has the fingerprint ${fingerprint}, which is not the pinned one; somebody sits in between, or .+\\n$`,
        ),
      ],
    ]);
  });

  it('ends with 3 for a certificate of another name, or one whose time is over', async () => {
    const { caFile, wrongHost, expired } = await testCertificates();
    await using elsewhere = await startServe(served, ['--cert', wrongHost.certFile, '--key', wrongHost.keyFile]);
    await using old = await startServe(served, ['--cert', expired.certFile, '--key', expired.keyFile]);
    await expectAll([
      [['ls', elsewhere.url(''), '--ca', caFile], 3, /refused: .+; connect by a name that the certificate is for/],
      [['ls', old.url(''), '--ca', caFile], 3, /refused: certificate has expired; have it renewed on the server/],
    ]);
  });

  it('ends with 3 where the sides allow different versions of TLS', async () => {
    await using old = await startServe(served, ['--pin', '1.2', '--implicit-port', '0']);
    await using modern = await startServe(served, ['--pin', '1.3']);
    const implicit = old.events().find(({ mode }) => mode === 'implicit');
    const url = `ftps://${USER}@127.0.0.1:${String(implicit?.['port'])}/`;
    const noCommonVersion = /: the TLS handshake with the server failed: there is no TLS version that both sides allow/;
    await expectAll([
      [['ls', old.url(''), '--pin', '1.3', ...old.trust], 3, noCommonVersion],
      [['ls', url, '--pin', '1.3', ...old.trust], 3, noCommonVersion],
      [['ls', modern.url(''), '--pin', '1.2', ...modern.trust], 3, noCommonVersion],
    ]);
  });

  it('ends with 4 for a wrong user or password, and shows neither password', async () => {
    const refused = /: the server refused the login of \w+: 530 .+\n$/;
    await expectAll([[['ls', server.url(''), ...server.trust], 4, refused]], { env: { FTPS_PASSWORD: 'wrong guess' } });
    await expectAll([[['ls', `nobody@127.0.0.1:${server.port}/`, ...server.trust], 4, refused]]);
    const verbose = ['ls', server.url(''), '--verbose', ...server.trust];
    const { code, stdout, stderr } = await ftps(verbose, { env: { FTPS_PASSWORD: 'wrong guess' } });
    expect(code).to.equal(4);
    expect(stderr).to.match(/\n {4}at /);
    expect(stdout + stderr).not.to.include('wrong guess');
  });

  it('ends with 5 for what the server does not have, or refuses', async () => {
    await using readOnly = await startServe(served, ['--read-only']);
    await expectAll([
      [['get', server.url('missing.txt'), ...server.trust], 5, /: the server refused RETR missing\.txt: 550 .+\n$/],
      [['get', server.url('folder'), ...server.trust], 5, /: the server refused RETR folder: 550 .+\n$/],
      [['ls', server.url('missing'), ...server.trust], 5, /: the server refused MLSD missing: 550 .+\n$/],
      [['put', 'mine.txt', server.url('missing/b'), ...server.trust], 5, /: the server refused STOR missing\/b: 55\d /],
      [['put', 'mine.txt', server.url('folder'), ...server.trust], 5, /: the server refused STOR folder: 55\d /],
      [['put', 'mine.txt', readOnly.url('b'), ...readOnly.trust], 5, /: the server refused STOR b: 55\d /],
    ]);
    expect(await readdir(served)).to.have.members(['a.txt', 'folder']);
  });

  it('ends with 1 where the local file cannot be written or read', async () => {
    const url = server.url('a.txt');
    await expectAll([
      [
        ['get', url, 'mine.txt/a.txt', ...server.trust],
        1,
        /: cannot write mine\.txt\/a\.txt: a part of the path is no folder\n$/,
      ],
      [
        ['get', url, 'nothing/a.txt', ...server.trust],
        1,
        /: cannot write nothing\/a\.txt: there is no folder nothing\n$/,
      ],
      [['get', url, '/proc/a.txt', ...server.trust], 1, /: cannot write \/proc\/a\.txt: .+\n$/],
      [['put', 'nothing', url, ...server.trust], 1, /: cannot read nothing: no such file or folder\n$/],
      [['put', '.', url, ...server.trust], 1, /: cannot read \.: it is a folder\n$/],
    ]);
  });

  it('does not mix JSON into a file that it writes to standard output', async () => {
    const { code, stderr } = await ftps(['get', server.url('a.txt'), '-', '--json', ...server.trust]);
    expect(code).to.equal(1);
    expect(stderr).to.equal('ftps: --json and - both want standard output; name a file\n');
  });

  it('tells an error as JSON too, with the exit code', async () => {
    const { code, stdout, stderr } = await ftps(['get', server.url('missing'), '--json', ...server.trust]);
    expect(code).to.equal(5);
    const [error, ...others] = jsonLines(stdout);
    expect(others).to.be.empty;
    expect(error).to.include({ event: 'error', code: 'FTPS_ERR_REPLY', exitCode: 5 });
    expect(stderr).to.equal(`ftps: ${String(error?.['message'])}\n`);
    const refused = await ftps(['ls', server.url(''), '--json']);
    expect(jsonLines(refused.stdout)[0]).to.include.all.keys('event', 'code', 'message', 'remedy', 'exitCode');
  });
});
