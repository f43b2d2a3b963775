// What a pool tells of itself.
import type { FtpsClient } from '../client.js';

/** A pool at one moment. */
export interface PoolMetrics {
  /** Logins that stand: those lent and those idle. */
  readonly size: number;
  /** The most there may be now: what was asked for, or what the server granted. */
  readonly limit: number;
  /** Logins that are lent. */
  readonly busy: number;
  readonly idle: number;
  /** Logins that are being opened. */
  readonly opening: number;
  /** Calls that wait for a login. */
  readonly waiting: number;
}

/** The events of `FtpsPool`. */
export interface PoolEvents {
  /** A login was opened; what it does can be listened to from here on. */
  open: [FtpsClient];
  /** A login is no member any more: idle for too long, lost, or left in another folder; it is replaced when needed. */
  drop: [DropEvent];
  /** The server grants no more logins: the pool goes on with fewer. */
  shrink: [ShrinkEvent];
  /** One login more may be tried again, or was granted beyond the limit. */
  grow: [{ readonly limit: number }];
}

export interface DropEvent {
  readonly reason: 'idle' | 'lost' | 'moved' | 'closed';
}

export interface ShrinkEvent {
  /** The most there may be now. */
  readonly limit: number;
  /** Why another one could not be opened. */
  readonly error: Error;
}
