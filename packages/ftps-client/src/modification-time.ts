// The modification time that MDTM tells (RFC 3659 §3).
import { GrammarError, parseTime, type Reply } from '@ftps-kit/ftp-protocol';
import { ProtocolError, isNegative } from './errors.js';
import { outgoingPath } from './outgoing-command.js';
import type { LoginContext } from './login-context.js';

/** The time where MDTM tells it for this file; else undefined. */
export async function timeIfTold(
  { control, features, timeouts }: LoginContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Date | undefined> {
  if (!features.has('MDTM')) return undefined;
  const reply = await control.run(outgoingPath('MDTM', path), { timeoutMs: timeouts.replyMs, signal });
  return isNegative(reply) ? undefined : timeIn(reply);
}

/** The time in a reply to MDTM. Throws `ProtocolError`. */
export function timeIn(reply: Reply): Date {
  try {
    return parseTime(reply.lines.join('').trim());
  } catch (cause) {
    if (cause instanceof GrammarError) throw new ProtocolError('the reply to MDTM holds no time', { cause });
    throw cause;
  }
}
