// From a protected control connection to a login that can move files (RFC 959 §5.4, RFC 4217 §12).
import type { Reply } from '@ftps-kit/ftp-protocol';
import type { Credentials } from './client-options.js';
import type { ControlConnection, ReplyDeadline } from './control-connection.js';
import { LoginError, ReplyError, isNegative } from './errors.js';
import { outgoing } from './outgoing-command.js';

const NEED_PASSWORD = 331;
const NEED_ACCOUNT = 332;
/** Not in RFC 959; some servers say it for a wrong user or password. */
const INVALID_CREDENTIALS = 430;

/** USER, and PASS where it is asked for. Rejects with `LoginError`, or with `ReplyError` where the server is busy. */
export async function logIn(
  control: ControlConnection,
  credentials: Credentials,
  deadline: ReplyDeadline,
): Promise<void> {
  const user = credentials.userCommand();
  let reply = await control.run(user, deadline);
  let verb = user.verb;
  if (reply.code === NEED_PASSWORD) {
    const pass = credentials.passwordCommand();
    if (pass === undefined) throw new LoginError(verb, reply, `the server wants a password for ${credentials.user}`);
    reply = await control.run(pass, deadline);
    verb = pass.verb;
  }
  if (reply.code === NEED_ACCOUNT) {
    throw new LoginError(verb, reply, 'the server wants an account (ACCT), which this client does not give');
  }
  if (reply.code >= 200 && reply.code < 300) return;
  throw refusedLogin(verb, reply, credentials.user);
}

/**
 * Has data connections protected. PROT P must be accepted: no file moves in clear.
 *
 * RFC 4217 §12.4 shows PBSZ and PROT before USER, and allows them anywhere behind AUTH. After the login they are
 * understood by all: some servers answer 530 before it.
 */
export async function protectData(control: ControlConnection, deadline: ReplyDeadline): Promise<void> {
  // RFC 4217 §9: PBSZ comes first, with 0. Where only that is refused, PROT decides.
  await control.run(outgoing('PBSZ', '0'), deadline);
  const reply = await control.run(outgoing('PROT', 'P'), deadline);
  if (isNegative(reply)) {
    throw new ReplyError('PROT', reply, 'the server does not protect data connections, and no file moves in clear');
  }
}

function refusedLogin(verb: string, reply: Reply, user: string): ReplyError {
  const permanent = reply.code >= 500 || reply.code === INVALID_CREDENTIALS || reply.code < 400;
  return permanent
    ? new LoginError(verb, reply, `the server refused the login of ${user}`)
    : new ReplyError(verb, reply, `the server cannot log ${user} in now`);
}
