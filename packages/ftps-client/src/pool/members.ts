// The logins of a pool: opened when needed, lent one by one in the order they were asked for, kept alive, and let go.
import { setMaxListeners } from 'node:events';
import { AbortedError, ConnectionError, TimeoutError } from '@ftps-kit/tls-core';
import { backoffMs, isTransient, parseRetry } from '../files/retry.js';
import { POOL_OUTAGE_MS, POOL_REOPENING } from '../limits.js';
import type { DropEvent, PoolMetrics, ShrinkEvent } from './pool-events.js';
import type { PoolSettings } from './pool-options.js';

const REOPENING = parseRetry(POOL_REOPENING);

/** What can be a member. */
export interface Member {
  readonly isOpen: boolean;
  /** Whether it is lost and does not come back, so that it takes up no room on the server any more. */
  readonly isGone: boolean;
  /** Whether it is not as it was opened, so that whoever gets it next would be somewhere else than expected. */
  readonly hasMoved: boolean;
  /** Says something to the server that changes nothing; rejects where the login is lost. */
  keepAlive(): Promise<unknown>;
  close(): Promise<void>;
}

export interface MembersOptions<M> {
  readonly settings: PoolSettings;
  /** Opens one; the signal fires when the pool is closed. `isAlone` says whether no other member stands. */
  readonly open: (signal: AbortSignal, isAlone: () => boolean) => Promise<M>;
  /** Whether that is the server's word for "no more of them"; whatever else opening fails with may pass. */
  readonly isRefusal: (error: Error) => boolean;
  readonly onOpen?: (member: M) => void;
  readonly onDrop?: (event: DropEvent) => void;
  readonly onShrink?: (event: ShrinkEvent) => void;
  readonly onGrow?: (event: { readonly limit: number }) => void;
}

interface Waiter<M> {
  readonly take: (member: M) => void;
  readonly fail: (error: Error) => void;
}

interface Resting<M> {
  readonly member: M;
  readonly stop: () => void;
}

export class Members<M extends Member> {
  readonly #options: MembersOptions<M>;
  /** The one that was used last is lent first, so that those too many grow old. */
  readonly #idle: Resting<M>[] = [];
  readonly #busy = new Set<M>();
  /** They count until they are closed: a server that grants no more logins would refuse the next one before. */
  readonly #leaving = new Set<M>();
  /** In the order they came. */
  readonly #waiting = new Set<Waiter<M>>();
  readonly #ending = new AbortController();
  /** Called whenever something came to its end that `close` waits for. */
  #onEnded: () => void = () => undefined;
  #opening = 0;
  /** Why one of those that are being opened does not stand; the others may still come to. */
  #failure: Error | undefined;
  #limit: number;
  #growing: NodeJS.Timeout | undefined;
  /** Whether the server grants more than it did is being found out. */
  #isProbing = false;
  /** Openings in a row that failed and were not refused, and the time until the next one. */
  #failures = 0;
  #pause: NodeJS.Timeout | undefined;
  /** Whether a login was opened, and none was given up since. */
  #hasServed = false;
  /** When opening failed first though no login stood, on Node's monotonic clock. */
  #outSince: number | undefined;

  constructor(options: MembersOptions<M>) {
    this.#options = options;
    this.#limit = options.settings.size;
    // Every opening under way listens to it.
    setMaxListeners(0, this.#ending.signal);
  }

  get metrics(): PoolMetrics {
    const [busy, idle] = [this.#busy.size, this.#idle.length];
    const counts = { busy, idle, opening: this.#opening, waiting: this.#waiting.size };
    return Object.freeze({ size: busy + idle, limit: this.#limit, ...counts });
  }

  /** An idle member, at once, where nobody waits for one. */
  takeIdle(): M | undefined {
    if (this.#ending.signal.aborted || this.#waiting.size > 0) return undefined;
    for (let resting = this.#idle.pop(); resting !== undefined; resting = this.#idle.pop()) {
      resting.stop();
      if (resting.member.isOpen) {
        this.#busy.add(resting.member);
        return resting.member;
      }
      void this.#drop(resting.member, 'lost');
    }
    return undefined;
  }

  /** The next member that is free. Rejects with `AbortedError`, `TimeoutError`, or as opening one does. */
  take(signal: AbortSignal | undefined): Promise<M> {
    const idle = this.takeIdle();
    if (idle !== undefined) return Promise.resolve(idle);
    return new Promise((resolve, reject) => {
      if (this.#ending.signal.aborted) {
        reject(closed());
        return;
      }
      const { acquireTimeoutMs } = this.#options.settings;
      const settle = (): void => {
        this.#waiting.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter<M> = {
        take: (member) => {
          settle();
          this.#busy.add(member);
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
        acquireTimeoutMs === 0
          ? undefined
          : setTimeout(() => {
              waiter.fail(new TimeoutError('acquire', acquireTimeoutMs));
            }, acquireTimeoutMs);
      this.#waiting.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted === true) onAbort();
      else this.#openMore();
    });
  }

  /** Takes a member back. */
  give(member: M): void {
    if (!this.#busy.delete(member)) return;
    if (this.#ending.signal.aborted) void this.#drop(member, 'closed');
    else if (!member.isOpen) void this.#drop(member, 'lost');
    else if (member.hasMoved) void this.#drop(member, 'moved');
    else this.#lend(member);
    this.#onEnded();
  }

  /**
   * Lends nothing more, closes what is idle, and waits for what is lent, but not for what `except` names; whatever is still
   * lent when `signal` fires is closed under its borrower. Never rejects.
   */
  async close({ except, signal }: { readonly except: M | undefined; readonly signal: AbortSignal }): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#growing);
    clearTimeout(this.#pause);
    for (const waiter of this.#waiting) waiter.fail(closed());
    for (const { member, stop } of this.#idle.splice(0)) {
      stop();
      void this.#drop(member, 'closed');
    }
    await this.#until(() => this.#opening === 0 && [...this.#busy].every((member) => member === except), signal);
    const cut = [...this.#busy].filter((member) => member !== except).map((member) => member.close());
    await Promise.all(cut);
    await this.#until(() => this.#leaving.size === 0);
  }

  /** Waits for what ends by itself, or for the signal. */
  async #until(hasEnded: () => boolean, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (hasEnded() || signal?.aborted === true) resolve();
      };
      this.#onEnded = look;
      signal?.addEventListener('abort', look, { once: true });
      look();
    });
  }

  /** Those that the server has to serve now, or thinks it has to. */
  get #standing(): number {
    const lent = [...this.#busy].filter((member) => !member.isGone);
    return lent.length + this.#idle.length + this.#leaving.size;
  }

  /** As many as there are calls that wait, within the limit; after a failure one at a time, when the pause is over. */
  #openMore(): void {
    if (this.#ending.signal.aborted || this.#failure !== undefined || this.#pause !== undefined) return;
    const most = Math.min(this.#waiting.size, this.#limit - this.#standing, this.#failures === 0 ? Infinity : 1);
    while (this.#opening < most) void this.#openOne();
  }

  async #openOne(): Promise<void> {
    this.#opening += 1;
    try {
      const isAlone = (): boolean => this.#standing === 0;
      const member = await this.#options.open(this.#ending.signal, isAlone);
      this.#opening -= 1;
      if (this.#ending.signal.aborted) {
        await member.close();
      } else {
        this.#options.onOpen?.(member);
        this.#lend(member);
        this.#openingSucceeded();
      }
    } catch (error) {
      this.#opening -= 1;
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
    if (this.#opening === 0) this.#judge();
    this.#openMore();
    this.#onEnded();
  }

  /** Whatever was in the way is over. */
  #openingSucceeded(): void {
    this.#hasServed = true;
    this.#failures = 0;
    this.#outSince = undefined;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    // One that was refused at first, and granted when it was tried again, is beyond the limit.
    while (this.#standing > this.#limit) this.#grow();
    if (this.#isProbing && this.#standing === this.#limit) this.#grow();
  }

  /**
   * What a failure means, when all that were being opened are answered. Where others work, a refusal says that the server
   * grants no more than these. Any other failure may pass: it is sat out while others work, and for a while where none does
   * any more.
   */
  #judge(): void {
    const error = this.#failure;
    this.#failure = undefined;
    if (error === undefined || this.#ending.signal.aborted) return;
    const standing = this.#standing;
    if (standing > 0 && this.#options.isRefusal(error)) this.#shrink(standing, error);
    else if (standing > 0 || (isTransient(error) && this.#isSatOut())) this.#openLater();
    else this.#giveUp(error);
  }

  /** Whether a server that all logins were lost on may still come back soon. */
  #isSatOut(): boolean {
    this.#outSince ??= performance.now();
    return this.#hasServed && performance.now() - this.#outSince < POOL_OUTAGE_MS;
  }

  #openLater(): void {
    if (this.#pause !== undefined) return;
    this.#failures += 1;
    const open = (): void => {
      this.#pause = undefined;
      this.#openMore();
    };
    this.#pause = setTimeout(open, backoffMs(REOPENING, this.#failures));
  }

  /** Those that wait hear of it; whoever comes after them finds out anew. */
  #giveUp(error: Error): void {
    this.#hasServed = false;
    this.#failures = 0;
    this.#outSince = undefined;
    for (const waiter of this.#waiting) waiter.fail(error);
  }

  #shrink(limit: number, error: Error): void {
    this.#isProbing = false;
    if (limit < this.#limit) {
      this.#limit = limit;
      this.#options.onShrink?.({ limit, error });
    }
    this.#growLater();
  }

  #growLater(): void {
    const { size, growAgainMs } = this.#options.settings;
    clearTimeout(this.#growing);
    if (this.#limit >= size) return;
    this.#growing = setTimeout(() => {
      this.#grow();
      this.#growLater();
      this.#openMore();
    }, growAgainMs).unref();
  }

  /** One more may be tried; if the server grants it, another one at once. */
  #grow(): void {
    this.#isProbing = this.#limit + 1 < this.#options.settings.size;
    if (this.#limit === this.#options.settings.size) return;
    this.#limit += 1;
    this.#options.onGrow?.({ limit: this.#limit });
  }

  #lend(member: M): void {
    const [first] = this.#waiting;
    if (first === undefined) this.#rest(member);
    else first.take(member);
  }

  #rest(member: M): void {
    const { idleMs, keepAliveMs } = this.#options.settings;
    const leave = (reason: DropEvent['reason']): void => {
      const at = this.#idle.findIndex((resting) => resting.member === member);
      if (at === -1) return;
      this.#idle.splice(at, 1)[0]?.stop();
      void this.#drop(member, reason);
    };
    const idling = idleMs === 0 ? undefined : setTimeout(leave, idleMs, 'idle').unref();
    const living =
      keepAliveMs === 0
        ? undefined
        : setInterval(() => {
            member.keepAlive().catch(() => {
              leave('lost');
            });
          }, keepAliveMs).unref();
    const stop = (): void => {
      clearTimeout(idling);
      clearInterval(living);
    };
    this.#idle.push({ member, stop });
  }

  async #drop(member: M, reason: DropEvent['reason']): Promise<void> {
    this.#leaving.add(member);
    this.#options.onDrop?.({ reason });
    await member.close();
    this.#leaving.delete(member);
    this.#openMore();
    this.#onEnded();
  }
}

function closed(): ConnectionError {
  return new ConnectionError('the pool is closed');
}
