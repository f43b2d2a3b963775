// What a server tells of a file before it moves: its size and the time it was modified (RFC 3659 §3 and §4).
import { GrammarError, ReplyCode, parseByteOffset, type Reply } from '@ftps-kit/ftp-protocol';
import type { ControlConnection, ReplyDeadline } from './control-connection.js';
import { ProtocolError, isNegative } from './errors.js';
import { hasSize } from './features.js';
import { outgoingPath } from './outgoing-command.js';
import type { LoginContext } from './login-context.js';

/** By which a file is known again. Each is undefined where the server does not tell it. */
export interface RemoteFacts {
  readonly sizeBytes: number | undefined;
  readonly modifiedAt: Date | undefined;
}

/** The size of a remote file in bytes, as TYPE I moves it. Rejects with `ReplyError`. */
export async function remoteSize(control: ControlConnection, path: string, deadline: ReplyDeadline): Promise<number> {
  return sizeIn(await control.demand(outgoingPath('SIZE', path), deadline));
}

/** The size where the server has SIZE and tells it for this file; else undefined. */
export async function sizeIfTold(
  { control, features, timeouts }: LoginContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  if (!hasSize(features)) return undefined;
  const reply = await control.run(outgoingPath('SIZE', path), { timeoutMs: timeouts.replyMs, signal });
  return isNegative(reply) ? undefined : sizeInWords(reply);
}

function sizeInWords(reply: Reply): number | undefined {
  // DEVIATION RFC 3659 §4.1: 213 with words and no number tells nothing: ftp-srv says "213 File status" of an empty
  // file.
  const [text = ''] = reply.lines;
  return /[0-9]/.test(text) ? sizeIn(reply) : undefined;
}

/**
 * The size of what stands under a name; `absent` where the server says that nothing does; `unknown` where it says neither.
 */
export async function sizeOrAbsence(
  { control, features, timeouts }: LoginContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<number | 'absent' | 'unknown'> {
  if (!hasSize(features)) return 'unknown';
  const reply = await control.run(outgoingPath('SIZE', path), { timeoutMs: timeouts.replyMs, signal });
  if (!isNegative(reply)) return sizeInWords(reply) ?? 'unknown';
  return reply.code === ReplyCode.FileUnavailable ? 'absent' : 'unknown';
}

/** Whether two looks at a file, one after the other, saw the same one. What neither told does not count against it. */
export function isSameFile(before: RemoteFacts, now: RemoteFacts): boolean {
  return before.sizeBytes === now.sizeBytes && before.modifiedAt?.getTime() === now.modifiedAt?.getTime();
}

function sizeIn(reply: Reply): number {
  try {
    return parseByteOffset(reply.lines.join('').trim());
  } catch (cause) {
    if (!(cause instanceof GrammarError)) throw cause;
    throw new ProtocolError(`the reply to SIZE has no size: ${cause.message}`, { cause });
  }
}
