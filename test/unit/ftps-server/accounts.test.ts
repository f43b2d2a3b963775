import { expect } from 'chai';
import { fixedAccounts } from '@ftps-kit/ftps-server';

const client = { address: '127.0.0.1', port: 2121 };

describe('fixedAccounts', () => {
  const authenticate = fixedAccounts([
    { name: 'alice', password: 'opensesame', root: '/srv/alice' },
    { name: 'bob', password: 'pässwörd', root: '/srv/bob', readOnly: true },
  ]);

  it('gives the account of the right name and password', async () => {
    expect(await authenticate({ user: 'alice', password: 'opensesame' }, client)).to.include({ name: 'alice' });
    expect(await authenticate({ user: 'bob', password: 'pässwörd' }, client)).to.include({
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
      expect(await authenticate({ user, password }, client)).to.equal(undefined);
    });
  }

  it('gives nobody where nobody is listed', async () => {
    expect(await fixedAccounts([])({ user: '', password: '' }, client)).to.equal(undefined);
  });

  it('gives each account a file system of its own', async () => {
    const alice = await authenticate({ user: 'alice', password: 'opensesame' }, client);
    const bob = await authenticate({ user: 'bob', password: 'pässwörd' }, client);
    expect(alice?.fileSystem).not.to.equal(bob?.fileSystem);
  });
});
