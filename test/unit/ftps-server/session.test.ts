import { expect } from 'chai';
import { ServerBinding } from '@ftps-kit/tls-core';
import { LocalFileSystem } from '@ftps-kit/ftps-server';
import { parseAccount } from '../../../packages/ftps-server/src/account.js';
import { Session } from '../../../packages/ftps-server/src/session.js';

const endpoint = { address: '127.0.0.1', port: 2121 };
const account = parseAccount({ name: 'alice', fileSystem: new LocalFileSystem('/nowhere') });

function newSession(): Session {
  return new Session(new ServerBinding(), endpoint, endpoint);
}

describe('a session', () => {
  it('begins in clear, fresh, in the root, in ASCII, with clear data connections', () => {
    const session = newSession();
    expect(session.security).to.equal('clear');
    expect(session.login).to.deep.equal({ state: 'fresh' });
    expect(session.workingDirectory).to.equal('/');
    expect(session.type).to.equal('ascii');
    expect(session.protection).to.equal('C');
  });

  describe('security', () => {
    it('goes from clear to upgrading to protected', () => {
      const session = newSession();
      session.moveSecurity('upgrading');
      expect(session.security).to.equal('upgrading');
      session.moveSecurity('protected');
      expect(session.security).to.equal('protected');
    });

    it('never goes back, and never twice the same way', () => {
      const session = newSession();
      session.moveSecurity('upgrading');
      expect(() => {
        session.moveSecurity('upgrading');
      }).to.throw('cannot go from upgrading');
      session.moveSecurity('protected');
      for (const next of ['upgrading', 'protected'] as const) {
        expect(() => {
          session.moveSecurity(next);
        }).to.throw('cannot go from protected');
      }
    });

    it('forgets what was selected in clear', () => {
      const session = newSession();
      session.selectedFacts = ['size'];
      session.hashing = { selected: 'MD5', wanted: 'MD5' };
      session.host = 'ftp.example';
      session.moveSecurity('upgrading');
      session.moveSecurity('protected');
      expect([session.selectedFacts, session.host]).to.deep.equal([undefined, undefined]);
      expect(session.hashing).to.deep.equal(newSession().hashing);
    });
  });

  describe('login', () => {
    it('goes from a name to an account, which handlers find', () => {
      const session = newSession();
      session.moveLogin({ kind: 'user', user: 'alice' });
      expect(session.login).to.deep.equal({ state: 'awaiting-password', user: 'alice' });
      session.moveLogin({ kind: 'accepted', account });
      expect(session.account).to.equal(account);
    });

    it('begins again after a refusal, which is counted until a login', () => {
      const session = newSession();
      for (const count of [1, 2]) {
        session.moveLogin({ kind: 'user', user: 'alice' });
        session.moveLogin({ kind: 'refused' });
        expect(session.login).to.deep.equal({ state: 'fresh' });
        expect(session.failedLogins).to.equal(count);
      }
      session.moveLogin({ kind: 'accepted', account });
      expect(session.failedLogins).to.equal(0);
    });

    it('has no account before', () => {
      const session = newSession();
      expect(() => session.account).to.throw('no account');
      session.moveLogin({ kind: 'user', user: 'alice' });
      expect(() => session.account).to.throw('no account');
    });
  });

  it('gives a restart offset once', () => {
    const session = newSession();
    session.restartAt = 7;
    expect([session.takeRestart(), session.takeRestart()]).to.deep.equal([7, 0]);
  });

  it('ends with its binding, and tells what runs on behalf of it', () => {
    const session = newSession();
    expect(session.ended.aborted).to.equal(false);
    session.close();
    session.close();
    expect(session.ended.aborted).to.equal(true);
    expect(session.binding.closed).to.equal(true);
  });

  it('is as new when it is reinitialized, with a binding of its own, but for its name and refused logins', () => {
    const session = newSession();
    const fresh = Object.entries(newSession()).filter(([name]) => name !== 'id' && name !== 'dismiss');
    const { binding } = session;
    session.moveSecurity('upgrading');
    session.moveSecurity('protected');
    session.moveLogin({ kind: 'accepted', account });
    Object.assign(session, {
      host: 'ftp.example',
      workingDirectory: '/a',
      type: 'image',
      protection: 'P',
      protectionBufferSet: true,
      restartAt: 7,
      range: { first: 1, last: 2 },
      hashing: { selected: 'MD5', wanted: 'MD5' },
      renameFrom: '/b',
      extendedPassiveOnly: true,
      selectedFacts: ['size'],
    });
    const next = new ServerBinding();
    session.reinitialize(next);
    for (const [name, value] of fresh) expect(session).to.have.deep.property(name, value);
    expect([session.security, session.login.state, session.binding]).to.deep.equal(['clear', 'fresh', next]);
    expect([binding.closed, next.closed, session.ended.aborted]).to.deep.equal([true, false, false]);
  });

  it('is named by its binding, no two alike', () => {
    expect(newSession().id).not.to.equal(newSession().id);
  });
});
