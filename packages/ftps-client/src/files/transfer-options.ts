// What transfers take besides their two ends, parsed once.
import { ConfigError, systemClock, type Clock } from '@ftps-kit/tls-core';
import { flag, oneOf, optionalFunction, wholeNumber } from '@ftps-kit/tls-core/internal';
import { checkCallOptions, type CallOptions } from '../call-options.js';
import type { Progress } from '../transfer/progress.js';
import { parseRetry, type AttemptEvent, type RetryOptions, type RetryPolicy } from './retry.js';
import { VERIFY_MODES, type VerifyMode } from './verify.js';

/** What downloads and uploads take. */
export interface TransferOptions extends CallOptions {
  /** Called as bytes move, at most ten times a second and once at the end. What it throws ends the transfer. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Default `auto`: by hash where the server has one, else by size, else the result says that nothing was proved. */
  readonly verify?: VerifyMode | undefined;
  /**
   * How often it is tried in all, or how exactly. Only transient errors are tried again: after waiting, with a new login
   * where the old one was lost, and from where the file broke off. Default 1: once.
   */
  readonly retry?: number | RetryOptions | undefined;
  /** Called when an attempt begins, and when one fails. What it throws ends the transfer. */
  readonly onAttempt?: ((event: AttemptEvent) => void) | undefined;
  /** Where time comes from, for the rates of progress. Default: the system. */
  readonly clock?: Clock | undefined;
}

export interface DownloadOptions extends TransferOptions {
  /**
   * Only for local paths. `true`: what arrives is kept beside the target, in a hidden file whose name ends in
   * `.ftps-part`, and a later download of the same unchanged remote file goes on behind it. `in-place`: the target itself
   * is written and continued, as `wget -c` does; then there is a half file under the real name. Default false: what
   * arrived before a failure is removed.
   */
  readonly resume?: boolean | 'in-place' | undefined;
  /** Only for local paths: gives the file the modification time that the server tells (MDTM). Default false. */
  readonly preserveTimes?: boolean | undefined;
  /** Only for local paths: has the disk confirm the bytes before the file gets its name (fsync). Default false. */
  readonly durable?: boolean | undefined;
  /**
   * What becomes of a download that nothing proves to have all bytes: it was checked neither by hash nor by size, and the end of
   * its data connection may as well have been a cut, as there is no TLS, or an engine of one's own cannot tell (`closure: 'unverified'`).
   * `allow`: it is done, and the result says so. `fail`: it is a `VerificationError` (`not-checked`). Default `allow`.
   */
  readonly onUnprovedEnd?: 'allow' | 'fail' | undefined;
}

export interface UploadOptions extends TransferOptions {
  /**
   * Goes on behind what the server has of the file already (SIZE), after a comparison of hashes. Where there is no hash, only
   * together with `atomic`, behind what has the temporary name of this very local file: what stands under the real name may
   * be anything, and the upload begins anew. `unchecked` goes on behind whatever is there and not longer, for
   * callers who know what it is. The source must be one that can be opened at an offset: a path, bytes, or a function.
   * Default false.
   */
  readonly resume?: boolean | 'unchecked' | undefined;
  /**
   * Uploads under a temporary name beside the target, and renames when the file is whole and checked: whoever looks at the
   * target's name sees the old file or the new one. Default false.
   */
  readonly atomic?: boolean | undefined;
  /**
   * With `atomic`, for servers that rename over no file: moves the old one aside first, under a hidden name, and removes it when
   * the new one has its name; where that gets it not, the old one is moved back. Default false.
   */
  readonly replace?: boolean | undefined;
  /** Adds to the end of the remote file (APPE). Default false. */
  readonly append?: boolean | undefined;
  /** For local paths: gives the remote file the modification time of the local one. Default false. */
  readonly preserveTimes?: boolean | undefined;
  /** Gives the remote file this modification time. */
  readonly modifiedAt?: Date | undefined;
  /**
   * For local paths to which bytes are only added meanwhile, as to logs: uploads those that were there when it began.
   * That nobody writes over these is for the caller to know. Default false: a file whose size or modification time changes
   * while it is uploaded is a `LocalFileError`.
   */
  readonly mayGrow?: boolean | undefined;
  /** For streams: the bytes there will be. The upload fails where the source ends with another number. */
  readonly totalBytes?: number | undefined;
}

export interface ParsedTransferOptions {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly verify: VerifyMode;
  readonly retry: RetryPolicy;
  readonly onAttempt: ((event: AttemptEvent) => void) | undefined;
  readonly clock: Clock;
}

export interface ParsedDownloadOptions extends ParsedTransferOptions {
  readonly resume: boolean | 'in-place';
  readonly preserveTimes: boolean;
  readonly durable: boolean;
  readonly onUnprovedEnd: 'allow' | 'fail';
}

export interface ParsedUploadOptions extends ParsedTransferOptions {
  readonly resume: boolean | 'unchecked';
  readonly atomic: boolean;
  readonly replace: boolean;
  readonly append: boolean;
  readonly preserveTimes: boolean;
  readonly modifiedAt: Date | undefined;
  readonly mayGrow: boolean;
  readonly totalBytes: number | undefined;
}

const COMMON_KEYS: readonly string[] = [
  ...(['signal', 'onProgress', 'verify', 'retry', 'onAttempt', 'clock'] satisfies (keyof TransferOptions)[]),
];
const DOWNLOAD_KEYS: readonly string[] = [
  ...COMMON_KEYS,
  ...(['resume', 'preserveTimes', 'durable', 'onUnprovedEnd'] satisfies (keyof DownloadOptions)[]),
];
const UPLOAD_KEYS: readonly string[] = [
  ...COMMON_KEYS,
  ...(['resume', 'atomic', 'replace', 'append'] satisfies (keyof UploadOptions)[]),
  ...(['preserveTimes', 'modifiedAt', 'mayGrow', 'totalBytes'] satisfies (keyof UploadOptions)[]),
];

/** Throws `ConfigError` that names the wrong option and what is right. */
export function parseDownloadOptions(options: DownloadOptions): ParsedDownloadOptions {
  checkCallOptions(options, DOWNLOAD_KEYS);
  const { resume = false, preserveTimes = false, durable = false, onUnprovedEnd = 'allow' } = options;
  if (typeof resume !== 'boolean') oneOf('resume', resume, ['in-place']);
  flag('preserveTimes', preserveTimes);
  flag('durable', durable);
  oneOf('onUnprovedEnd', onUnprovedEnd, ['allow', 'fail']);
  return Object.freeze({ ...parseTransferOptions(options), resume, preserveTimes, durable, onUnprovedEnd });
}

/** Throws `ConfigError` that names the wrong option and what is right. */
export function parseUploadOptions(options: UploadOptions): ParsedUploadOptions {
  checkCallOptions(options, UPLOAD_KEYS);
  const { resume = false, atomic = false, replace = false, append = false, preserveTimes = false } = options;
  const { modifiedAt, mayGrow = false, totalBytes } = options;
  if (typeof resume !== 'boolean') oneOf('resume', resume, ['unchecked']);
  for (const [name, value] of Object.entries({ atomic, replace, append, preserveTimes, mayGrow })) flag(name, value);
  if (append && (atomic || resume !== false)) throw new ConfigError('append: cannot be combined with atomic or resume');
  if (replace && !atomic)
    throw new ConfigError('replace: says how atomic uploads rename; without atomic it means nothing');
  if (modifiedAt !== undefined && !(modifiedAt instanceof Date && !Number.isNaN(modifiedAt.getTime())))
    throw new ConfigError('modifiedAt: no valid date');
  if (totalBytes !== undefined) wholeNumber('totalBytes', totalBytes, 0);
  return Object.freeze({
    ...parseTransferOptions(options),
    ...{ resume, atomic, replace, append, preserveTimes, modifiedAt, mayGrow, totalBytes },
  });
}

function parseTransferOptions(options: TransferOptions): ParsedTransferOptions {
  const { signal, onProgress, verify = 'auto', retry, onAttempt, clock = systemClock } = options;
  oneOf('verify', verify, VERIFY_MODES);
  for (const [name, value] of Object.entries({ onProgress, onAttempt, clock })) optionalFunction(name, value);
  return { signal, onProgress, verify, retry: parseRetry(retry), onAttempt, clock };
}
