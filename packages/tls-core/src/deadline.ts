// One place where a wait is bounded by a time limit and by the caller's AbortSignal.
import { AbortedError, TimeoutError, type TimeoutPhase } from './errors.js';

/** The bounds of a wait. */
export interface Deadline {
  /** Milliseconds; without it the wait is not bounded by time. */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for `work`, but no longer than `deadline` allows.
 *
 * When the time is over or the signal fires, `giveUp` is called once to release what the work holds, and the wait
 * rejects with `TimeoutError` (naming `phase`) or `AbortedError`. What the work does afterwards is ignored.
 */
export function withDeadline<T>(
  phase: TimeoutPhase,
  deadline: Deadline,
  work: Promise<T>,
  giveUp: () => void,
): Promise<T> {
  const { timeoutMs, signal } = deadline;
  return new Promise((resolve, reject) => {
    const expire = (error: Error): void => {
      stopWaiting();
      giveUp();
      reject(error);
    };
    const onAbort = (): void => {
      expire(new AbortedError(`aborted (${phase})`, { cause: signal?.reason }));
    };
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            expire(new TimeoutError(phase, timeoutMs));
          }, timeoutMs);
    const stopWaiting = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    work.finally(stopWaiting).then(resolve, reject);
    if (signal?.aborted === true) onAbort();
  });
}
