// Where an upload with `resume` goes on behind what an earlier one left on the server, and what says that it belongs to it.
import type { StreamHash } from './hash-algorithm.js';
import { timeIfTold } from './modification-time.js';
import { remoteHash } from './remote-hash.js';
import type { LoginContext } from './transfer.js';
import type { ParsedUploadOptions } from './transfer-options.js';
import type { PrefixProof } from './transfer-result.js';
import type { UploadSource } from './upload-source.js';
import type { UploadTarget } from './upload-target.js';
import type { Check } from './verify.js';

/** Where an attempt goes on, and why what lies before is right. */
export interface Start {
  readonly offset: number;
  readonly prefix: PrefixProof | undefined;
}

export const FROM_THE_BEGINNING: Start = { offset: 0, prefix: undefined };

/** An upload that may go on behind what is there. */
export interface ResumableUpload {
  readonly source: UploadSource;
  readonly target: UploadTarget;
  /** undefined where nobody knows before the end. */
  readonly totalBytes: number | undefined;
  /** Takes the bytes that are not sent again; undefined where the server has no hash. */
  readonly hash: StreamHash | undefined;
  readonly resume: ParsedUploadOptions['resume'];
  readonly signal: AbortSignal | undefined;
}

/** Behind what the server has from an earlier upload, if it is the beginning of this one as far as can be told. */
export async function resumedStart(
  context: LoginContext,
  check: Check,
  size: number | 'absent' | 'unknown',
  upload: ResumableUpload,
): Promise<Start> {
  const { target, totalBytes, hash, signal } = upload;
  const { path } = target;
  if (typeof size !== 'number' || size === 0) return FROM_THE_BEGINNING;
  if (totalBytes !== undefined && size > totalBytes) return FROM_THE_BEGINNING;
  const unchecked: Start = { offset: size, prefix: 'unchecked' };
  if (hash === undefined || check.hash === undefined) {
    // Of a source without an end that is known, nobody could tell that more is there than there should be.
    const isLikely = totalBytes !== undefined && (await isLikelyOurs(context, upload));
    return isLikely ? unchecked : FROM_THE_BEGINNING;
  }
  if (await hashBeginning(upload.source, hash, size)) {
    const value = await remoteHash(context, check.hash, { path, bytes: size }, signal);
    if (value === hash.value()) return { offset: size, prefix: 'hash' };
    if (value === undefined && (await isLikelyOurs(context, upload))) return unchecked;
  }
  hash.restart();
  return FROM_THE_BEGINNING;
}

/**
 * What can be said without a hash: a temporary name is made of the local file, its size and its time; and under the real
 * name, what was written before the local file had its present bytes is not of it.
 */
async function isLikelyOurs(
  context: LoginContext,
  { source: { identity, modifiedAt }, target, resume, signal }: ResumableUpload,
): Promise<boolean> {
  if (resume === 'unchecked' || (target.isTemporary && identity !== undefined)) return true;
  if (modifiedAt === undefined) return false;
  const written = await timeIfTold(context, target.path, signal);
  // MDTM tells whole seconds, mostly.
  return written !== undefined && written.getTime() >= Math.floor(modifiedAt.getTime() / 1000) * 1000;
}

/** Hashes the source's first bytes, which are not sent again. False where it has fewer. */
async function hashBeginning(source: UploadSource, hash: StreamHash, bytes: number): Promise<boolean> {
  const reading = await source.open(0);
  try {
    for (let at = 0; at < bytes;) {
      const chunk = await reading.next();
      if (chunk === undefined) return false;
      hash.update(chunk.subarray(0, bytes - at), at);
      at += chunk.length;
    }
    return true;
  } finally {
    await reading.close();
  }
}
