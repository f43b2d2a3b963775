// Bounds the commit of an upload in time: when it takes too long it is called off where that can be, and told truthfully where not.
import { AbortedError, TimeoutError } from '@ftps-kit/tls-core';
import type { WriteHandle } from './file-system.js';

/** A commit took too long. */
export class CommitTimeoutError extends TimeoutError {
  /** Whether it is sure that nothing will come of it; otherwise the file may still appear. */
  readonly isCalledOff: boolean;

  constructor(timeoutMs: number, isCalledOff: boolean) {
    super('commit', timeoutMs);
    this.isCalledOff = isCalledOff;
  }
}

/**
 * Commits. Rejects with `CommitTimeoutError` after `timeoutMs`; and with `AbortedError` as soon as `aborted` fires, where
 * the commit can still be called off. What is not waited for any longer goes on, and ends as it ends.
 */
export function commitWithin(file: WriteHandle, timeoutMs: number, aborted: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const calledOff = (): boolean => file.callOff?.() ?? false;
    const patience = setTimeout(() => {
      reject(new CommitTimeoutError(timeoutMs, calledOff()));
    }, timeoutMs);
    const onAborted = (): void => {
      if (calledOff()) reject(new AbortedError('the upload was aborted while it was put in its place'));
    };
    const committing = file.commit();
    aborted.addEventListener('abort', onAborted, { once: true });
    if (aborted.aborted) onAborted();
    committing
      .finally(() => {
        clearTimeout(patience);
        aborted.removeEventListener('abort', onAborted);
      })
      .then(() => {
        resolve();
      }, reject);
  });
}
