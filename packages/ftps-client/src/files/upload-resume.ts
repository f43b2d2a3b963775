// Where an upload goes on behind what an earlier one, or an earlier attempt, left on the server, and what says that it is its own.
import { unlessEnded, type CallEnds } from '../call-ends.js';
import { TransferError } from '../errors.js';
import { opened, type UploadSource } from '../local/upload-source.js';
import type { LoginContext } from '../login/login-context.js';
import type { SizeThere } from '../remote/remote-facts.js';
import { remoteHash } from '../remote/remote-hash.js';
import type { StreamHash } from './hash-algorithm.js';
import type { ParsedUploadOptions } from './transfer-options.js';
import { FROM_THE_BEGINNING, type Start } from './transfer-start.js';
import type { UploadTarget } from './upload-target.js';
import type { Check } from './verify.js';

/** An upload that may go on behind what is there. */
export interface ResumableUpload {
  readonly source: UploadSource;
  readonly target: UploadTarget;
  /** undefined where nobody knows before the end. */
  readonly totalBytes: number | undefined;
  /** Takes the bytes that are not sent again; undefined where the server has no hash. */
  readonly hash: StreamHash | undefined;
  readonly resume: ParsedUploadOptions['resume'];
  readonly ends: CallEnds;
}

/** Behind what the server has from an earlier upload, if it is the beginning of this one as far as can be told. */
export async function resumedStart(
  context: LoginContext,
  check: Check,
  size: SizeThere,
  upload: ResumableUpload,
): Promise<Start> {
  const { target, totalBytes, hash, ends } = upload;
  const { path } = target;
  if (typeof size !== 'number' || size === 0) return FROM_THE_BEGINNING;
  if (totalBytes !== undefined && size > totalBytes) return FROM_THE_BEGINNING;
  const unchecked: Start = { offset: size, prefix: 'unchecked' };
  if (hash === undefined || check.hash === undefined) {
    // Of a source without an end that is known, nobody could tell that more is there than there should be.
    const isLikely = totalBytes !== undefined && isLikelyOurs(upload);
    return isLikely ? unchecked : FROM_THE_BEGINNING;
  }
  if (await hashBeginning(upload.source, hash, size, ends)) {
    const value = await remoteHash(context, check.hash, { path, bytes: size }, ends.signal);
    if (value === hash.value()) return { offset: size, prefix: 'hash' };
    if (value === undefined && isLikelyOurs(upload)) return unchecked;
  }
  hash.restart();
  return FROM_THE_BEGINNING;
}

/** An append that broke off: what was there, and what is now. */
export interface BrokenAppend {
  /** Of the remote file before any byte of ours. */
  readonly baseBytes: number;
  /** Where in the source the attempts before ended. */
  readonly sentBytes: number;
  /** Bytes moved by all attempts, for the error. */
  readonly movedBytes: number;
  /** Of the remote file now; undefined where the server does not tell. */
  readonly size: number | undefined;
  /** Whether the source is as it was when it was opened first. */
  readonly isUnchanged: boolean;
}

/** Where an append goes on. Throws `TransferError` where nobody knows which bytes were added. */
export function laterAppend({ baseBytes, sentBytes, movedBytes, size, isUnchanged }: BrokenAppend): Start {
  const refused = (message: string): TransferError =>
    new TransferError(message, { bytes: movedBytes, resumable: false });
  if (size === undefined) {
    // Also where it says 550: of a folder where nothing may be read, that is no proof that nothing came.
    throw refused(
      `the server does not tell the size of the remote file now, so that nobody knows how many of ${sentBytes} bytes ` +
        'were added, and nothing more is added',
    );
  }
  const added = size - baseBytes;
  if (added < 0 || added > sentBytes) {
    throw refused(
      `the remote file had ${baseBytes} bytes before ${sentBytes} were added, and has ${size} now: somebody ` +
        'else changed it, and nothing more is added',
    );
  }
  if (added === 0) return FROM_THE_BEGINNING;
  if (!isUnchanged) {
    throw refused(`${added} bytes of the local file were added before it was changed, and nothing more is added`);
  }
  return { offset: added, prefix: 'own' };
}

/**
 * What can be said without a hash: a temporary name is made of the very local file. Under the real name stands what anybody has
 * put there, and no time tells whose it is: clocks differ, and a file that is put back from elsewhere keeps an old time.
 */
function isLikelyOurs({ source: { identity }, target, resume }: ResumableUpload): boolean {
  return resume === 'unchecked' || (target.isTemporary && identity !== undefined);
}

/** Hashes the source's first bytes, which are not sent again. False where it has fewer. */
async function hashBeginning(source: UploadSource, hash: StreamHash, bytes: number, ends: CallEnds): Promise<boolean> {
  const reading = await opened(source.open(0), ends);
  try {
    for (let at = 0; at < bytes;) {
      const chunk = await unlessEnded(reading.next(), ends);
      if (chunk === undefined) return false;
      hash.update(chunk.subarray(0, bytes - at), at);
      at += chunk.length;
    }
    return true;
  } finally {
    await reading.close();
  }
}
