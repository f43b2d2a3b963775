import { relative } from 'node:path';
import { expect } from 'chai';
import { anonymousAccount, firstOf, fixedAccounts, type FixedAccount } from '@ftps-kit/ftps-server';
import { ConfigError } from '@ftps-kit/tls-core';
import { cheapHash } from '../../support/cheap-hash.js';
import { localClient } from '../../support/login-client.js';

describe('fixedAccounts', () => {
  const authenticate = fixedAccounts([
    { name: 'alice', password: 'opensesame', root: '/srv/alice' },
    { name: 'bob', password: 'pässwörd', root: '/srv/bob', readOnly: true },
  ]);

  it('gives the account of the right name and password', async () => {
    expect(await authenticate({ user: 'alice', password: 'opensesame' }, localClient)).to.include({ name: 'alice' });
    expect(await authenticate({ user: 'bob', password: 'pässwörd' }, localClient)).to.include({
      name: 'bob',
      readOnly: true,
    });
  });

  const refused: readonly (readonly [what: string, user: string, password: string])[] = [
    ['a wrong password', 'alice', 'opensesam'],
    ['an empty password', 'alice', ''],
    ['an unknown name', 'carol', 'opensesame'],
    ["another's password", 'alice', 'pässwörd'],
    ['a name in another case', 'Alice', 'opensesame'],
    ['an empty name', '', ''],
  ];
  for (const [what, user, password] of refused) {
    it(`gives nobody for ${what}`, async () => {
      expect(await authenticate({ user, password }, localClient)).to.equal(undefined);
    });
  }

  it('gives nobody where nobody is listed', async () => {
    expect(await fixedAccounts([])({ user: '', password: '' }, localClient)).to.equal(undefined);
  });

  it('gives each account a file system of its own', async () => {
    const alice = await authenticate({ user: 'alice', password: 'opensesame' }, localClient);
    const bob = await authenticate({ user: 'bob', password: 'pässwörd' }, localClient);
    expect(alice?.fileSystem).not.to.equal(bob?.fileSystem);
  });
});

describe('fixedAccounts with hashes', () => {
  it('takes hashes beside passwords', async () => {
    const authenticate = fixedAccounts([
      { name: 'alice', passwordHash: await cheapHash('opensesame'), root: '/srv/alice' },
      { name: 'bob', password: 'builder', root: '/srv/bob' },
    ]);
    expect(await authenticate({ user: 'alice', password: 'opensesame' }, localClient)).to.include({ name: 'alice' });
    expect(await authenticate({ user: 'bob', password: 'builder' }, localClient)).to.include({ name: 'bob' });
    for (const [user, password] of [
      ['alice', 'builder'],
      ['bob', 'opensesame'],
      ['carol', 'opensesame'],
      ['alice', await cheapHash('opensesame')],
    ] as const) {
      expect(await authenticate({ user, password }, localClient), `${user} ${password}`).to.equal(undefined);
    }
  });

  it('gives accounts of one folder one file system', async () => {
    const authenticate = fixedAccounts([
      { name: 'alice', password: 'a', root: '/srv' },
      { name: 'bob', password: 'b', root: '/srv' },
    ]);
    const alice = await authenticate({ user: 'alice', password: 'a' }, localClient);
    expect(alice?.fileSystem).to.equal((await authenticate({ user: 'bob', password: 'b' }, localClient))?.fileSystem);
  });

  it('takes roots that are written differently for the one folder that they are', async () => {
    const authenticate = fixedAccounts([
      { name: 'alice', password: 'a', root: '/srv/missing' },
      { name: 'bob', password: 'b', root: '/srv/missing/' },
      { name: 'carol', password: 'c', root: relative('.', '/srv/missing') },
      { name: 'dave', password: 'd', root: '/srv/missing/dave' },
    ]);
    const [alice, bob, carol, dave] = await Promise.all(
      ['alice', 'bob', 'carol', 'dave'].map(async (user) =>
        authenticate({ user, password: user.charAt(0) }, localClient),
      ),
    );
    expect(bob?.fileSystem).to.equal(alice?.fileSystem);
    expect(carol?.fileSystem).to.equal(alice?.fileSystem);
    expect(dave?.fileSystem).not.to.equal(alice?.fileSystem);
  });

  const wrong: readonly (readonly [accounts: readonly FixedAccount[], message: string])[] = [
    [[{ name: 'alice', root: '', password: 'a' }], "account 'alice': root: an account needs one"],
    [[{ name: 'alice', root: '/srv' }], "account 'alice': password: an account needs it or a passwordHash"],
    [[{ name: 'alice', root: '/srv', password: 'a', passwordHash: 'b' }], "account 'alice': password: "],
    [[{ name: 'alice', root: '/srv', passwordHash: 'b' }], "account 'alice': password: is not a scrypt hash"],
    [[{ name: 'alice', root: '/srv', password: 'a', quotaBytes: -1 }], "account 'alice': quotaBytes: -1 is not"],
    [
      [
        { name: 'alice', root: '/srv', password: 'a' },
        { name: 'alice', root: '/srv', password: 'b' },
      ],
      "account 'alice': name: is taken",
    ],
  ];
  for (const [accounts, message] of wrong) {
    it(`refuses a list with an error that begins with ${message}`, () => {
      expect(() => fixedAccounts(accounts))
        .to.throw(ConfigError)
        .with.property('message')
        .that.includes(message);
    });
  }
});

describe('anonymousAccount', () => {
  const authenticate = anonymousAccount({ root: '/srv/public', quotaBytes: 5 });

  it('lets anonymous and ftp in with any password, to read and to list', async () => {
    for (const user of ['anonymous', 'ftp', 'Anonymous']) {
      const account = await authenticate({ user, password: '' }, localClient);
      expect(account, user).to.include({ name: 'anonymous', readOnly: true, quotaBytes: 5 });
    }
  });

  it('knows nobody else', async () => {
    for (const user of ['alice', '', 'anonymous2', 'an']) {
      expect(await authenticate({ user, password: '' }, localClient), user).to.equal(undefined);
    }
  });

  it('stays read-only whatever the options say', () => {
    const options = { root: '/srv/public', readOnly: false };
    expect(anonymousAccount(options)({ user: 'ftp', password: '' }, localClient)).to.include({ readOnly: true });
  });
});

describe('firstOf', () => {
  it('lets in by the first that knows the credentials', async () => {
    const authenticate = firstOf(
      anonymousAccount({ root: '/srv/public' }),
      fixedAccounts([{ name: 'alice', password: 'a', root: '/srv/alice' }]),
      fixedAccounts([{ name: 'alice', password: 'b', root: '/srv/other' }]),
    );
    expect(await authenticate({ user: 'ftp', password: 'x' }, localClient)).to.include({ name: 'anonymous' });
    expect(await authenticate({ user: 'alice', password: 'a' }, localClient)).to.include({ name: 'alice' });
    expect(await authenticate({ user: 'alice', password: 'b' }, localClient)).to.include({ name: 'alice' });
    expect(await authenticate({ user: 'alice', password: 'c' }, localClient)).to.equal(undefined);
  });
});
