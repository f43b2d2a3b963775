// What a server tells of a file before it moves: its size and the time it was modified (RFC 3659 §3 and §4).
import { ReplyCode, parseByteOffset, type Reply } from '@ftps-kit/ftp-protocol';
import type { ControlConnection, ReplyDeadline } from '../control/control-connection.js';
import { outgoingPath } from '../control/outgoing-command.js';
import { contentOf } from '../control/reply-content.js';
import type { LoginContext } from '../login/login-context.js';
import { toldBy, tryCommand } from '../login/tried-command.js';

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
  context: LoginContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  return sizeToldIn(await tryCommand(context, 'SIZE', path, signal));
}

/**
 * The size in a reply to SIZE; undefined in a refusal, and in what is no count of bytes.
 *
 * DEVIATION RFC 3659 §4.1: ftp-srv says "213 File status" of an empty file, and servers that count in 32 bits have numbers
 * below zero for large ones.
 */
export function sizeToldIn(reply: Reply | undefined): number | undefined {
  return toldBy(reply, parseByteOffset);
}

/** The size of what stands under a name; `absent` where the server says that nothing does; `unknown` where it says neither. */
export type SizeThere = number | 'absent' | 'unknown';

/** What stands there now, by SIZE. */
export async function sizeOrAbsence(
  context: LoginContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<SizeThere> {
  const reply = await tryCommand(context, 'SIZE', path, signal);
  return reply?.code === ReplyCode.FileUnavailable ? 'absent' : (sizeToldIn(reply) ?? 'unknown');
}

/** Whether two looks at a file, one after the other, saw the same one. What neither told does not count against it. */
export function isSameFile(before: RemoteFacts, now: RemoteFacts): boolean {
  return before.sizeBytes === now.sizeBytes && before.modifiedAt?.getTime() === now.modifiedAt?.getTime();
}

function sizeIn(reply: Reply): number {
  return contentOf('SIZE', 'size', () => parseByteOffset(reply.lines.join('').trim()));
}
