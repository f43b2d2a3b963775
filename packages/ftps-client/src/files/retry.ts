// Trying again: how often, how long to wait before, and after which errors at all.
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionError, FtpsError, HandshakeError, TimeoutError, TruncationError } from '@ftps-kit/tls-core';
import { knownKeys, optionalFunction, waitingTime, wholeNumber } from '@ftps-kit/tls-core/internal';
import { anySignal } from '../any-signal.js';
import { endOf, unlessEnded, type CallEnds } from '../call-ends.js';
import { GREETING, ReplyError, TransferError, VerificationError, errorOf } from '../errors.js';
import { DEFAULT_RETRY_DELAYS } from '../limits.js';
import { noteAttempts } from './failed-attempts.js';

/** How a transfer is tried again after a transient error. */
export interface RetryOptions {
  /** All attempts together, the first one too; 1 tries once. Default 5. */
  readonly attempts?: number | undefined;
  /** Waiting before the second attempt, milliseconds; it doubles before each further one. Default 1,000. */
  readonly firstDelayMs?: number | undefined;
  /** No waiting is longer, milliseconds. Default 60,000. */
  readonly maxDelayMs?: number | undefined;
  /** From 0 to below 1. The waiting is shortened by up to a half with it, so that many clients do not come back at once. */
  readonly random?: (() => number) | undefined;
  /**
   * Waits; may end when the signal fires, which the caller's abort and the client's end do. Where it rejects, it is not
   * tried again, and the call rejects with what failed before. Default: a timer.
   */
  readonly wait?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

export interface RetryPolicy {
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly random: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

const DEFAULT_ATTEMPTS = 5;

/** A number is that many attempts; nothing is one. Throws `ConfigError`. */
export function parseRetry(retry: number | RetryOptions | undefined): RetryPolicy {
  const options: RetryOptions = typeof retry === 'object' ? retry : { attempts: retry ?? 1 };
  knownKeys('retry', options, [
    'attempts',
    'firstDelayMs',
    'maxDelayMs',
    'random',
    'wait',
  ] satisfies (keyof RetryOptions)[]);
  const { attempts = DEFAULT_ATTEMPTS, random, wait } = options;
  const { firstDelayMs = DEFAULT_RETRY_DELAYS.firstDelayMs, maxDelayMs = DEFAULT_RETRY_DELAYS.maxDelayMs } = options;
  return Object.freeze({
    attempts: wholeNumber(typeof retry === 'object' ? 'retry.attempts' : 'retry', attempts, 1),
    firstDelayMs: waitingTime('retry.firstDelayMs', firstDelayMs),
    maxDelayMs: waitingTime('retry.maxDelayMs', maxDelayMs),
    random: optionalFunction('retry.random', random) ?? Math.random,
    wait: optionalFunction('retry.wait', wait) ?? waitWithTimer,
  });
}

async function waitWithTimer(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}

/** How long to wait after so many failed attempts: twice as long each time, and up to a half of it left to chance. */
export function backoffMs({ firstDelayMs, maxDelayMs, random }: RetryPolicy, failedAttempts: number): number {
  const full = Math.min(maxDelayMs, firstDelayMs * 2 ** (failedAttempts - 1));
  return Math.round(full * (1 - random() / 2));
}

/**
 * Replies after which the same may succeed. RFC 959 §4.2.2: 421 "service not available", 425 and 426 speak of
 * connections, 450 of a file that is busy. Not 452: no disk empties itself while somebody waits.
 */
const TRANSIENT_REPLIES: readonly number[] = [421, 425, 426, 450];
const INSUFFICIENT_STORAGE = 452;

/** What a login is made of: there, the error itself knows whether it passes. */
const LOGIN_VERBS: readonly string[] = [GREETING, 'USER', 'PASS', 'ACCT'];

/** A handshake too: a login stood when the transfer began, so that both sides have something in common. */
const PASSING = [ConnectionError, TimeoutError, TruncationError, HandshakeError];

/**
 * Whether the error is of the kind that passes: a connection that was lost or did not come about, a time limit, and the
 * server's words for these. What the caller, the disk, a certificate or a permission is to blame for, is not.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof VerificationError) return error.resumable;
  if (error instanceof TransferError) {
    if (!error.resumable) return false;
    // What broke in the middle may go on; also behind 451, which before a transfer is mostly the word for "not allowed".
    const { cause } = error;
    return cause instanceof ReplyError ? cause.reply.code !== INSUFFICIENT_STORAGE : isTransient(cause);
  }
  if (error instanceof ReplyError) {
    return LOGIN_VERBS.includes(error.verb) ? error.retryable : TRANSIENT_REPLIES.includes(error.reply.code);
  }
  return PASSING.some((kind) => error instanceof kind);
}

/** What happens from attempt to attempt. `attempt` counts from 1. */
export type AttemptEvent =
  | {
      readonly state: 'begins';
      readonly attempt: number;
      /** Where in the file it goes on, bytes. */ readonly offset: number;
    }
  | {
      readonly state: 'failed';
      readonly attempt: number;
      readonly error: Error;
      /** How long until the next one, milliseconds; undefined where there is none. */
      readonly retryInMs: number | undefined;
      /** Why there is no other one. */
      readonly reason: GiveUpReason | undefined;
    };

/**
 * No attempt is left; the error is not of the kind that passes; what was sent or written cannot come again; or the client
 * was closed.
 */
export type GiveUpReason = 'attempts-exhausted' | 'not-transient' | 'not-repeatable' | 'closed';

export interface AttemptsOptions {
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal | undefined;
  /** Fires when the client is closed. */
  readonly closed?: AbortSignal | undefined;
  readonly onAttempt: ((event: AttemptEvent) => void) | undefined;
  /** Why no other attempt can go on where this one ended; undefined where one can. Asked after a transient error. */
  readonly obstacle: (error: Error) => string | undefined;
}

/**
 * Calls `once` until it resolves, or its error is one to give up at. Rejects with the last error, or `AbortedError`, which
 * both tell of the attempts before.
 */
export async function withAttempts<T>(
  { policy, signal, closed, onAttempt, obstacle }: AttemptsOptions,
  once: (attempt: number) => Promise<T>,
): Promise<T> {
  const failures: Error[] = [];
  let waitError: Error | undefined;
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(attempt);
      } catch (thrown) {
        const error = errorOf(thrown);
        failures.push(error);
        const { reason, detail } =
          closed?.aborted === true ? CLOSED : whetherToGiveUp(error, attempt, policy, obstacle);
        const retryInMs = reason === undefined ? backoffMs(policy, attempt) : undefined;
        onAttempt?.({ state: 'failed', attempt, error, retryInMs, reason });
        if (detail !== undefined && error instanceof FtpsError) error.message += `; it was not tried again: ${detail}`;
        if (retryInMs === undefined) throw error;
        waitError = await pause(retryInMs, policy, { what: 'waiting to try again', signal, closed });
        if (waitError !== undefined) throw error;
      }
    }
  } catch (error) {
    if (error instanceof Error) noteAttempts(error, failures, waitError);
    throw error;
  }
}

interface Decision {
  /** undefined where it is tried again. */
  readonly reason?: GiveUpReason;
  readonly detail?: string | undefined;
}

const CLOSED: Decision = { reason: 'closed' };

function whetherToGiveUp(
  error: Error,
  attempt: number,
  { attempts }: RetryPolicy,
  obstacle: (error: Error) => string | undefined,
): Decision {
  if (!isTransient(error)) return { reason: 'not-transient' };
  if (attempt >= attempts) return { reason: 'attempts-exhausted' };
  const detail = obstacle(error);
  return detail === undefined ? {} : { reason: 'not-repeatable', detail };
}

/** Rejects where the call ends meanwhile. Gives what the caller's own `wait` failed with, which says nothing of the transfer. */
async function pause(ms: number, { wait }: RetryPolicy, ends: CallEnds): Promise<Error | undefined> {
  const waiting = async (): Promise<void> => {
    await wait(ms, anySignal(ends.signal, ends.closed));
  };
  try {
    // A caller's own `wait` may not look at the signal.
    await unlessEnded(waiting(), ends);
    return undefined;
  } catch (thrown) {
    // Where it failed because the signal fired, that is the end of the call.
    const end = endOf(ends);
    if (end !== undefined) throw end;
    return errorOf(thrown);
  }
}
