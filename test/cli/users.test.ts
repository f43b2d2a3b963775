// The users of `ftps serve`: made by `ftps passwd`, read again at SIGHUP, or nobody in particular.
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { testCertificates } from '../support/certificates.js';
import { cheapHash } from '../support/cheap-hash.js';
import { PASSWORD, USER, ftps, jsonLines, startServe } from '../support/ftps-command.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';

describe('ftps passwd and the users of ftps serve', () => {
  let folder: string;
  let served: string;
  let users: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ftps-kit-users-'));
    served = join(folder, 'served');
    users = join(folder, 'users.json');
    await mkdir(served);
    await writeFile(join(served, 'a.txt'), 'a');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const passwd = (...args: readonly string[]): ReturnType<typeof ftps> =>
    ftps(['passwd', users, ...args], { input: `${PASSWORD}\n`, cwd: folder });

  /** The same without a command, for tests that are about what follows. */
  async function writeUsers(entries: readonly object[]): Promise<void> {
    const password = await cheapHash(PASSWORD);
    const text = JSON.stringify({ users: entries.map((entry) => ({ name: USER, password, ...entry })) });
    await writeFile(users, text, { mode: 0o600 });
  }

  describe('ftps passwd', () => {
    it('makes a file for its owner alone, with a hash and never the password, and says what it did', async () => {
      const added = await passwd(
        USER,
        '--root',
        served,
        '--quota',
        '10M',
        '--limit-rate',
        '1MiB',
        '--allow-from',
        '::1',
      );
      expect(added).to.deep.equal({ code: 0, stdout: `alice: added in ${users}\n`, stderr: '' });
      expect((await stat(users)).mode & 0o777).to.equal(0o600);
      const text = await readFile(users, 'utf8');
      expect(text).not.to.include(PASSWORD);
      const [user] = (JSON.parse(text) as { users: Record<string, unknown>[] }).users;
      expect(user?.['password']).to.match(/^\$scrypt\$/);
      expect(user).to.deep.include({
        name: USER,
        root: served,
        quotaBytes: 10_000_000,
        rates: { uploadBytesPerSecond: 1_048_576, downloadBytesPerSecond: 1_048_576 },
        allowedAddresses: ['::1'],
      });
    });

    it('changes what the flags say and keeps the rest, and deletes', async () => {
      await passwd(USER, '--root', served, '--read-only');
      await passwd('bob', '--root', served);
      const before = await readFile(users, 'utf8');
      expect((await passwd(USER, '--keep-password', '--no-read-only', '--json')).stdout).to.equal(
        `${JSON.stringify({ event: 'user', name: USER, file: users, done: 'changed' })}\n`,
      );
      expect(await readFile(users, 'utf8')).to.equal(before.replace('"readOnly": true', '"readOnly": false'));
      expect((await passwd('bob', '--delete')).stdout).to.equal(`bob: deleted from ${users}\n`);
      expect(await readFile(users, 'utf8')).not.to.include('bob');
    });

    it('writes to a file of the user’s configuration where none is named', async () => {
      const env = { XDG_CONFIG_HOME: join(folder, 'config') };
      const { stdout } = await ftps(['passwd', USER, '--root', served], { input: PASSWORD, env });
      expect(stdout).to.equal(`alice: added in ${join(folder, 'config', 'ftps-kit', 'users.json')}\n`);
      expect((await stat(join(folder, 'config', 'ftps-kit'))).mode & 0o777).to.equal(0o700);
    });

    it('takes the password from a file', async () => {
      await writeFile(join(folder, 'password'), `${PASSWORD}\nnot this`);
      const file = join(folder, 'password');
      expect((await ftps(['passwd', users, USER, '--root', served, '--password-file', file])).code).to.equal(0);
      await using server = await startServe(served, ['--users', users]);
      expect((await ftps(['ls', server.url(''), ...server.trust])).code).to.equal(0);
    });

    it('refuses what makes no sense, and touches nothing', async () => {
      await passwd(USER, '--root', served);
      const before = await readFile(users, 'utf8');
      const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
        [[USER, '--quota', 'much'], /^ftps: --quota: 'much' is not a number of bytes/],
        [[USER, '--allow-from', 'here'], /user "alice": allowedAddresses: 'here' is neither/],
        [[USER, '--keep-password', '--password-file', 'x'], /^ftps: --keep-password: does not go together/],
        [['carol', '--delete'], /there is no user "carol"/],
      ];
      for (const [args, message] of cases) {
        const { code, stderr } = await passwd(...args);
        expect([args, code]).to.deep.equal([args, 1]);
        expect(stderr).to.match(message);
      }
      const empty = await ftps(['passwd', users, USER], { input: '\n' });
      expect(empty).to.deep.include({ code: 1, stderr: 'ftps: the password is empty\n' });
      expect(await readFile(users, 'utf8')).to.equal(before);
      await writeFile(users, '{\n  "users": [\n    { "name": "alice" "root": "/" }\n  ]\n}\n');
      const broken = await passwd(USER);
      expect(broken).to.deep.include({ code: 1, stderr: `ftps: ${users}:3: a comma or } is missing\n` });
    });
  });

  describe('ftps serve --users', () => {
    it('lets its users in, each to their own root, and nobody else', async () => {
      await mkdir(join(folder, 'bobs'));
      await writeFile(join(folder, 'bobs', 'b.txt'), 'b');
      await writeUsers([{}, { name: 'bob', root: 'bobs', readOnly: true }]);
      await using server = await startServe(served, ['--users', users]);
      const ofUser = (name: string, path = ''): string => server.url(path).replace(USER, name);
      expect((await ftps(['ls', ofUser(USER), ...server.trust])).stdout).to.include('a.txt');
      expect((await ftps(['ls', ofUser('bob'), ...server.trust])).stdout)
        .to.include('b.txt')
        .and.not.include('a.txt');
      const put = await ftps(['put', join(served, 'a.txt'), ofUser('bob'), ...server.trust]);
      expect(put.code).to.equal(5);
      const env = { FTPS_PASSWORD: 'guess' };
      const refused = await ftps(['ls', ofUser(USER), ...server.trust], { env });
      const unknown = await ftps(['ls', ofUser('carol'), ...server.trust], { env });
      expect([refused.code, unknown.code]).to.deep.equal([4, 4]);
      expect(refused.stderr).to.equal(unknown.stderr.replace('carol', USER));
    });

    it('reads the file again at SIGHUP: no transfer ends by it, who was removed ends behind it, who is new gets in', async () => {
      const { server: identity, caPem } = await testCertificates();
      await writeUsers([{}, { name: 'bob' }]);
      const tls = ['--cert', identity.certFile, '--key', identity.keyFile];
      await using server = await startServe(served, ['--users', users, ...tls]);
      const target = { host: '127.0.0.1', port: server.port, caPem, implicit: false, password: PASSWORD };
      await using alice = await RawFtpClient.loggedIn({ ...target, user: USER });
      await using bob = await RawFtpClient.loggedIn({ ...target, user: 'bob' });
      const uploads = [await alice.openData(), await bob.openData()];
      await alice.expect(150, 'STOR alices');
      await bob.expect(150, 'STOR bobs');
      for (const { channel } of uploads) await channel.write(Buffer.from('before, '));
      await writeUsers([{}, { name: 'carol' }]);
      server.command.kill('SIGHUP');
      await server.command.shown(/"event":"users"/);
      for (const { channel } of uploads) {
        await channel.write(Buffer.from('after'));
        await channel.end();
      }
      expect([(await alice.reply()).code, (await bob.reply()).code]).to.deep.equal([226, 226]);
      await alice.expect(257, 'PWD');
      expect((await bob.reply()).code).to.equal(421);
      for (const { channel } of uploads) channel.destroy();
      for (const name of ['alices', 'bobs']) {
        expect(await readFile(join(served, name), 'utf8')).to.equal('before, after');
      }
      const told = server.events().find(({ event }) => event === 'users');
      expect(told).to.deep.equal({ event: 'users', users: 2, removed: ['bob'] });
      const login = async (name: string): Promise<number | null> =>
        (await ftps(['ls', server.url('').replace(USER, name), ...server.trust])).code;
      expect([await login('bob'), await login('carol')]).to.deep.equal([4, 0]);
    });

    it('goes on with the users it has where the file is broken at SIGHUP, and says why', async () => {
      await writeUsers([{}]);
      await using server = await startServe(served, ['--users', users]);
      await writeFile(users, '{"users": [}');
      server.command.kill('SIGHUP');
      await server.command.shown(/"event":"not-read-again"/);
      expect(server.command.stderr()).to.include(`the users file stays as it was: ${users}:1: a value is missing`);
      expect((await ftps(['ls', server.url(''), ...server.trust])).code).to.equal(0);
    });

    it('does not begin with a broken file, and warns of one that others can read', async () => {
      await writeUsers([{}]);
      await chmod(users, 0o644);
      await using server = await startServe(served, ['--users', users]);
      await server.stop();
      expect(server.command.stderr()).to.include(`${users}: others on this machine can get at it (mode 644)`);
      await writeFile(users, '{"users": [{"name": "alice"}]}');
      const failed = await ftps(['serve', served, '--port', '0', '--users', users]);
      expect(failed).to.deep.include({
        code: 1,
        stderr: `ftps: ${users}:1: user "alice": password: is missing; \`ftps passwd\` makes its hash\n`,
      });
    });

    it('gives nobody the current folder that nobody named', async () => {
      await writeUsers([{}]);
      const failed = await ftps(['serve', '--port', '0', '--users', users], { cwd: served });
      expect(failed.code).to.equal(1);
      expect(failed.stderr).to.include('user "alice": root: is missing');
    });
  });

  describe('ftps serve', () => {
    it('--anonymous lets anybody in to read, beside those who have a name', async () => {
      await using server = await startServe(served, ['--anonymous', '--user', `${USER}:${PASSWORD}`]);
      const anonymous = server.url('').replace(`${USER}@`, '');
      const env = { FTPS_PASSWORD: undefined };
      expect((await ftps(['ls', anonymous, ...server.trust], { env })).stdout).to.include('a.txt');
      const file = join(served, 'a.txt');
      expect((await ftps(['put', file, `${anonymous}b.txt`, ...server.trust], { env })).code).to.equal(5);
      expect((await ftps(['put', file, server.url('b.txt'), ...server.trust])).code).to.equal(0);
    });

    it('--read-only holds for users of a file as well', async () => {
      await writeUsers([{ readOnly: false }]);
      await using server = await startServe(served, ['--users', users, '--read-only']);
      expect((await ftps(['put', users, server.url('b.txt'), ...server.trust])).code).to.equal(5);
    });

    it('--quota bounds what an account has, and --limit-rate how fast it gets it', async () => {
      await using server = await startServe(served, ['--quota', '1kB', '--limit-rate', '1M']);
      await writeFile(join(folder, 'fits'), Buffer.alloc(999));
      await writeFile(join(folder, 'too-much'), Buffer.alloc(1_000));
      const put = await ftps(['put', join(folder, 'too-much'), server.url(''), ...server.trust]);
      expect([put.code, put.stderr]).to.satisfy(([code, text]: [number, string]) => code !== 0 && text.includes('552'));
      expect((await ftps(['put', join(folder, 'fits'), server.url(''), ...server.trust])).code).to.equal(0);
      const transfers = server.events().filter(({ event }) => event === 'transfer');
      expect(transfers.map(({ replyCode }) => replyCode)).to.deep.equal([552, 226]);
    });

    it('--quota counts a folder once, by whichever flag somebody comes in', async () => {
      const { server: identity, caPem } = await testCertificates();
      await writeUsers([{ name: 'bob', root: `${served}/` }]);
      const tls = ['--cert', identity.certFile, '--key', identity.keyFile];
      const accounts = ['--user', `${USER}:${PASSWORD}`, '--users', users, '--quota', '1kB'];
      await using server = await startServe(served, [...accounts, ...tls]);
      const target = { host: '127.0.0.1', port: server.port, caPem, implicit: false, password: PASSWORD };
      await using alice = await RawFtpClient.loggedIn({ ...target, user: USER });
      await using bob = await RawFtpClient.loggedIn({ ...target, user: 'bob' });
      expect((await alice.upload('STOR alices', Buffer.alloc(600))).code).to.equal(226);
      expect((await bob.upload('STOR bobs', Buffer.alloc(600))).code).to.equal(552);
    });

    it('refuses flags that make no sense', async () => {
      for (const [flags, message] of [
        [['--quota', '1X'], "--quota: '1X' is not a number of bytes"],
        [['--limit-rate', '0'], '--limit-rate: is at least one byte'],
        [['--users', join(folder, 'missing')], 'missing: cannot be read'],
        [['--user', 'alice'], '--user: takes NAME:PASSWORD'],
      ] as const) {
        const { code, stderr } = await ftps(['serve', served, '--port', '0', ...flags]);
        expect([code, stderr]).to.satisfy(
          ([exit, text]: [number, string]) => exit === 1 && text.includes(message),
          stderr,
        );
      }
    });

    it('does not end at SIGHUP where there is nothing to read again', async () => {
      await using server = await startServe(served);
      server.command.kill('SIGHUP');
      expect((await ftps(['ls', server.url(''), ...server.trust])).code).to.equal(0);
      expect(jsonLines(server.command.stdout())[0]).to.include({ event: 'listening' });
    });
  });
});
