// How far a transfer is, how fast, and how long it will take: told from time to time, so that telling costs nothing.
import { systemClock, type Clock } from '@ftps-kit/tls-core';
import { PROGRESS_INTERVAL_MS, PROGRESS_WINDOW_MS } from '../limits.js';

/** Where a transfer stands. */
export interface Progress {
  /** Of the file, from its beginning; where a transfer was resumed, the bytes before are in it. */
  readonly bytes: number;
  /** undefined where nobody knows. */
  readonly totalBytes: number | undefined;
  /** Smoothed over the last seconds; undefined until it can be known. */
  readonly bytesPerSecond: number | undefined;
  /** At this rate; undefined where the total or the rate is not known. */
  readonly secondsLeft: number | undefined;
}

export interface ProgressOptions {
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly totalBytes: number | undefined;
  /** Where in the file it begins. */
  readonly offset: number;
  readonly clock?: Clock | undefined;
}

/** Tells at once that it began, then ten times a second at most, and what came last also where nothing follows it. */
export class ProgressReporter {
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #totalBytes: number | undefined;
  readonly #clock: Clock;
  #bytes: number;
  #told: { readonly at: number; readonly bytes: number };
  #hasTold = false;
  #rate: number | undefined;
  /** How much of a window lies behind: from 0 towards 1. */
  #weights = 0;
  #later: NodeJS.Timeout | undefined;
  #onFailure: ((error: unknown) => void) | undefined;

  constructor({ onProgress, totalBytes, offset, clock = systemClock }: ProgressOptions) {
    this.#onProgress = onProgress;
    this.#totalBytes = totalBytes;
    this.#clock = clock;
    this.#bytes = offset;
    this.#told = { at: clock(), bytes: offset };
  }

  /** From here on `onFailure` gets what the callback throws while nothing moves. */
  start(onFailure: (error: unknown) => void): void {
    this.#onFailure = onFailure;
  }

  moved(bytes: number): void {
    this.#bytes += bytes;
    if (this.#onProgress === undefined) return;
    const now = this.#clock();
    const waitMs = this.#told.at + PROGRESS_INTERVAL_MS - now;
    if (this.#hasTold && waitMs > 0) this.#tellLater(waitMs);
    else this.#tell(now);
  }

  /** Nothing is told any more but by `finish`. */
  stop(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#onFailure = undefined;
  }

  /** Tells the last state, unless it is told. */
  finish(): void {
    if (this.#onProgress === undefined || (this.#hasTold && this.#told.bytes === this.#bytes)) return;
    this.#tell(this.#clock());
  }

  /** A transfer that halts is shown where it halted. */
  #tellLater(waitMs: number): void {
    if (this.#onFailure === undefined) return;
    this.#later ??= setTimeout(() => {
      try {
        this.finish();
      } catch (error) {
        this.#onFailure?.(error);
      }
    }, waitMs);
  }

  #tell(now: number): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#measure(now);
    this.#told = { at: now, bytes: this.#bytes };
    this.#hasTold = true;
    const rate = this.#rate;
    const left = this.#totalBytes === undefined ? undefined : Math.max(0, this.#totalBytes - this.#bytes);
    this.#onProgress?.({
      bytes: this.#bytes,
      totalBytes: this.#totalBytes,
      bytesPerSecond: rate,
      secondsLeft: left === undefined || rate === undefined || rate === 0 ? undefined : left / rate,
    });
  }

  /**
   * An exponential mean: what lies a window back counts for about a third. Early on it is the mean of all there was: the first
   * bytes of an upload go into the system's buffers at once, and must not count as if they had been the whole window.
   */
  #measure(now: number): void {
    const elapsedMs = now - this.#told.at;
    if (elapsedMs <= 0) return;
    const rate = ((this.#bytes - this.#told.bytes) / elapsedMs) * 1000;
    const weight = 1 - Math.exp(-elapsedMs / PROGRESS_WINDOW_MS);
    this.#weights += weight * (1 - this.#weights);
    this.#rate = this.#rate === undefined ? rate : this.#rate + (weight / this.#weights) * (rate - this.#rate);
  }
}
