// The modification time that MDTM tells (RFC 3659 §3).
import { parseTime, type Reply } from '@ftps-kit/ftp-protocol';
import { contentOf } from '../control/reply-content.js';
import type { LoginContext } from '../login/login-context.js';
import { toldBy, tryCommand } from '../login/tried-command.js';

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
  return toldBy(reply, parseTime);
}

/** The time in a reply to MDTM. Throws `ProtocolError`. */
export function timeIn(reply: Reply): Date {
  return contentOf('MDTM', 'time', () => parseTime(reply.lines.join('').trim()));
}
