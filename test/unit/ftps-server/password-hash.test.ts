import { inspect } from 'node:util';
import { expect } from 'chai';
import { ConfigError } from '@ftps-kit/tls-core';
import { hashPassword } from '@ftps-kit/ftps-server';
import { AccountList } from '../../../packages/ftps-server/src/account-list.js';
import { PasswordHash, deriveByScrypt, type ScryptCost } from '../../../packages/ftps-server/src/password-hash.js';
import { cheapHash } from '../../support/cheap-hash.js';

describe('a password hash', () => {
  it('is a salted scrypt in PHC form that its own password matches, and no other', async () => {
    const [one, other] = await Promise.all([hashPassword('opensesame'), hashPassword('opensesame')]);
    expect(one).to.match(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.to.equal(other);
    expect(await PasswordHash.parse(one).matches('opensesame')).to.equal(true);
    expect(await PasswordHash.parse(one).matches('opensesam')).to.equal(false);
  });

  it('is what others make of the same salt and cost', async () => {
    // RFC 7914 §12: scrypt("pleaseletmein", "SodiumChloride", N=16384, r=8, p=1, 64).
    const hash = PasswordHash.parse(
      '$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$' +
        'cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw',
    );
    expect(await hash.matches('pleaseletmein')).to.equal(true);
  });

  it('takes the two forms of a letter in Unicode for one', async () => {
    const hash = PasswordHash.parse(await cheapHash('pa\u0308ssword'));
    expect(await hash.matches('p\u00e4ssword')).to.equal(true);
  });

  it('does its work beside the event loop', async () => {
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    await hashPassword('opensesame');
    clearInterval(ticking);
    expect(turns).to.be.above(0);
  });

  it('shows nothing of itself', async () => {
    const text = await cheapHash('opensesame');
    const shown =
      inspect(PasswordHash.parse(text), { showHidden: true, depth: null }) + JSON.stringify(PasswordHash.parse(text));
    for (const secret of text.split('$').slice(3)) expect(shown).not.to.include(secret);
  });

  const bad: readonly string[] = [
    '',
    'opensesame',
    '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA',
    '$scrypt$ln=15,r=8,p=3$c2FsdHNhbHQ',
    '$scrypt$ln=15,r=8,p=3$c2E$aGFzaGhhc2hoYXNoaGFzaA',
    '$scrypt$ln=15,r=8,p=3$c2FsdHNhbHQ$aGFzaA',
    '$scrypt$ln=30,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA',
    '$scrypt$ln=15,r=8,p=99$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA',
    '$scrypt$ln=0,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA',
  ];
  for (const text of bad) {
    it(`is not ${text === '' ? 'nothing' : text}, and the error does not repeat it`, () => {
      expect(() => PasswordHash.parse(text))
        .to.throw(ConfigError, /^password: /)
        .with.property('message')
        .that.satisfies((message: string) => text === '' || !message.includes(text));
    });
  }
});

describe('a list of accounts', () => {
  const account = (name: string) => ({ name, root: '/nowhere' });

  /** The cost of each hash that a look-up checked. */
  async function workOf(list: 'hashed' | 'mixed' | 'plain', user: string, password: string): Promise<ScryptCost[]> {
    const work: ScryptCost[] = [];
    const alice = { account: account('alice'), secret: { hash: PasswordHash.parse(await cheapHash('opensesame')) } };
    const bob = { account: account('bob'), secret: { password: 'builder' } };
    const accounts = { hashed: [alice], mixed: [alice, bob], plain: [bob] }[list];
    await new AccountList(accounts, (...args) => {
      work.push(args[2]);
      return deriveByScrypt(...args);
    }).find(user, password);
    return work;
  }

  it('does the same work for an unknown name as for a wrong password', async () => {
    for (const list of ['hashed', 'mixed', 'plain'] as const) {
      const unknown = await workOf(list, 'nobody', 'guess');
      expect(unknown).to.have.length(list === 'plain' ? 0 : 1);
      for (const user of ['alice', 'bob']) {
        expect(await workOf(list, user, 'guess'), `${list}, ${user}`).to.deep.equal(unknown);
      }
    }
  });

  it('checks no more than two hashes at a time', async () => {
    const running = { now: 0, most: 0 };
    const hash = PasswordHash.parse(await cheapHash('opensesame'));
    const list = new AccountList([{ account: account('alice'), secret: { hash } }], async (...args) => {
      running.most = Math.max(running.most, (running.now += 1));
      const derived = await deriveByScrypt(...args);
      running.now -= 1;
      return derived;
    });
    const found = await Promise.all(Array.from({ length: 10 }, () => list.find('alice', 'opensesame')));
    expect(found.map((one) => one?.name)).to.deep.equal(Array.from({ length: 10 }, () => 'alice'));
    expect(running).to.deep.equal({ now: 0, most: 2 });
  });

  it('goes on after a check that failed', async () => {
    let calls = 0;
    const hash = PasswordHash.parse(await cheapHash('opensesame'));
    const list = new AccountList([{ account: account('alice'), secret: { hash } }], (...args) => {
      calls += 1;
      return calls <= 3 ? Promise.reject(new Error('no memory')) : deriveByScrypt(...args);
    });
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => list.find('alice', 'opensesame')));
    expect(results.map(({ status }) => status)).to.deep.equal([
      ...Array.from({ length: 3 }, () => 'rejected'),
      ...Array.from({ length: 2 }, () => 'fulfilled'),
    ]);
  });
});
