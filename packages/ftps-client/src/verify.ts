// Whether what moved is what the other side has: SIZE (RFC 3659 §4).
import { GrammarError, parseByteOffset, type Reply } from '@ftps-kit/ftp-protocol';
import type { ControlConnection, ReplyDeadline } from './control-connection.js';
import { ProtocolError, VerificationError, isNegative } from './errors.js';
import { hasSize } from './features.js';
import { outgoingPath } from './outgoing-command.js';
import type { LoginContext } from './transfer.js';

/** What a transfer's result says about its check: the sizes agree, or nobody could ask. */
export type Verified = 'size' | 'unverified';

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
  return isNegative(reply) ? undefined : sizeIn(reply);
}

/**
 * Compares a transfer that the server called complete with the size that it tells now. Rejects with
 * `VerificationError`.
 */
export async function verifySize(
  context: LoginContext,
  request: { readonly verb: string; readonly path: string; readonly bytes: number; readonly reply: Reply },
  signal: AbortSignal | undefined,
): Promise<Verified> {
  const { verb, path, bytes, reply } = request;
  const size = await sizeIfTold(context, path, signal);
  if (size === undefined) return 'unverified';
  if (size === bytes) return 'size';
  throw new VerificationError(
    `${verb} moved ${bytes} bytes, but the server's file has ${size}: it is not the same file`,
    { bytes, resumable: bytes < size && verb === 'RETR', reply },
  );
}

function sizeIn(reply: Reply): number {
  try {
    return parseByteOffset(reply.lines.join('').trim());
  } catch (cause) {
    if (cause instanceof GrammarError)
      throw new ProtocolError(`the reply to SIZE has no size: ${cause.message}`, { cause });
    throw cause;
  }
}
