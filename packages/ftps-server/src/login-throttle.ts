// Guessing passwords is slow: who has failed waits before the next attempt, longer each time, over all connections.
import { createHash } from 'node:crypto';
import { AbortedError } from '@ftps-kit/tls-core';
import { clientNetwork } from './client-network.js';
import { systemTiming, type Timing } from './timing.js';
import { WaitQueue } from './wait-queue.js';

export interface LoginThrottleOptions {
  /** What the first attempt waits that waits at all; each further one twice as long. */
  readonly delayMs: number;
  /** The longest distance between two attempts of an address. */
  readonly maxDelayMs: number;
  readonly timing?: Timing | undefined;
  /** Addresses and accounts that are remembered; beyond that the oldest are forgotten. Default 10,000. */
  readonly capacity?: number | undefined;
}

/** Attempts of an address that cost nothing: people mistype. */
const FREE_ATTEMPTS = 3;

/** The same for an account, whoever tries; many may know it. */
const FREE_ATTEMPTS_ON_ACCOUNT = 10;

/** An account is not shut by guesses from everywhere: nobody waits longer than this for its sake. */
const MAX_ACCOUNT_DELAY_MS = 3_000;

/** Half of all failures are forgiven in this time. */
const HALF_LIFE_MS = 600_000;

interface Failures {
  count: number;
  countedAt: number;
  /** Attempts that wait or are checked: each may fail. */
  pending: number;
  /** Woken when there are fewer of those. */
  readonly queue: WaitQueue;
  /** When the last attempt was let through, or will be. */
  startsAt: number;
  /** Of an address and an account together: the right password came from there. */
  isKnown: boolean;
}

/** An attempt that may go on; exactly one of its methods is called. */
export interface LoginAttempt {
  succeeded(): void;
  failed(): void;
  /** It came to nothing, by no fault of the client. */
  dropped(): void;
}

/**
 * Failures are counted for an address and for an account. Attempts from an address go one after the other, at growing
 * distances, over however many connections; some of them are checked at a time, and the others wait for what becomes of
 * those: a client that opens many connections has done nothing wrong. Attempts on an account wait a bounded time each, so that its owner always gets
 * in from elsewhere. From an address that knew the password before, nobody waits for others' failures.
 */
export class LoginThrottle {
  readonly #delayMs: number;
  readonly #maxDelayMs: number;
  readonly #timing: Timing;
  readonly #capacity: number;
  /** In the order of their last use. */
  readonly #failures = new Map<string, Failures>();
  readonly #waiting = new Map<string, Set<AbortController>>();

  constructor({ delayMs, maxDelayMs, timing = systemTiming, capacity = 10_000 }: LoginThrottleOptions) {
    this.#delayMs = delayMs;
    this.#maxDelayMs = maxDelayMs;
    this.#timing = timing;
    this.#capacity = capacity;
  }

  /** How many addresses and accounts are remembered. */
  get size(): number {
    return this.#failures.size;
  }

  /**
   * Resolves when this login may be tried; undefined where its turn is too far away to wait for. Rejects with
   * `AbortedError` when `endWaits` is called or the signal fires. Where the signal fires behind that, before the attempt
   * has come to something, it counts as failed.
   */
  async attempt(address: string, user: string, signal?: AbortSignal): Promise<LoginAttempt | undefined> {
    const from = this.#of(`address ${clientNetwork(address)}`);
    const on = this.#of(`account ${digest(user)}`);
    const pairKey = `pair ${clientNetwork(address)} ${digest(user)}`;
    const pair = this.#of(pairKey);
    const isTrusted = (): boolean => pair.isKnown && this.#countOf(pair) + pair.pending < FREE_ATTEMPTS;
    let isReleased = false;
    while (!isReleased && !isTrusted() && from.pending >= FREE_ATTEMPTS) {
      isReleased = await this.#waitUnlessReleased(pairKey, signal, (given) => from.queue.wait(given));
    }
    // Nothing is waited for between the look at the number and its change.
    const counted = isTrusted() ? pair : from;
    const waitMs = isReleased || counted === pair ? 0 : this.#reserve(from, on);
    if (waitMs === undefined) return undefined;
    counted.pending += 1;
    const leave = (): void => {
      counted.pending -= 1;
      counted.queue.wakeAll();
    };
    try {
      if (waitMs > 0) {
        await this.#waitUnlessReleased(pairKey, signal, (given) => this.#timing.wait(waitMs, given));
      }
    } catch (error) {
      leave();
      throw error;
    }
    let isOver = false;
    /** Whether it was not over yet. */
    const over = (): boolean => {
      if (isOver) return false;
      isOver = true;
      leave();
      signal?.removeEventListener('abort', failed);
      return true;
    };
    const failed = (): void => {
      if (over()) for (const record of [from, on, pair]) this.#count(record);
    };
    // A verdict may never come. Leaving before it is no way around the waits either.
    signal?.addEventListener('abort', failed, { once: true });
    if (signal?.aborted === true) failed();
    return {
      succeeded: () => {
        over();
        pair.isKnown = true;
        pair.count = 0;
        // Others of the same client may go on: they know the password too.
        for (const waiting of this.#waiting.get(pairKey) ?? []) waiting.abort(RELEASED);
      },
      failed,
      dropped: over,
    };
  }

  /** Nobody waits any longer: the server closes. */
  endWaits(): void {
    for (const waiting of this.#waiting.values()) for (const one of waiting) one.abort(givenUp());
  }

  /** How long the next attempt waits, behind those of its address; undefined where that is too long. */
  #reserve(from: Failures, on: Failures): number | undefined {
    const now = this.#timing.now();
    const distance = this.#delayOf(this.#countOf(from) + from.pending - FREE_ATTEMPTS, this.#maxDelayMs);
    const startsAt = Math.max(now, from.startsAt + distance);
    if (startsAt - now > this.#maxDelayMs) return undefined;
    from.startsAt = startsAt;
    return Math.max(startsAt - now, this.#delayOf(this.#countOf(on) - FREE_ATTEMPTS_ON_ACCOUNT, MAX_ACCOUNT_DELAY_MS));
  }

  /** Waits until `wait` is over, or somebody proves to know the password: then gives true. */
  async #waitUnlessReleased(
    key: string,
    signal: AbortSignal | undefined,
    wait: (signal: AbortSignal) => Promise<void>,
  ): Promise<boolean> {
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort(givenUp());
    };
    signal?.addEventListener('abort', abort, { once: true });
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting.add(controller));
    try {
      if (signal?.aborted === true) abort();
      await wait(controller.signal);
      return false;
    } catch (error) {
      if (!(error instanceof AbortedError) || controller.signal.reason !== RELEASED) throw error;
      return true;
    } finally {
      signal?.removeEventListener('abort', abort);
      waiting.delete(controller);
      if (waiting.size === 0) this.#waiting.delete(key);
    }
  }

  #delayOf(beyondFree: number, maxMs: number): number {
    return beyondFree < 0 ? 0 : Math.min(this.#delayMs * 2 ** Math.min(beyondFree, 30), maxMs);
  }

  #countOf({ count, countedAt }: Failures): number {
    return Math.round(count * 2 ** ((countedAt - this.#timing.now()) / HALF_LIFE_MS));
  }

  #count(record: Failures): void {
    const now = this.#timing.now();
    record.count = record.count * 2 ** ((record.countedAt - now) / HALF_LIFE_MS) + 1;
    record.countedAt = now;
  }

  #of(key: string): Failures {
    const found = this.#failures.get(key) ?? {
      count: 0,
      countedAt: this.#timing.now(),
      pending: 0,
      queue: new WaitQueue(),
      startsAt: -Infinity,
      isKnown: false,
    };
    this.#failures.delete(key);
    this.#failures.set(key, found);
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= this.#capacity) break;
      this.#failures.delete(oldest);
    }
    return found;
  }
}

const RELEASED = new AbortedError('the right password came from the same address');

function givenUp(): AbortedError {
  return new AbortedError('aborted while waiting for other logins');
}

/** Names are of any length, and may be passwords that were typed at the wrong prompt. */
function digest(user: string): string {
  return createHash('sha256').update(user).digest('base64');
}
