// The logins of a pool: opened when needed, lent one by one in the order they were asked for, kept alive, and let go.
import { setMaxListeners } from 'node:events';
import { ConnectionError } from '@ftps-kit/tls-core';
import { errorOf } from '../errors.js';
import { isTransient } from '../files/retry.js';
import { LoginLimit } from './login-limit.js';
import type { DropEvent, PoolMetrics, ShrinkEvent } from './pool-events.js';
import type { PoolSettings } from './pool-options.js';
import { Reopening } from './reopening.js';
import { WaitingLine, type Asking } from './waiting-line.js';

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
  /** Called when one was given back, opened or closed, or could not be opened. */
  readonly onChange?: () => void;
  readonly onOpen?: (member: M) => void;
  readonly onDrop?: (event: DropEvent) => void;
  readonly onShrink?: (event: ShrinkEvent) => void;
  readonly onGrow?: (event: { readonly limit: number }) => void;
}

interface Resting<M> {
  readonly member: M;
  readonly stop: () => void;
}

const ORDINARY: Asking<unknown> = { isAhead: false, onTaken: () => undefined };

export class Members<M extends Member> {
  readonly #options: MembersOptions<M>;
  /** The one that was used last is lent first, so that those too many grow old. */
  readonly #idle: Resting<M>[] = [];
  readonly #busy = new Set<M>();
  /** They count until they are closed: a server that grants no more logins would refuse the next one before. */
  readonly #leaving = new Set<M>();
  readonly #waiting: WaitingLine<M>;
  readonly #limit: LoginLimit;
  readonly #reopening = new Reopening();
  readonly #ending = new AbortController();
  /** Called whenever something came to its end that `close` may wait for. */
  #onEnded: () => void = () => undefined;
  #opening = 0;
  /** Why one of those that are being opened does not stand; the others may still come to. */
  #failure: Error | undefined;

  constructor(options: MembersOptions<M>) {
    this.#options = options;
    const { settings, onShrink, onGrow } = options;
    const onRoom = (): void => {
      this.#openMore();
    };
    this.#limit = new LoginLimit({ settings, onRoom, onShrink, onGrow });
    this.#waiting = new WaitingLine(settings.acquireTimeoutMs);
    // Every opening under way listens to it.
    setMaxListeners(0, this.#ending.signal);
  }

  get metrics(): PoolMetrics {
    const [busy, idle] = [this.#busy.size, this.#idle.length];
    const counts = { busy, idle, opening: this.#opening, waiting: this.#waiting.length };
    return Object.freeze({ size: busy + idle, limit: this.#limit.most, ...counts });
  }

  /** How many are being opened. */
  get opening(): number {
    return this.#opening;
  }

  /** How many are lent, without those that are lost. */
  get lent(): number {
    return this.#standing - this.#idle.length - this.#leaving.size;
  }

  /** Whether none can come but those that are given back. */
  get isExhausted(): boolean {
    const isComing = this.#idle.length + this.#opening + this.#leaving.size > 0;
    return !isComing && this.#standing >= this.#limit.most;
  }

  /** An idle member, at once, where nobody waits for one. */
  takeIdle(): M | undefined {
    if (this.#ending.signal.aborted || this.#waiting.length > 0) return undefined;
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
  async take(signal: AbortSignal | undefined, asking: Asking<M> = ORDINARY): Promise<M> {
    const idle = this.takeIdle();
    if (idle !== undefined) {
      asking.onTaken(idle);
      return idle;
    }
    if (this.#ending.signal.aborted) throw closed();
    const { onTaken } = asking;
    const joined = this.#waiting.join(signal, {
      ...asking,
      onTaken: (member) => {
        this.#busy.add(member);
        onTaken(member);
      },
    });
    this.#openMore();
    return joined;
  }

  /** Takes a member back. */
  give(member: M): void {
    if (!this.#busy.delete(member)) return;
    if (this.#ending.signal.aborted) void this.#drop(member, 'closed');
    else if (!member.isOpen) void this.#drop(member, 'lost');
    else if (member.hasMoved) void this.#drop(member, 'moved');
    else this.#lend(member);
    this.#changed();
  }

  /** Rejects all calls that wait. */
  refuse(error: Error): void {
    this.#waiting.refuse(error);
  }

  /** Lends nothing more, and closes all members but those of `kept`, which are closed as they are given back. Never rejects. */
  async close(kept: ReadonlySet<M>): Promise<void> {
    this.#ending.abort();
    this.#limit.stop();
    this.#reopening.stop();
    this.refuse(closed());
    for (const { member, stop } of this.#idle.splice(0)) {
      stop();
      void this.#drop(member, 'closed');
    }
    await Promise.all([...this.#busy].filter((member) => !kept.has(member)).map((member) => member.close()));
    await new Promise<void>((resolve) => {
      this.#onEnded = () => {
        if (this.#opening === 0 && this.#leaving.size === 0) resolve();
      };
      this.#onEnded();
    });
  }

  /** Those that the server has to serve now, or thinks it has to. */
  get #standing(): number {
    const lent = [...this.#busy].filter((member) => !member.isGone);
    return lent.length + this.#idle.length + this.#leaving.size;
  }

  /** As many as there are calls that wait, within the limit; after a failure one at a time, when the pause is over. */
  #openMore(): void {
    if (this.#ending.signal.aborted || this.#failure !== undefined || this.#reopening.isPaused) return;
    const most = Math.min(this.#waiting.length, this.#limit.most - this.#standing, this.#reopening.width);
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
        this.#reopening.succeeded();
        this.#limit.granted(this.#standing);
      }
    } catch (error) {
      this.#opening -= 1;
      this.#failure = errorOf(error);
    }
    if (this.#opening === 0) this.#judge();
    this.#openMore();
    this.#changed();
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
    if (standing > 0 && this.#options.isRefusal(error)) this.#limit.refused(standing, error);
    else if (standing > 0 || (isTransient(error) && this.#reopening.isSatOut())) this.#openLater();
    else this.#giveUp(error);
  }

  #openLater(): void {
    this.#reopening.pause(() => {
      this.#openMore();
    });
  }

  /** Those that wait hear of it; whoever comes after them finds out anew. */
  #giveUp(error: Error): void {
    this.#reopening.giveUp();
    this.refuse(error);
  }

  #lend(member: M): void {
    if (!this.#waiting.serve(member)) this.#rest(member);
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
    this.#changed();
  }

  #changed(): void {
    this.#onEnded();
    this.#options.onChange?.();
  }
}

/** What every call of a pool that is closed rejects with. */
export function closed(): ConnectionError {
  return new ConnectionError('the pool is closed');
}
