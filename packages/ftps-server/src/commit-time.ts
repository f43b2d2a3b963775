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

/** The session ended while a commit was under way that can no longer be called off: the file may still appear. */
export class CommitUnknownError extends AbortedError {}

export interface CommitBounds {
  readonly timeoutMs: number;
  /** Fires when the client wants the upload no more. */
  readonly aborted: AbortSignal;
  /** Fires when nobody is left who could be told. */
  readonly ended: AbortSignal;
}

/**
 * Commits. Rejects with `CommitTimeoutError` after `timeoutMs`; with `AbortedError` as soon as `aborted` or `ended` fires,
 * where the commit can still be called off; and with `CommitUnknownError` at `ended` where it cannot. What is not waited for
 * any longer goes on, and ends as it ends.
 */
export function commitWithin(file: WriteHandle, { timeoutMs, aborted, ended }: CommitBounds): Promise<void> {
  const calledOff = (): boolean => file.callOff?.() ?? false;
  return new Promise((resolve, reject) => {
    // First of all: where this throws there is nothing to wait for.
    const committing = file.commit();
    const patience = setTimeout(() => {
      giveUp(new CommitTimeoutError(timeoutMs, calledOff()));
    }, timeoutMs);
    const onAborted = (): void => {
      if (calledOff()) giveUp(new AbortedError('the upload was aborted while it was put in its place'));
    };
    const onEnded = (): void => {
      const message = 'the session ended while the upload was put in its place';
      giveUp(calledOff() ? new AbortedError(message) : new CommitUnknownError(message));
    };
    const stopWaiting = (): void => {
      clearTimeout(patience);
      aborted.removeEventListener('abort', onAborted);
      ended.removeEventListener('abort', onEnded);
    };
    const giveUp = (error: Error): void => {
      stopWaiting();
      reject(error);
    };
    aborted.addEventListener('abort', onAborted, { once: true });
    ended.addEventListener('abort', onEnded, { once: true });
    if (aborted.aborted) onAborted();
    if (ended.aborted) onEnded();
    committing.finally(stopWaiting).then(() => {
      resolve();
    }, reject);
  });
}
