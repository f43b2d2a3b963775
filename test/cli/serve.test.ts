import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { testCertificates } from '../support/certificates.js';
import { PASSWORD, USER, ftps, jsonLines, startFtps, startServe } from '../support/ftps-command.js';
import { answers, freePort } from '../support/ports.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { layWire } from '../support/wire.js';

describe('ftps serve', () => {
  let folder: string;
  let served: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ftps-kit-serve-'));
    served = join(folder, 'served');
    await mkdir(served);
    await writeFile(join(served, 'a.txt'), 'a');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('says in its first JSON line where it listens, on loopback alone unless told otherwise, and ends at SIGTERM', async () => {
    await using server = await startServe(served);
    const { event, host, port, mode, fingerprint256, engine } = server.listening;
    expect({ event, host, mode }).to.deep.equal({ event: 'listening', host: '127.0.0.1', mode: 'explicit' });
    expect(port).to.be.a('number').above(0);
    expect(fingerprint256).to.match(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(engine).to.be.oneOf(['node', 'openssl']);
    expect(server.listening).not.to.have.any.keys('user', 'password');
    expect(await answers(server.port, '127.0.0.2')).to.equal(false);
    expect(await server.stop()).to.equal(0);
    expect(server.events().at(-1)).to.deep.equal({ event: 'closed' });
    expect(server.command.stderr()).to.equal('');
    expect(() => process.kill(server.command.pid, 0)).to.throw('ESRCH');
  });

  it('replaces a file by another one, and with --in-place writes into the one that is there', async () => {
    for (const [flags, isSameFile] of [
      [[], false],
      [['--in-place', '--fsync'], true],
    ] as const) {
      await writeFile(join(served, 'a.txt'), 'a');
      const { ino } = await stat(join(served, 'a.txt'));
      await using server = await startServe(served, flags);
      await writeFile(join(folder, 'new.txt'), 'new');
      // As it is: an upload by way of another name would be another file in any case.
      const { code, stderr } = await ftps(['put', join(folder, 'new.txt'), server.url('a.txt'), ...server.trust]);
      expect(code, stderr).to.equal(0);
      expect(await readFile(join(served, 'a.txt'), 'utf8')).to.equal('new');
      expect((await stat(join(served, 'a.txt'))).ino === ino).to.equal(isSameFile);
    }
  });

  it('ends at SIGTERM although a client is logged in', async () => {
    await using server = await startServe(served);
    const client = net.connect(server.port, '127.0.0.1').resume();
    await once(client, 'data');
    const [code] = await Promise.all([server.stop(), once(client, 'close')]);
    expect(code).to.equal(0);
  });

  it('keeps its self-signed certificate between two runs, in a file for its owner alone', async () => {
    const env = { XDG_STATE_HOME: join(folder, 'state') };
    const fingerprints: unknown[] = [];
    for (let run = 0; run < 2; run += 1) {
      await using server = startFtps(['serve', served, '--port', '0', '--json'], { env });
      fingerprints.push(jsonLines(await server.firstLine)[0]?.['fingerprint256']);
      server.kill('SIGTERM');
      await server.ended;
    }
    expect(fingerprints[0]).to.be.a('string').and.to.equal(fingerprints[1]);
    const [file, ...others] = await readdir(join(folder, 'state', 'ftps-kit'));
    expect(others).to.be.empty;
    const { mode } = await stat(join(folder, 'state', 'ftps-kit', String(file)));
    expect(mode & 0o777).to.equal(0o600);
  });

  it('makes a new certificate where the kept one cannot be read', async () => {
    const env = { XDG_STATE_HOME: join(folder, 'state') };
    await mkdir(join(folder, 'state', 'ftps-kit'), { recursive: true });
    await writeFile(join(folder, 'state', 'ftps-kit', 'development-identity.pem'), 'not a certificate');
    await using server = startFtps(['serve', served, '--port', '0', '--json'], { env });
    expect(jsonLines(await server.firstLine)[0]).to.include({ event: 'listening' });
    server.kill('SIGINT');
    expect(await server.ended).to.equal(0);
  });

  it('makes up a password that nobody can guess, shows it once, and takes it', async () => {
    const passwords = new Set<string>();
    for (const flags of [['--json', '--implicit-port', '0'], [], ['--quiet']]) {
      await using server = startFtps(['serve', served, '--port', '0', ...flags], {});
      await server.firstLine;
      const isJson = flags.includes('--json');
      // Text has several lines; all are written before the first login can come.
      if (flags.length === 0) await server.shown(/^fingerprint: /m);
      const [first] = isJson ? jsonLines(await server.firstLine) : [];
      const password = isJson ? String(first?.['password']) : /^login: +ftps \/ (.+)$/m.exec(server.stdout())?.[1];
      if (isJson) {
        const url = `ftps@127.0.0.1:${String(first?.['port'])}/`;
        const trust = ['--fingerprint', String(first?.['fingerprint256'])];
        expect((await ftps(['ls', url, ...trust], { env: { FTPS_PASSWORD: password } })).code).to.equal(0);
      }
      server.kill('SIGTERM');
      expect(await server.ended).to.equal(0);
      expect(password).to.match(/^[\w-]{16,}$/);
      expect(server.stdout().split(String(password))).to.have.length(2);
      passwords.add(String(password));
    }
    expect(passwords.size).to.equal(3);
  });

  it('tells a person the same in words', async () => {
    await using server = startFtps(['serve', served, '--port', '0', '--implicit-port', '0', '--user', 'a:b']);
    await server.shown(/^fingerprint: /m);
    server.kill('SIGTERM');
    await server.ended;
    expect(server.stdout()).to.match(
      /^listening on ftpes:\/\/127\.0\.0\.1:\d+\/ .+\nlistening on ftps:\/\/127\.0\.0\.1:\d+\/ .+\nfolder: .+\nfingerprint: .+\nclosed\n$/,
    );
  });

  it('lets in each --user with the right password only, and reports logins and transfers', async () => {
    const users = ['--user', `${USER}:${PASSWORD}`, '--user', 'bob:other:pass'];
    await using server = await startServe(served, users);
    const bob = `bob@127.0.0.1:${server.port}/a.txt`;
    const codes = await Promise.all([
      ftps(['get', server.url('a.txt'), '-', ...server.trust]),
      ftps(['get', bob, '-', ...server.trust], { env: { FTPS_PASSWORD: 'other:pass' } }),
      ftps(['get', bob, '-', ...server.trust]),
    ]);
    expect(codes.map(({ code }) => code)).to.deep.equal([0, 0, 4]);
    await server.stop();
    const logins = server.events().filter(({ event }) => event === 'login');
    expect(logins.map(({ user, accepted }) => `${String(user)} ${String(accepted)}`)).to.have.members([
      `${USER} true`,
      'bob true',
      'bob false',
    ]);
    const transfer = server.events().find(({ event, user }) => event === 'transfer' && user === 'bob');
    expect(transfer).to.include({
      command: 'RETR',
      path: '/a.txt',
      bytes: 1,
      verdict: 'bound',
      protocol: 'TLSv1.3',
      replyCode: 226,
    });
    expect(transfer).to.include.all.keys('id', 'client', 'durationMs', 'cipherSuite');
  });

  it('changes nothing with --read-only', async () => {
    await using server = await startServe(served, ['--read-only']);
    const put = await ftps(['put', '-', server.url('a.txt'), ...server.trust], { input: 'changed' });
    const get = await ftps(['get', server.url('a.txt'), '-', ...server.trust]);
    await server.stop();
    expect(put.code).to.equal(5);
    expect(put.stderr).to.match(/^ftps: the server refused STOR a\.txt: 55\d .+\n$/);
    expect(get.stdout).to.equal('a');
    expect(await readdir(served)).to.deep.equal(['a.txt']);
  });

  it('takes data connections on --passive-ports, and says so to clients behind a NAT', async () => {
    const data = await freePort();
    await using server = await startServe(served, [
      '--passive-ports',
      `${data}-${data}`,
      '--public-address',
      '203.0.113.7',
    ]);
    await using wire = await layWire({ control: server.port, data }, { afterBytes: Infinity, then: 'cut' });
    const url = `${USER}@${wire.host}:${wire.port}/a.txt`;
    const { code, stdout, stderr } = await ftps(['get', url, '-', ...server.trust]);
    await server.stop();
    expect([code, stdout], stderr).to.deep.equal([0, 'a']);
  });

  it('shows the certificate that --cert and --key name', async () => {
    const { server: identity, caFile } = await testCertificates();
    await using server = await startServe(served, ['--cert', identity.certFile, '--key', identity.keyFile]);
    const { code, stderr } = await ftps(['ls', `${USER}@localhost:${server.port}/`, '--ca', caFile]);
    await server.stop();
    expect(code, stderr).to.equal(0);
  });

  it('shows a new certificate after SIGHUP, and the one it has where the new one is broken', async () => {
    const { server: first, renewed } = await testCertificates();
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    await writeFile(cert, first.certPem);
    await writeFile(key, first.keyPem);
    await using server = await startServe(served, ['--cert', cert, '--key', key]);
    await writeFile(cert, renewed.certPem);
    server.command.kill('SIGHUP');
    await server.command.shown(/"event":"not-read-again"/);
    expect((await ftps(['ls', server.url(''), ...server.trust])).code).to.equal(0);
    await writeFile(key, renewed.keyPem);
    server.command.kill('SIGHUP');
    await server.command.shown(/"event":"certificate"/);
    const { fingerprint256 } = new X509Certificate(renewed.certPem);
    expect(server.events().at(-1)).to.deep.equal({ event: 'certificate', fingerprint256 });
    expect((await ftps(['ls', server.url(''), '--fingerprint', fingerprint256])).code).to.equal(0);
    await server.stop();
    expect(server.command.stderr()).to.include('the certificate stays as it was: ');
  });

  it('lets a transfer end in the grace period, whatever signal comes to read again meanwhile', async () => {
    const { server: identity, caPem } = await testCertificates();
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    await writeFile(cert, identity.certPem);
    await writeFile(key, identity.keyPem);
    await using server = await startServe(served, ['--cert', cert, '--key', key]);
    const { port } = server;
    const target = { host: '127.0.0.1', port, caPem, implicit: false, user: USER, password: PASSWORD };
    await using client = await RawFtpClient.loggedIn(target);
    await using idle = await RawFtpClient.loggedIn(target);
    const { channel } = await client.openData();
    await client.expect(150, 'STOR up.txt');
    await channel.write(Buffer.from('first half, '));
    server.command.kill('SIGTERM');
    // Who is idle is told that the grace period has begun.
    expect((await idle.reply()).code).to.equal(421);
    server.command.kill('SIGHUP');
    await server.command.shown(/"event":"certificate"/);
    await channel.write(Buffer.from('second half'));
    await channel.end();
    expect((await client.reply()).code).to.equal(226);
    channel.destroy();
    client.destroy();
    idle.destroy();
    expect(await server.command.ended).to.equal(0);
    expect(await readFile(join(served, 'up.txt'), 'utf8')).to.equal('first half, second half');
  });

  it('reports the verdict on data connections under each --binding', async () => {
    const reported = async (binding: string): Promise<unknown> => {
      await using server = await startServe(served, ['--binding', binding]);
      await ftps(['get', server.url('a.txt'), '-', ...server.trust]);
      await server.stop();
      return server.events().find(({ event }) => event === 'transfer')?.['verdict'];
    };
    const verdicts = await Promise.all(['require', 'allow', 'off'].map(reported));
    expect(verdicts).to.deep.equal(['bound', 'bound', 'bound']);
  });

  it('says that the port is in use, and what to do', async () => {
    await using server = await startServe(served);
    const { code, stderr } = await ftps(['serve', served, '--port', String(server.port)]);
    await server.stop();
    expect(code).to.equal(2);
    expect(stderr).to.match(/^ftps: cannot listen on 127\.0\.0\.1:\d+: the port is in use; choose another one\n$/);
  });

  it('refuses options that make no sense before it listens, by the flag that is wrong', async () => {
    const { server: identity, caFile } = await testCertificates();
    const wrong: readonly (readonly [flags: readonly string[], message: string])[] = [
      [['--host', '203.0.113.7', '--timeout', '1'], 'unknown argument: timeout'],
      [['--port', 'abc'], '--port: NaN is not a port'],
      [['--port', '70000'], '--port: 70000 is not a port'],
      [['--user', 'alice'], '--user: takes NAME:PASSWORD'],
      [['--passive-ports', '9'], "--passive-ports: '9' is not A-B"],
      [['--passive-ports', '9-8'], '--passive-ports: 9 is greater than 8'],
      [['--public-address', 'here'], "--public-address: 'here' is not an IPv4 address"],
      [['--binding', 'maybe'], '--binding: takes one of "require", "allow", "off", not "maybe"'],
      [['--grace', '-1'], '--grace: takes a number of seconds'],
      [['--cert', 'x.pem'], '--cert and --key go together'],
      [['--cert', '/nowhere', '--key', '/nowhere'], '--cert: cannot read /nowhere'],
      [['--cert', caFile, '--key', identity.keyFile], 'the private key does not belong to the certificate'],
    ];
    const runs = wrong.map(([flags]) => ftps(['serve', served, ...flags]));
    for (const [at, { code, stdout, stderr }] of (await Promise.all(runs)).entries()) {
      expect(code, stderr).to.equal(1);
      expect(stderr)
        .to.match(/^ftps: /)
        .and.include(wrong[at]?.[1]);
      expect(stdout).to.equal('');
    }
    const missing = await ftps(['serve', join(folder, 'nothing')]);
    expect(missing.code).to.equal(1);
    expect(missing.stderr).to.match(/nothing: is not a folder\n$/);
  });

  it('serves the current folder unless told which', async () => {
    await using server = startFtps(['serve', '--port', '0', '--json', '--user', `${USER}:${PASSWORD}`], {
      cwd: served,
    });
    const [listening] = jsonLines(await server.firstLine);
    const url = `${USER}@127.0.0.1:${String(listening?.['port'])}/b.txt`;
    await ftps(['put', '-', url, '--insecure'], { input: 'b' });
    server.kill('SIGTERM');
    await server.ended;
    expect(await readFile(join(served, 'b.txt'), 'utf8')).to.equal('b');
  });
});
