// How openings go on behind one that failed for what may pass: after which pause, and for how long where no login stands.
import { backoffMs, parseRetry } from '../files/retry.js';
import { POOL_OUTAGE_MS, POOL_REOPENING } from '../limits.js';

const POLICY = parseRetry(POOL_REOPENING);

export class Reopening {
  /** Openings in a row that failed and were not refused, and the time until the next one. */
  #failures = 0;
  #pause: NodeJS.Timeout | undefined;
  /** Whether a login was opened, and none was given up since. */
  #hasServed = false;
  /** When opening failed first though no login stood, on Node's monotonic clock. */
  #outSince: number | undefined;

  /** Whether nothing is to be opened before the pause is over. */
  get isPaused(): boolean {
    return this.#pause !== undefined;
  }

  /** How many may be opened at a time: one behind a failure. */
  get width(): number {
    return this.#failures === 0 ? Infinity : 1;
  }

  /** A login was opened: whatever was in the way is over. */
  succeeded(): void {
    this.#hasServed = true;
    this.#failures = 0;
    this.#outSince = undefined;
    this.stop();
  }

  /** Whether a server that no login stands on may still come back soon; asked at each failure then. */
  isSatOut(): boolean {
    this.#outSince ??= performance.now();
    return this.#hasServed && performance.now() - this.#outSince < POOL_OUTAGE_MS;
  }

  /** Calls `open` when the next pause is over; it is longer after each failure. */
  pause(open: () => void): void {
    if (this.#pause !== undefined) return;
    this.#failures += 1;
    const end = (): void => {
      this.#pause = undefined;
      open();
    };
    this.#pause = setTimeout(end, backoffMs(POLICY, this.#failures));
  }

  /** What comes next finds out anew. */
  giveUp(): void {
    this.#hasServed = false;
    this.#failures = 0;
    this.#outSince = undefined;
  }

  /** Calls nobody any more. */
  stop(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }
}
