// So many bytes a second: a token bucket that keeps no timer of its own.
import { systemTiming, type Timing } from './timing.js';

/** What may go at once after a pause, so that timers that come late cost nothing. */
const BURST_MS = 50;

/** Time that one piece takes: short enough that sessions which share a limit go in turn. */
const PIECE_MS = 50;

/** Whoever takes bytes gets the next free stretch of time for them, in the order in which they came. */
export class RateLimit {
  readonly bytesPerSecond: number;
  readonly #timing: Timing;
  /** When everything that was given out is paid for. */
  #freeAt: number;

  constructor(bytesPerSecond: number, timing: Timing = systemTiming) {
    this.bytesPerSecond = bytesPerSecond;
    this.#timing = timing;
    this.#freeAt = timing.now() - BURST_MS;
  }

  /** Bytes to take at a time. */
  get pieceBytes(): number {
    return Math.max(1, Math.floor((this.bytesPerSecond * PIECE_MS) / 1000));
  }

  /** Resolves when so many bytes may move. Rejects with `AbortedError` as soon as the signal fires. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    const now = this.#timing.now();
    const startsAt = Math.max(this.#freeAt, now - BURST_MS);
    this.#freeAt = startsAt + (bytes * 1000) / this.bytesPerSecond;
    if (startsAt > now) await this.#timing.wait(startsAt - now, signal);
  }
}
