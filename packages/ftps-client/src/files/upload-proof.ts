// Whether an upload that the server called complete is there as it was sent, and what of it is where it is not.
import { ConnectionError } from '@ftps-kit/tls-core';
import { TransferError, VerificationError, replyText } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { printable } from '../printable.js';
import type { TransferOutcome } from '../transfer/transfer-request.js';
import type { OldFile } from './old-file.js';
import type { SentBytes } from './sent-bytes.js';
import type { Start } from './transfer-start.js';
import { verifyFile, type Check, type Verified } from './verify.js';

/** What was sent, and what it was sent to. */
export interface SentFile {
  readonly path: string;
  readonly appends: boolean;
  readonly bytes: SentBytes;
  /** Where the last attempt went on. */
  readonly start: Start;
  /** Whether another attempt had sent some before it. */
  readonly isLater: boolean;
  /** Under that name before. */
  readonly old: OldFile;
  readonly signal: AbortSignal | undefined;
}

/** What proves it. Rejects with `VerificationError` where it is not there, and with `TransferError` where nothing tells. */
export async function proveUpload(
  context: LoginContext,
  check: Check,
  sent: SentFile,
  outcome: TransferOutcome,
): Promise<Verified> {
  const { path, appends, bytes, old, signal } = sent;
  const isBaseKnown = !appends || old.size !== 'unknown';
  const file = {
    ...{ verb: appends ? 'APPE' : 'STOR', path, reply: outcome.reply },
    ...{ sizeBytes: (appends ? old.base : 0) + bytes.end, hash: bytes.hash },
  };
  let verified: Verified;
  try {
    verified = await verifyFile(context, isBaseKnown ? check : { ...check, size: false }, file, signal);
  } catch (error) {
    throw judged(error, sent);
  }
  const proved = await unlessOfOld(context, check, verified, sent, outcome);
  if (proved.by === 'nothing') mustNotBeCut(outcome);
  return proved;
}

/** What of the bytes that are there is of this upload, and why there are more than were sent, the check cannot know. */
function judged(error: unknown, { appends, old, start, isLater }: SentFile): unknown {
  if (!(error instanceof VerificationError) || error.reason !== 'size-differs') return error;
  const { bytes, reason, reply } = error;
  if (error.resumable) {
    const { safeBytes: size = 0 } = error;
    const safeBytes = appends ? Math.max(0, size - old.base) : old.safeOf(size, start);
    return new VerificationError(error.message, { bytes, safeBytes, resumable: true, reply, reason });
  }
  if (!isLater || start.offset === 0) return error;
  return new VerificationError(
    `${error.message}; bytes that an earlier attempt had sent beyond ${start.offset} seem to have come late`,
    { bytes, safeBytes: 0, resumable: true, reply, reason },
  );
}

/** An old file of the same size proves nothing by that. */
async function unlessOfOld(
  context: LoginContext,
  { mode }: Check,
  verified: Verified,
  { path, appends, bytes, start, old, signal }: SentFile,
  outcome: TransferOutcome,
): Promise<Verified> {
  const size = bytes.end;
  if (verified.by !== 'size' || appends || start.offset === size) return verified;
  if (!(await old.mayStillStand(context, path, size, signal))) return verified;
  const reason = `a file of ${size} bytes stood there before, and the server does not tell that it was written since`;
  if (mode !== 'size') return { by: 'nothing', reason };
  throw new VerificationError(`the server took ${printable(path)}, but its size proves nothing: ${reason}`, {
    ...{ bytes: outcome.bytes, safeBytes: undefined, resumable: false, reply: outcome.reply },
    reason: 'not-checked',
  });
}

/**
 * A server that has read an upload to its end ends the data connection in its turn. Where that was cut instead, what it took
 * for the end may have been the cut, and only the file over there can tell.
 */
function mustNotBeCut({ closure, bytes, reply }: TransferOutcome): void {
  if (closure !== 'truncated') return;
  throw new TransferError(
    `the server called the upload complete (${replyText(reply)}), but its data connection was cut, and neither a hash nor a ` +
      'size proves what it has',
    { bytes, resumable: true, reply, cause: new ConnectionError('the data connection was cut') },
  );
}
