// The clock that a server's LIST writes by, as far as MDTM has shown it: known at the times that were asked for, and where
// nothing can have changed between two of them.
import { systemClock, type Clock } from '@ftps-kit/tls-core';
import { CLOCK_LIFETIME_MS, MAX_CLOCK_SAMPLES, MAX_STEADY_CLOCK_MS } from '../limits.js';
import type { WallClock } from './server-time-zone.js';
import { firstNotBefore } from './sorted-times.js';

/** That the clock, where it showed `wallMs`, was so far ahead of UTC. */
interface ClockSample {
  readonly wallMs: number;
  readonly offsetMs: number;
}

/** The samples next to a time; both are the same one where it is that time's own. */
export interface NextSamples {
  readonly before: ClockSample | undefined;
  readonly after: ClockSample | undefined;
}

/**
 * One file's time says nothing of the other half of the year, and two that agree nothing of a summer that lies between them. So a
 * time is known where the samples before and after it agree and are close together.
 */
export class LearnedClock implements WallClock {
  readonly #clock: Clock;
  /** In the order of their wall times, of which each is there once. */
  #samples: ClockSample[] = [];
  /** When the first of them was learned. */
  #since = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Some servers show all times by what the clock is ahead of UTC today, and change them all when the clocks are changed. */
  forgetOld(): void {
    if (this.#clock() - this.#since > CLOCK_LIFETIME_MS) this.#samples = [];
  }

  learn(wallMs: number, offsetMs: number): void {
    if (this.#samples.length === 0) this.#since = this.#clock();
    const at = firstNotBefore(this.#samples, wallOf, wallMs);
    this.#samples.splice(at, this.#samples[at]?.wallMs === wallMs ? 1 : 0, { wallMs, offsetMs });
    if (this.#samples.length > MAX_CLOCK_SAMPLES) this.#samples.shift();
  }

  around(wallMs: number): NextSamples {
    const at = firstNotBefore(this.#samples, wallOf, wallMs);
    const after = this.#samples[at];
    return { before: after?.wallMs === wallMs ? after : this.#samples[at - 1], after };
  }

  /** undefined where it is not known. */
  fromWall(wallMs: number): number | undefined {
    const { before, after } = this.around(wallMs);
    if (before === undefined || after?.offsetMs !== before.offsetMs) return undefined;
    return after.wallMs - before.wallMs <= MAX_STEADY_CLOCK_MS ? wallMs - before.offsetMs : undefined;
  }

  /** Some hours off. */
  toWall(timeMs: number): number {
    return timeMs;
  }
}

function wallOf({ wallMs }: ClockSample): number {
  return wallMs;
}
