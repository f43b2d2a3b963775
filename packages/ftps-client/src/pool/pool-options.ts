// What a pool is asked to be, parsed once.
import { MAX_TIMER_MS, knownKeys, wholeNumber } from '@ftps-kit/tls-core/internal';
import { DEFAULT_POOL } from '../limits.js';

/** How many connections a pool has, and for how long. */
export interface PoolOptions {
  /** The most logins at a time. Default 4. */
  readonly size?: number | undefined;
  /** An idle login is closed after this time, milliseconds. Default 60,000; 0 keeps it until the pool is closed. */
  readonly idleMs?: number | undefined;
  /** An idle login says NOOP each time this has passed, milliseconds. Default 20,000; 0 says nothing. */
  readonly keepAliveMs?: number | undefined;
  /** How long a call waits for a login, milliseconds; then `TimeoutError` of the phase `acquire`. Default 0: for ever. */
  readonly acquireTimeoutMs?: number | undefined;
  /** After the server granted fewer logins, one more is tried each time this has passed, milliseconds. Default 60,000. */
  readonly growAgainMs?: number | undefined;
}

export interface PoolSettings {
  readonly size: number;
  readonly idleMs: number;
  readonly keepAliveMs: number;
  readonly acquireTimeoutMs: number;
  readonly growAgainMs: number;
}

/** Throws `ConfigError` that names the wrong option and what is right. */
export function parsePoolOptions(options: PoolOptions): PoolSettings {
  knownKeys('', options, Object.keys(DEFAULT_POOL));
  const whole = (name: keyof PoolSettings, min: number): number =>
    wholeNumber(name, options[name] ?? DEFAULT_POOL[name], min, MAX_TIMER_MS);
  return Object.freeze({
    size: whole('size', 1),
    idleMs: whole('idleMs', 0),
    keepAliveMs: whole('keepAliveMs', 0),
    acquireTimeoutMs: whole('acquireTimeoutMs', 0),
    growAgainMs: whole('growAgainMs', 1),
  });
}
