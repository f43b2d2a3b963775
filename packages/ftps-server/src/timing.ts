// Time, for what has to wait: injected, so that tests can let an hour pass at once.
import { setTimeout as timeout } from 'node:timers/promises';
import { AbortedError } from '@ftps-kit/tls-core';

export interface Timing {
  /** Milliseconds since some moment, never going back. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with `AbortedError` as soon as the signal fires. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemTiming: Timing = {
  now: () => performance.now(),
  wait: async (ms, signal) => {
    try {
      await timeout(ms, undefined, signal && { signal });
    } catch (error) {
      throw new AbortedError('aborted while waiting', { cause: error });
    }
  },
};
