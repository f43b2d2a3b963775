// The logins of a pool: opened when needed, lent one by one in the order they were asked for, kept alive, and let go.
import { setMaxListeners } from 'node:events';
import { AbortedError, ConnectionError, TimeoutError } from '@ftps-kit/tls-core';
import type { DropEvent, PoolMetrics, ShrinkEvent } from './pool-events.js';
import type { PoolSettings } from './pool-options.js';

/** What can be a member. */
export interface Member {
  readonly isOpen: boolean;
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
  /** In the order they came. */
  readonly #waiting = new Set<Waiter<M>>();
  readonly #ending = new AbortController();
  /** Called whenever a member was given back after the end began. */
  #onGivenBack: () => void = () => undefined;
  #opening = 0;
  /** Why one of those that are being opened was not granted; the others may still be. */
  #refusal: Error | undefined;
  #limit: number;
  #growing: NodeJS.Timeout | undefined;

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
    if (member.isOpen && member.hasMoved && !this.#ending.signal.aborted) {
      void this.#replace(member);
      return;
    }
    if (!this.#busy.delete(member)) return;
    if (this.#ending.signal.aborted) void this.#drop(member, 'closed');
    else if (member.isOpen) this.#lend(member);
    else {
      void this.#drop(member, 'lost');
      this.#openMore();
    }
    this.#onGivenBack();
  }

  /**
   * Lends nothing more, closes what is idle, and waits for what is lent, but not for what `except` names; whatever is still
   * lent when `signal` fires is closed under its borrower. Never rejects.
   */
  async close({ except, signal }: { readonly except: M | undefined; readonly signal: AbortSignal }): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#growing);
    for (const waiter of this.#waiting) waiter.fail(closed());
    const closing = this.#idle.splice(0).map(({ member, stop }) => {
      stop();
      return this.#drop(member, 'closed');
    });
    const areBack = (): boolean => this.#opening === 0 && [...this.#busy].every((member) => member === except);
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (areBack() || signal.aborted) resolve();
      };
      this.#onGivenBack = look;
      signal.addEventListener('abort', look, { once: true });
      look();
    });
    for (const member of this.#busy) if (member !== except) closing.push(member.close());
    await Promise.all(closing);
  }

  /** As many as there are calls that wait, within the limit. */
  #openMore(): void {
    if (this.#refusal !== undefined) return;
    const room = (): number => this.#limit - this.#busy.size - this.#idle.length - this.#opening;
    while (this.#opening < this.#waiting.size && room() > 0) void this.#openOne();
  }

  async #openOne(): Promise<void> {
    this.#opening += 1;
    try {
      const isAlone = (): boolean => this.#busy.size + this.#idle.length === 0;
      const member = await this.#options.open(this.#ending.signal, isAlone);
      this.#opening -= 1;
      if (this.#ending.signal.aborted) {
        await member.close();
      } else {
        this.#options.onOpen?.(member);
        this.#lend(member);
      }
    } catch (error) {
      this.#opening -= 1;
      this.#refusal = error instanceof Error ? error : new Error(String(error));
    }
    if (this.#opening === 0) this.#takeRefusal();
    this.#openMore();
    this.#onGivenBack();
  }

  /** Where others work, the server grants no more than these; where none does, nobody is helped by waiting. */
  #takeRefusal(): void {
    const error = this.#refusal;
    this.#refusal = undefined;
    if (error === undefined || this.#ending.signal.aborted) return;
    const standing = this.#busy.size + this.#idle.length;
    if (standing === 0) {
      for (const waiter of this.#waiting) waiter.fail(error);
      return;
    }
    if (standing < this.#limit) {
      this.#limit = standing;
      this.#options.onShrink?.({ limit: standing, error });
    }
    this.#growLater();
  }

  #growLater(): void {
    const { size, growAgainMs } = this.#options.settings;
    clearTimeout(this.#growing);
    if (this.#limit >= size) return;
    this.#growing = setTimeout(() => {
      this.#limit += 1;
      this.#options.onGrow?.({ limit: this.#limit });
      this.#growLater();
      this.#openMore();
    }, growAgainMs).unref();
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

  /** It counts until it is closed: a server that grants no more logins would refuse the next one before. */
  async #replace(member: M): Promise<void> {
    await this.#drop(member, 'moved');
    this.#busy.delete(member);
    this.#openMore();
    this.#onGivenBack();
  }

  async #drop(member: M, reason: DropEvent['reason']): Promise<void> {
    this.#options.onDrop?.({ reason });
    await member.close();
  }
}

function closed(): ConnectionError {
  return new ConnectionError('the pool is closed');
}
