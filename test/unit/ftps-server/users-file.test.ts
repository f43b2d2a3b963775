import { chmod, mkdir, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '@ftps-kit/tls-core';
import { deleteUser, setUser, usersFile, type Account, type UsersFile } from '@ftps-kit/ftps-server';
import { cheapHash } from '../../support/cheap-hash.js';
import { localClient } from '../../support/login-client.js';
import { rejection } from '../../support/rejection.js';

describe('a users file', () => {
  let folder: string;
  let path: string;
  let hash: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ftps-kit-users-'));
    path = join(folder, 'users.json');
    hash = await cheapHash('opensesame');
    await mkdir(join(folder, 'alice'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function write(document: unknown, mode = 0o600): Promise<void> {
    await writeFile(path, typeof document === 'string' ? document : JSON.stringify(document, undefined, 2), { mode });
    await chmod(path, mode);
  }

  const login = async (users: UsersFile, user: string, password = 'opensesame'): Promise<Account | undefined> =>
    users.authenticate({ user, password }, localClient);

  it('lets its users in, each with what the file says', async () => {
    await write({
      users: [
        { name: 'alice', password: hash, root: 'alice', quotaBytes: 10, permissions: ['read', 'list'] },
        { name: 'bob', password: hash, root: join(folder, 'alice'), disabled: true },
      ],
    });
    const users = await usersFile(path);
    expect(await login(users, 'alice')).to.deep.include({
      name: 'alice',
      quotaBytes: 10,
      permissions: ['read', 'list'],
    });
    expect(await login(users, 'alice', 'guess')).to.equal(undefined);
    expect(await login(users, 'bob'), 'disabled').to.equal(undefined);
    expect(users.report).to.deep.equal({ users: 1, removed: [], warnings: [] });
  });

  it('finds relative roots beside itself, wherever the process is', async () => {
    await writeFile(join(folder, 'alice', 'a.txt'), 'a');
    await write({ users: [{ name: 'alice', password: hash, root: 'alice' }] });
    const account = await login(await usersFile(path), 'alice');
    expect((await account?.fileSystem?.stat('/a.txt'))?.sizeBytes).to.equal(1);
  });

  it('takes a root from elsewhere for users that have none, where that is allowed', async () => {
    await write({ users: [{ name: 'alice', password: hash }] });
    expect(await rejection(usersFile(path)))
      .to.have.property('message')
      .that.includes('root: is missing');
    expect(await login(await usersFile(path, { defaultRoot: folder }), 'alice')).to.include({ name: 'alice' });
  });

  it('gives users of one folder one file system, however it is written, and keeps it over readings', async () => {
    await symlink('alice', join(folder, 'link'));
    const user = (name: string, root: string): object => ({ name, password: hash, root });
    await write({ users: [user('alice', 'alice'), user('bob', `${folder}/alice/`), user('carol', 'link')] });
    const users = await usersFile(path);
    const [alice, ...others] = await Promise.all(['alice', 'bob', 'carol'].map((name) => login(users, name)));
    await write({ users: [user('alice', `${folder}/./link/`)] });
    await users.reload();
    for (const other of [...others, await login(users, 'alice')]) {
      expect(other?.fileSystem).to.equal(alice?.fileSystem);
    }
  });

  it('is read again while sessions go on: who is in it keeps the account, who is not is revoked', async () => {
    const entry = { password: hash, root: 'alice' };
    await write({
      users: [
        { name: 'alice', ...entry },
        { name: 'bob', ...entry },
        { name: 'carol', ...entry },
      ],
    });
    const users = await usersFile(path);
    const before = await Promise.all(['alice', 'bob', 'carol'].map((name) => login(users, name)));
    await write({
      users: [
        { name: 'alice', root: 'alice', password: await cheapHash('changed') },
        { name: 'bob', ...entry, disabled: true },
        { name: 'dave', ...entry },
      ],
    });
    expect(await users.reload()).to.deep.equal({ users: 2, removed: ['bob', 'carol'], warnings: [] });
    expect(before.map((account) => account?.revoked?.aborted)).to.deep.equal([false, true, true]);
    expect(await login(users, 'alice')).to.equal(undefined);
    const alice = await login(users, 'alice', 'changed');
    expect(alice?.fileSystem, 'the count of its quota goes on').to.equal(before[0]?.fileSystem);
    expect(await login(users, 'dave')).to.include({ name: 'dave' });
    await write({ users: [] });
    await users.reload();
    expect(before[0]?.revoked?.aborted, 'of the first reading too').to.equal(true);
  });

  it('that was broken leaves everything as it was', async () => {
    await write({ users: [{ name: 'alice', password: hash, root: 'alice' }] });
    const users = await usersFile(path);
    const account = await login(users, 'alice');
    for (const text of ['{', '{"users": [{"name": "alice"}]}']) {
      await write(text);
      expect(await rejection(users.reload())).to.be.instanceOf(ConfigError);
    }
    await rm(path);
    expect(await rejection(users.reload())).to.have.property('message', `${path}: cannot be read`);
    expect(account?.revoked?.aborted).to.equal(false);
    expect(await login(users, 'alice')).to.include({ name: 'alice' });
  });

  it('warns where others can get at it, and of roots that are not there', async () => {
    await write({ users: [{ name: 'alice', password: hash, root: 'missing' }] }, 0o640);
    const { report } = await usersFile(path);
    expect(report.warnings).to.deep.equal([
      `${path}: others on this machine can get at it (mode 640); make that 600`,
      `${path}: user "alice": the root ${join(folder, 'missing')} is not a folder`,
    ]);
  });

  const user = (more: object): object => ({ users: [{ name: 'alice', password: '$HASH', root: 'alice', ...more }] });
  const wrong: readonly (readonly [what: string, document: unknown, message: string])[] = [
    ['no JSON', '{\n"users": [', ':2: the text ends too early'],
    ['no object', '[]', ':1: is not an object with the list `users`'],
    ['an unknown key', '{"users": [], "user": []}', ':1: user: no such option'],
    ['no list', '{"users": {}}', ':1: users: is not a list of objects'],
    ['a user that is no object', '{"users": [7]}', ':1: users: is not a list of objects'],
    ['an unknown key of a user', user({ permision: [] }), ':3: user "alice": permision: no such option'],
    ['no name', user({ name: '' }), ':3: name: a user needs one'],
    ['a name of two lines', user({ name: 'a\nb' }), ':3: name: a user needs one'],
    ['a wrong quota', user({ quotaBytes: '5 GB' }), ':3: user "alice": quotaBytes: \'5 GB\' is not a whole number'],
    [
      'a wrong address',
      user({ allowedAddresses: ['here'] }),
      ':3: user "alice": allowedAddresses: \'here\' is neither',
    ],
    ['a password in clear', user({ password: 'opensesame' }), ':3: user "alice": password: is not a scrypt hash'],
    ['no password', user({ password: undefined }), ':3: user "alice": password: is missing'],
    ['a wrong switch', user({ disabled: 'yes' }), ':3: user "alice": disabled: \'yes\' is neither true nor false'],
    [
      'a name that stands twice',
      {
        users: [
          { name: 'alice', password: '$HASH', root: 'a' },
          { name: 'alice', password: '$HASH', root: 'b' },
        ],
      },
      ':8: user "alice": name: is taken by another user',
    ],
  ];
  for (const [what, document, message] of wrong) {
    it(`is refused for ${what}, with the line and the user, and without the password`, async () => {
      const text = typeof document === 'string' ? document : JSON.stringify(document, undefined, 2);
      await write(text.replaceAll('$HASH', hash));
      const error = await rejection(usersFile(path));
      expect(error)
        .to.be.instanceOf(ConfigError)
        .with.property('message')
        .that.includes(path + message);
      expect(String(error)).not.to.include(hash).and.not.to.include('opensesame');
    });
  }

  describe('that is changed by a program', () => {
    it('is made for its owner alone, and then holds what was said', async () => {
      expect(await setUser(path, 'alice', { password: hash, root: 'alice', quotaBytes: 5 })).to.equal('added');
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      expect(await setUser(path, 'alice', { readOnly: true, quotaBytes: undefined })).to.equal('changed');
      expect(JSON.parse(await readFile(path, 'utf8'))).to.deep.equal({
        users: [{ name: 'alice', password: hash, root: 'alice', quotaBytes: 5, readOnly: true }],
      });
      expect(await login(await usersFile(path), 'alice')).to.include({ readOnly: true });
    });

    it('keeps the others, its mode, and the link that it is named by', async () => {
      await write({ users: [{ name: 'bob', password: hash, root: 'alice', maxSessions: 3 }] }, 0o640);
      await symlink('users.json', join(folder, 'link.json'));
      await setUser(join(folder, 'link.json'), 'alice', { password: hash, root: 'alice' });
      await deleteUser(join(folder, 'link.json'), 'alice');
      expect((await stat(path)).mode & 0o777).to.equal(0o640);
      expect(JSON.parse(await readFile(path, 'utf8'))).to.deep.equal({
        users: [{ name: 'bob', password: hash, root: 'alice', maxSessions: 3 }],
      });
      expect(await readdir(folder)).to.have.members(['alice', 'link.json', 'users.json']);
    });

    it('is not touched where it makes no sense, or would not afterwards', async () => {
      const refused: readonly (() => Promise<unknown>)[] = [
        () => setUser(path, 'bob', { root: 'alice' }),
        () => setUser(path, 'alice', { quotaBytes: -5 }),
        () => setUser(path, 'bob\n', { password: hash, root: 'alice' }),
        () => deleteUser(path, 'bob'),
      ];
      await write({ users: [{ name: 'alice', password: hash, root: 'alice' }] });
      const before = await readFile(path, 'utf8');
      for (const work of refused) expect(await rejection(work())).to.be.instanceOf(ConfigError);
      await write(`${before},`);
      expect(await rejection(setUser(path, 'bob', { password: hash, root: 'alice' }))).to.be.instanceOf(ConfigError);
      expect(await readFile(path, 'utf8')).to.equal(`${before},`);
      expect(await readdir(folder)).to.have.members(['alice', 'users.json']);
    });
  });
});
