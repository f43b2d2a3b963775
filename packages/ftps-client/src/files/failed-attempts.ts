// What was tried before a transfer failed for good: said in the error's message, and given to programs that ask.
import { FtpsError } from '@ftps-kit/tls-core';
import { TransferError } from '../errors.js';

/** The attempts of a transfer that failed. */
export interface FailedAttempts {
  /** How many were made. */
  readonly count: number;
  /**
   * What those before the error failed with, in their order: one for each attempt but the one that the error ended; where the call
   * ended in the pause behind an attempt, one for each.
   */
  readonly earlier: readonly Error[];
  /**
   * The last failure of an attempt whose transfer had begun, the error itself where it is one: its `safeBytes` says what the
   * receiving side has, and its `resumable` whether a later call may go on there, also where a later attempt found no login.
   * undefined where no transfer began.
   */
  readonly lastTransferError: TransferError | undefined;
  /** What the caller's own `wait` failed with, where there was no other attempt for that. */
  readonly waitError: Error | undefined;
}

const attemptsBefore = new WeakMap<Error, FailedAttempts>();

/** What was tried before this error; undefined where nothing was: the first attempt failed, and none was to follow. */
export function failedAttempts(error: unknown): FailedAttempts | undefined {
  return error instanceof Error ? attemptsBefore.get(error) : undefined;
}

/** The error itself, or the last one of that kind before it. */
export function lastTransferError(error: Error): TransferError | undefined {
  return error instanceof TransferError ? error : attemptsBefore.get(error)?.lastTransferError;
}

/**
 * Notes with `error` what the attempts failed with, the last of which may be by itself. The message of an error of this
 * package says it too; one of the caller's own is left as it is.
 */
export function noteAttempts(error: Error, failures: readonly Error[], waitError?: Error): void {
  if (attemptsBefore.has(error)) return;
  const earlier = failures.at(-1) === error ? failures.slice(0, -1) : [...failures];
  if (earlier.length === 0 && waitError === undefined) return;
  const attempts: FailedAttempts = Object.freeze({
    ...{ count: failures.length, earlier: Object.freeze(earlier), waitError },
    lastTransferError: failures.findLast((failure) => failure instanceof TransferError),
  });
  attemptsBefore.set(error, attempts);
  if (error instanceof FtpsError) error.message += told(error.message, attempts);
}

function told(message: string, { count, earlier, waitError }: FailedAttempts): string {
  const last = earlier.at(-1);
  const parts: string[] = [];
  if (last !== undefined) {
    const made = count === 1 ? '1 attempt was made' : `${count} attempts were made`;
    const which = earlier.length < count ? 'the one before' : count === 1 ? 'which' : 'the last of which';
    parts.push(last.message === message ? made : `${made}, ${which} failed with: ${last.message}`);
  }
  if (waitError !== undefined) parts.push(`it was not tried again: the wait before failed with: ${waitError.message}`);
  return parts.map((part) => `; ${part}`).join('');
}
