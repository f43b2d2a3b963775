// USER (RFC 959 §4.1.1): who wants in. The answer is the same for every name.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function user({ argument, session }: CommandContext): Outcome {
  if (session.login.state === 'logged-in') {
    return outcome(ReplyCode.NotLoggedIn, 'Somebody is logged in already; use a new connection.');
  }
  session.moveLogin({ kind: 'user', user: argument });
  return outcome(ReplyCode.NeedPassword, 'Send the password.');
}
