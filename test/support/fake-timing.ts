// A clock that stands still until it is told to go on.
import { setImmediate } from 'node:timers/promises';
import { AbortedError } from '@ftps-kit/tls-core';
import type { Timing } from '../../packages/ftps-server/src/timing.js';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export class FakeTiming implements Timing {
  #now = 1_000_000;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  /** How many wait at this moment. */
  get waiting(): number {
    return this.#sleepers.size;
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#now + ms, wake };
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(new AbortedError('aborted while waiting'));
      };
      if (signal?.aborted === true) {
        abort();
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /** Lets so much time pass; whoever wakes in it does what it has to at its own moment. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await setImmediate();
    for (let next = this.#nextBefore(end); next !== undefined; next = this.#nextBefore(end)) {
      this.#now = Math.max(this.#now, next.at);
      this.#sleepers.delete(next);
      next.wake();
      await setImmediate();
    }
    this.#now = end;
  }

  #nextBefore(end: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter(({ at }) => at <= end);
    return due.reduce<Sleeper | undefined>(
      (first, one) => (first === undefined || one.at < first.at ? one : first),
      undefined,
    );
  }
}
