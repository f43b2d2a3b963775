// What ends a call from this side before its work is done: the caller's signal, or the end of the client.
import { AbortedError, ConnectionError } from '@ftps-kit/tls-core';

export interface CallEnds {
  /** What is said to be ended: `RETR`. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
  /** Fires when the client is closed; undefined where there is none yet. */
  readonly closed: AbortSignal | undefined;
}

/** What it ended by; undefined while it may go on. */
export function endOf({ what, signal, closed }: CallEnds): Error | undefined {
  if (signal?.aborted === true) return new AbortedError(`${what} was aborted`, { cause: signal.reason });
  return closed?.aborted === true ? new ConnectionError(`the client was closed amid ${what}`) : undefined;
}

/** Throws `AbortedError` where the caller's signal has fired: what cannot be taken back is not begun then. */
export function throwIfAborted(what: string, signal: AbortSignal | undefined): void {
  const end = endOf({ what, signal, closed: undefined });
  if (end !== undefined) throw end;
}

/** Waits for `work`, which may never end by itself; rejects as soon as the call ends, and then what the work does is ignored. */
export async function unlessEnded<T>(work: Promise<T>, ends: CallEnds): Promise<T> {
  const signals = [ends.signal, ends.closed].filter((signal) => signal !== undefined);
  let stop: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    stop = () => {
      const end = endOf(ends);
      if (end !== undefined) reject(end);
    };
  });
  for (const signal of signals) signal.addEventListener('abort', stop, { once: true });
  stop();
  try {
    return await Promise.race([ended, work]);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', stop);
  }
}
