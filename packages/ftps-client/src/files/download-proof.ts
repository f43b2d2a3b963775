// Whether a download that the server called complete is one file, and all of it, where no hash of the whole tells.
import { VerificationError, type VerificationFailure } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { printable } from '../printable.js';
import { timeIfTold } from '../remote/modification-time.js';
import type { RemoteFacts } from '../remote/remote-facts.js';
import type { TransferOutcome } from '../transfer/transfer-request.js';
import type { ParsedDownloadOptions } from './transfer-options.js';
import type { PrefixProof } from './transfer-result.js';
import { mustHaveSize, type MovedFile } from './verify.js';

/** How the last piece of a download came to stand behind the others. */
export interface Pieces {
  readonly resumedAt: number;
  readonly prefix: PrefixProof | undefined;
  /** The remote file as it was before the last piece came. */
  readonly facts: RemoteFacts;
}

export interface PiecedDownload {
  readonly file: MovedFile;
  readonly pieces: Pieces;
  readonly options: Pick<ParsedDownloadOptions, 'resume' | 'verify' | 'signal'>;
}

export interface Doubt {
  readonly message: string;
  readonly reason: VerificationFailure;
}

/**
 * Why the pieces may not be of one file; undefined where they are. Between the look before a piece and its beginning the file may
 * have been replaced, so there is another look behind it. Rejects with `VerificationError` where they do not add up.
 */
export async function doubtOfPieces(
  context: LoginContext,
  { file, pieces, options }: PiecedDownload,
): Promise<Doubt | undefined> {
  const { resumedAt, prefix, facts } = pieces;
  const { resume, verify, signal } = options;
  const { path } = file;
  if (resumedAt === 0) return undefined;
  // Also where nobody wants a check: what does not add up to what the server told is no file.
  if (verify === 'none') await mustHaveSize(context, file, signal);
  const before = facts.modifiedAt;
  const now = before === undefined ? undefined : await timeIfTold(context, path, signal);
  if (now !== undefined && now.getTime() !== before?.getTime()) {
    const message = `${printable(path)} was changed while it was downloaded, and its first ${resumedAt} bytes may be of the version before`;
    return { message, reason: 'changed' };
  }
  const isProved = prefix === 'hash' || (prefix === 'unchanged' && now !== undefined);
  // Who writes in place has said that it is the same file.
  if (isProved || resume === 'in-place') return undefined;
  const message = `the server does not tell the hash of ${printable(path)} now, and nothing else proves its first ${resumedAt} bytes`;
  return { message, reason: 'not-checked' };
}

/**
 * For a download that was checked by nothing. RFC 8446 §6.1 has close_notify against a truncation: without it the sender may have
 * had more to send. Throws `VerificationError`.
 */
export function mustHaveEnded({ handshake, closure }: TransferOutcome, { path, sizeBytes, reply }: MovedFile): void {
  if (handshake !== undefined && closure === 'clean') return;
  const why = handshake === undefined ? 'without TLS an end' : 'to this TLS engine the end of a connection';
  throw new VerificationError(
    `${printable(path)} was checked neither by hash nor by size, and ${why} looks like a cut: nothing proves that it is whole`,
    { bytes: sizeBytes, safeBytes: sizeBytes, resumable: false, reply, reason: 'not-checked' },
  );
}
