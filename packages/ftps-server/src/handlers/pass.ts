// PASS (RFC 959 §4.1.1): the password, and with it the login.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import { AbortedError } from '@ftps-kit/tls-core';
import type { GrantedAccount } from '../account.js';
import type { CommandContext } from '../command-row.js';
import { tellLimit } from '../limit-event.js';
import type { LoginAttempt } from '../login-throttle.js';
import { judgeLogin, type LoginVerdict } from '../login-verdict.js';
import { outcome, type Outcome } from '../outcome.js';

export async function pass(context: CommandContext): Promise<Outcome> {
  const { argument, session, server } = context;
  const { login, id, client } = session;
  if (login.state !== 'awaiting-password') return outcome(ReplyCode.BadSequence, 'Send USER first.');
  const { user } = login;
  const attempt = await turnOf(context, user);
  if (attempt === undefined) return outcome(ReplyCode.ServiceNotAvailable, 'Too many failed logins; closing.', 'close');
  const verdict = await judgeLogin(server, session, { user, password: argument });
  settle(attempt, verdict);
  const accepted = verdict.kind === 'accepted';
  const reason = verdict.kind === 'refused' ? verdict.reason : undefined;
  server.events.emit('login', { id, client, user, accepted, reason });
  if (verdict.kind !== 'accepted') return refusal(context, reason === 'sessions');
  const { entry } = verdict;
  // Before anything is waited for: from here on the session's end gives its place in the account back.
  session.moveLogin({ kind: 'accepted', account: entry.account, entry });
  session.workingDirectory = await homeOf(entry.account);
  return outcome(ReplyCode.UserLoggedIn, 'Logged in.');
}

/** Waits for the turn of this login, which comes later the more have failed; undefined where there is none. */
async function turnOf({ session, server }: CommandContext, user: string): Promise<LoginAttempt | undefined> {
  const { address } = session.client;
  try {
    const attempt = await server.throttle.attempt(address, user, session.ended);
    if (attempt === undefined)
      tellLimit(server, session, 'maxFailedLoginDelayMs', `too many logins from ${address} failed`);
    return attempt;
  } catch (error) {
    if (error instanceof AbortedError) return undefined;
    throw error;
  }
}

function settle(attempt: LoginAttempt, verdict: LoginVerdict): void {
  if (verdict.kind === 'fault') attempt.dropped();
  // The password was right.
  else if (verdict.kind === 'accepted' || verdict.reason === 'sessions') attempt.succeeded();
  else attempt.failed();
}

/** One answer for whatever was wrong, so that it says nothing of who exists. */
function refusal({ session, server }: CommandContext, hasTooManySessions: boolean): Outcome {
  session.moveLogin({ kind: 'refused' });
  const { maxFailedLogins } = server.settings.limits;
  if (session.failedLogins >= maxFailedLogins) {
    tellLimit(server, session, 'maxFailedLogins', `${session.failedLogins} logins were refused`);
    return outcome(ReplyCode.ServiceNotAvailable, 'Too many failed logins; closing.', 'close');
  }
  return outcome(
    ReplyCode.NotLoggedIn,
    hasTooManySessions
      ? 'This account has too many sessions; try again later.'
      : 'User name or password is wrong, or not allowed from here.',
  );
}

/** Where a session begins; the root where the home is missing. */
async function homeOf({ fileSystem, homeDirectory }: GrantedAccount): Promise<string> {
  if (homeDirectory === '/') return '/';
  try {
    return (await fileSystem.stat(homeDirectory)).type === 'directory' ? homeDirectory : '/';
  } catch {
    return '/';
  }
}
