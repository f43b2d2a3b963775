// The login that an attempt of a transfer works with: the one at hand, or for a later attempt one opened anew.
import type { LoginContext } from '../login/login-context.js';

export interface Logins {
  /** Fires when the client is closed: no attempt can follow. */
  readonly closed: AbortSignal;
  /** Rejects as opening a login does. */
  forAttempt(attempt: number, signal: AbortSignal | undefined): Promise<LoginContext>;
  /**
   * Does `work`, and once more on a login with TLS 1.2 where its data connection did not resume and the options say so,
   * unless `obstacle` says why it cannot be done again.
   */
  withPin<T>(signal: AbortSignal | undefined, work: () => Promise<T>, obstacle?: () => string | undefined): Promise<T>;
}

/** Holds a login that can be opened again. */
export interface ReopenableLogin {
  readonly current: LoginContext;
  readonly closed: AbortSignal;
  ensureOpen(signal?: AbortSignal): Promise<LoginContext>;
  withPin: Logins['withPin'];
}

/** The first attempt takes the login as it is, so that whether a lost one is opened for it is for the caller to decide. */
export function loginsOf(login: ReopenableLogin): Logins {
  return {
    closed: login.closed,
    forAttempt: (attempt, signal) => (attempt === 1 ? Promise.resolve(login.current) : login.ensureOpen(signal)),
    withPin: (signal, work, obstacle) => login.withPin(signal, work, obstacle),
  };
}
