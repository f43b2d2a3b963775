// How often in a row a server has refused the same user and password, and when it may be asked again without harm.
import { TimeoutError, systemClock, withDeadline, type Clock } from '@ftps-kit/tls-core';
import { LoginError, type ReplyError } from '../errors.js';
import { LOGIN_TURN_MS, MAX_REFUSED_LOGINS, MAX_REMEMBERED_USERS, REFUSED_LOGIN_PAUSE_MS } from '../limits.js';
import { dropOldest } from './bounded-map.js';

interface Refusals {
  /** Whether it was let in before. */
  readonly accepted: boolean;
  /** Since it was let in last. */
  readonly count: number;
  /** The last one, and when it came. */
  readonly last: { readonly error: ReplyError; readonly at: number } | undefined;
}

const NOTHING: Refusals = { accepted: false, count: 0, last: undefined };

/**
 * For one server; by the fingerprint of the credentials. Logins that nobody asked for by name, as those of a client that comes
 * back and of a pool that grows, must never lock an account whose password was changed meanwhile: after a few refusals in a
 * row there is a pause, longer than the time over which servers count.
 */
export class LoginRefusals {
  readonly #clock: Clock;
  readonly #known = new Map<string, Refusals>();
  /** Of those who come back at the same time, the one that the others wait for, and what it is refused with. */
  readonly #leaders = new Map<string, Promise<LoginError | undefined>>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Whether a refusal that does not say why may be for something that passes: the same was taken before, and not refused since. */
  mayPass(who: string): boolean {
    const { accepted, count } = this.#of(who);
    return accepted && count + 1 < MAX_REFUSED_LOGINS;
  }

  noteAccepted(who: string): void {
    this.#set(who, { accepted: true, count: 0, last: undefined });
  }

  noteRefused(who: string, error: ReplyError): void {
    const { accepted, count } = this.#of(who);
    this.#set(who, { accepted, count: count + 1, last: { error, at: this.#clock() } });
  }

  /**
   * Logs in again. While nobody knows whether the password is still right, one tries it for all who come at the same time: where
   * that one is let in, or cannot tell, the others follow all at once; where it is refused, so are they, without asking. Rejects
   * as `login` does, with `AbortedError`, and with a `LoginError` where it is too early to ask again.
   */
  async inTurn<T>(who: string, signal: AbortSignal | undefined, login: () => Promise<T>): Promise<T> {
    this.#mustBeAskable(who);
    const leader = this.#leaders.get(who);
    if (leader !== undefined) {
      const refusal = await refusalOf(leader, signal);
      if (refusal === undefined) return login();
      const { verb, reply, retryable } = refusal;
      throw new LoginError(verb, reply, 'the server has just refused the same user and password', {
        mayPass: retryable,
        cause: refusal,
      });
    }
    const going = login();
    const told = going.then(
      () => undefined,
      (error: unknown) => (error instanceof LoginError ? error : undefined),
    );
    this.#leaders.set(
      who,
      told.finally(() => this.#leaders.delete(who)),
    );
    return going;
  }

  #mustBeAskable(who: string): void {
    const { count, last } = this.#of(who);
    if (last === undefined || count < MAX_REFUSED_LOGINS) return;
    const sinceMs = this.#clock() - last.at;
    if (sinceMs < 0 || sinceMs >= REFUSED_LOGIN_PAUSE_MS) return;
    const { verb, reply } = last.error;
    throw new LoginError(
      verb,
      reply,
      `the server refused the same user and password ${count} times in a row, and is not asked again for ` +
        `${REFUSED_LOGIN_PAUSE_MS / 60_000} minutes, lest it lock the account; connect anew with the right password`,
    );
  }

  #of(who: string): Refusals {
    return this.#known.get(who) ?? NOTHING;
  }

  #set(who: string, refusals: Refusals): void {
    this.#known.delete(who);
    this.#known.set(who, refusals);
    dropOldest(this.#known, MAX_REMEMBERED_USERS);
  }
}

/** undefined where it was let in, or nobody can tell in time. */
async function refusalOf(
  leader: Promise<LoginError | undefined>,
  signal: AbortSignal | undefined,
): Promise<LoginError | undefined> {
  try {
    return await withDeadline('reply', { timeoutMs: LOGIN_TURN_MS, signal }, leader, () => undefined);
  } catch (error) {
    if (error instanceof TimeoutError) return undefined;
    throw error;
  }
}
