// PASS (RFC 959 §4.1.1): the password, and with it the login.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import { parseAccount, type Account, type GrantedAccount } from '../account.js';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export async function pass({ argument, session, server }: CommandContext): Promise<Outcome> {
  const { login, id, client } = session;
  if (login.state !== 'awaiting-password') return outcome(ReplyCode.BadSequence, 'Send USER first.');
  const account = await authenticated(
    async () => server.settings.authenticate({ user: login.user, password: argument }, client),
    (error) => {
      server.events.fault('authenticate', error, { id, client });
    },
  );
  server.events.emit('login', { id, client, user: login.user, accepted: account !== undefined });
  if (account !== undefined) {
    session.moveLogin({ kind: 'accepted', account });
    return outcome(ReplyCode.UserLoggedIn, 'Logged in.');
  }
  session.moveLogin({ kind: 'refused' });
  if (session.failedLogins < server.settings.limits.maxFailedLogins) {
    return outcome(ReplyCode.NotLoggedIn, 'User name or password is wrong.');
  }
  server.events.emit('limit', {
    id,
    client,
    limit: 'maxFailedLogins',
    value: server.settings.limits.maxFailedLogins,
    detail: `${session.failedLogins} logins were refused`,
  });
  return outcome(ReplyCode.ServiceNotAvailable, 'Too many failed logins; closing.', 'close');
}

/** A database that is down, or holds nonsense, lets nobody in, and says nothing of itself to the client. */
async function authenticated(
  ask: () => Promise<Account | undefined>,
  tellFault: (error: unknown) => void,
): Promise<GrantedAccount | undefined> {
  try {
    const account = await ask();
    return account && parseAccount(account);
  } catch (error) {
    tellFault(error);
    return undefined;
  }
}
