// The modification time that MDTM tells (RFC 3659 §3).
import { GrammarError, ReplyCode, parseTime, type Reply } from '@ftps-kit/ftp-protocol';
import { ProtocolError } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { tryCommand } from '../login/tried-command.js';

/** The time where MDTM tells it for this file; else undefined. */
export async function timeIfTold(
  context: LoginContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Date | undefined> {
  return timeToldIn(await tryCommand(context, 'MDTM', path, signal));
}

/** The time in a reply to MDTM; undefined in a refusal, and in what is no time: some servers write the year 2026 as 19126. */
export function timeToldIn(reply: Reply | undefined): Date | undefined {
  if (reply?.code !== ReplyCode.FileStatus) return undefined;
  try {
    return timeIn(reply);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
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
