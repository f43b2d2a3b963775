import { expect } from 'chai';
import { LoginError } from '@ftps-kit/ftps-client';
import { ReplyError } from '../../../../packages/ftps-client/src/errors.js';
import { isTransient } from '../../../../packages/ftps-client/src/files/retry.js';
import { saysNoRoom, saysTooManyFailures } from '../../../../packages/ftps-client/src/login/login-reply.js';

const reply = (text: string, code = 530) => ({ code, lines: [text] });

describe('the refusal of a login', () => {
  const full = [
    'Sorry, the maximum number of allowed clients (1) are already connected.',
    'Sorry, the maximum number of clients (2) from your host are already connected.',
    'Sorry, the maximum number of connections (8) for your host are already connected.',
    'Sorry, max 2 users -- try again later',
    'Too many simultaneous logins',
    'This account has too many sessions; try again later.',
    'Session limit reached',
  ];
  for (const text of full) {
    it(`is worth another attempt where it says: ${text}`, () => {
      expect(saysNoRoom(reply(text))).to.equal(true);
      expect(isTransient(new LoginError('PASS', reply(text), 'x'))).to.equal(true);
      expect(isTransient(new ReplyError('(greeting)', reply(text), 'x'))).to.equal(true);
      expect(isTransient(new ReplyError('RETR', reply(text), 'x')), 'not to RETR').to.equal(false);
    });
  }

  const wrong = [
    'Login incorrect.',
    'Not logged in.',
    'User alice access denied.',
    'Too many failed logins; your account is locked for 10 minutes.',
    'Maximum login attempts exceeded',
    'Too many authentication failures',
    'Login limit exceeded: wrong password',
    'Your address is banned: too many connections',
  ];
  for (const text of wrong) {
    it(`is to be told at once where it says: ${text}`, () => {
      expect(saysNoRoom(reply(text))).to.equal(false);
      expect(isTransient(new LoginError('PASS', reply(text), 'x'))).to.equal(false);
    });
  }

  it('counts as one for the password where it is 421, but says so', () => {
    expect(saysTooManyFailures(reply('Too many failed logins; closing.', 421))).to.equal(true);
    expect(saysTooManyFailures(reply('Too many connections; try again later.', 421))).to.equal(false);
    expect(saysTooManyFailures(reply('Service not available.', 421))).to.equal(false);
  });

  it('passes where RFC 959 says that it does, and not where the code is that of wrong credentials', () => {
    expect(isTransient(new ReplyError('PASS', reply('busy', 451), 'x'))).to.equal(true);
    expect(new LoginError('PASS', reply('invalid', 430), 'x').retryable).to.equal(false);
  });
});
