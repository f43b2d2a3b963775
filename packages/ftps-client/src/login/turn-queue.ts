// One call at a time on one control connection, in the order they were made.
import { AbortedError } from '@ftps-kit/tls-core';

export class TurnQueue {
  #last: Promise<unknown> = Promise.resolve();
  #calls = 0;
  readonly #onIdle: () => void;

  /** `onIdle` is called when the last call has ended and none waits. */
  constructor(onIdle: () => void = () => undefined) {
    this.#onIdle = onIdle;
  }

  /** Whether no call is under way. */
  get isIdle(): boolean {
    return this.#calls === 0;
  }

  /** Runs `work` when all calls before it are done. Where `signal` fires before, `AbortedError`, and it never runs. */
  take<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    let isMyTurn = false;
    this.#calls += 1;
    const result = this.#last
      .then(() => {
        if (signal?.aborted === true) throw abortedBefore(signal);
        isMyTurn = true;
        return work();
      })
      .finally(() => {
        this.#calls -= 1;
        if (this.isIdle) this.#onIdle();
      });
    this.#last = result.catch(() => undefined);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        // Once it runs, the call itself sees to the signal, and is waited for.
        if (!isMyTurn && signal !== undefined) reject(abortedBefore(signal));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      result.finally(() => signal?.removeEventListener('abort', onAbort)).then(resolve, reject);
      if (signal?.aborted === true) onAbort();
    });
  }
}

function abortedBefore(signal: AbortSignal): AbortedError {
  return new AbortedError('aborted before it began', { cause: signal.reason });
}
