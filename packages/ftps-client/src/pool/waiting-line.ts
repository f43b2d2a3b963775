// The calls that wait for a login, in the order they came, but those first that hold one already.
import { AbortedError, TimeoutError } from '@ftps-kit/tls-core';

/** How a member is asked for. */
export interface Asking<M> {
  /** Whether it is lent before those that do not hold one already. */
  readonly isAhead: boolean;
  /** Called in the moment in which it is lent. */
  readonly onTaken: (member: M) => void;
}

interface Waiter<M> {
  readonly isAhead: boolean;
  readonly take: (member: M) => void;
  readonly fail: (error: Error) => void;
}

export class WaitingLine<M> {
  readonly #waiters = new Set<Waiter<M>>();
  readonly #timeoutMs: number;

  /** No call waits for longer; 0 is for ever. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get length(): number {
    return this.#waiters.size;
  }

  /** Resolves with what `serve` gave. Rejects with `AbortedError`, `TimeoutError`, and as `refuse` says. */
  join(signal: AbortSignal | undefined, { isAhead, onTaken }: Asking<M>): Promise<M> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiters.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter<M> = {
        isAhead,
        take: (member) => {
          settle();
          onTaken(member);
          resolve(member);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      const onAbort = (): void => {
        waiter.fail(new AbortedError('aborted before a login of the pool was free', { cause: signal?.reason }));
      };
      const timer =
        this.#timeoutMs === 0
          ? undefined
          : setTimeout(() => {
              waiter.fail(new TimeoutError('acquire', this.#timeoutMs));
            }, this.#timeoutMs);
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted === true) onAbort();
    });
  }

  /** Gives it to the first; false where nobody waits. */
  serve(member: M): boolean {
    const [first] = this.#waiters;
    const next = [...this.#waiters].find(({ isAhead }) => isAhead) ?? first;
    next?.take(member);
    return next !== undefined;
  }

  /** Rejects all that wait. */
  refuse(error: Error): void {
    for (const waiter of this.#waiters) waiter.fail(error);
  }
}
