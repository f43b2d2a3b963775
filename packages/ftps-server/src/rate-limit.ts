// So many bytes a second: a token bucket that keeps no timer of its own.
import { AbortedError } from '@ftps-kit/tls-core';
import { systemTiming, type Timing } from './timing.js';
import { Turns } from './turns.js';

/** What may go at once after a pause, so that timers that come late cost nothing. */
const BURST_MS = 50;

/** Time that a round of pieces takes, one for each who waits: short enough that all of them get their part of a second. */
const ROUND_MS = 50;

/** However many share a limit, a piece is worth a timer and a TLS record. */
const MIN_PIECE_BYTES = 4 * 1024;

/** What bytes have to be taken from before they may move. */
export interface Rate {
  /** Bytes to take at a time, as things stand. */
  readonly pieceBytes: number;
  /** Resolves when so many bytes may move. Rejects with `AbortedError` as soon as the signal fires. */
  take(bytes: number, signal?: AbortSignal): Promise<void>;
}

/** Whoever takes bytes gets them in the order in which they came; who gives up leaves his place, and takes nothing. */
export class RateLimit implements Rate {
  readonly bytesPerSecond: number;
  readonly #timing: Timing;
  /** When everything that was given out is paid for. */
  #freeAt: number;
  readonly #turns = new Turns(1);

  constructor(bytesPerSecond: number, timing: Timing = systemTiming) {
    this.bytesPerSecond = bytesPerSecond;
    this.#timing = timing;
    this.#freeAt = timing.now() - BURST_MS;
  }

  get pieceBytes(): number {
    const round = Math.max(1, Math.floor((this.bytesPerSecond * ROUND_MS) / 1000));
    return Math.min(round, Math.max(MIN_PIECE_BYTES, Math.floor(round / (1 + this.#turns.waiting))));
  }

  /** Whether who came now would not wait. */
  get isFree(): boolean {
    return this.#turns.isFree && this.#freeAt <= this.#timing.now();
  }

  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    try {
      await this.#turns.run(() => this.#takeNow(bytes, signal), signal);
    } catch (error) {
      throw error instanceof AbortedError ? error : new AbortedError('aborted while waiting', { cause: error });
    }
  }

  async #takeNow(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const early = this.#freeAt - this.#timing.now();
    if (early > 0) await this.#timing.wait(early, signal);
    const startsAt = Math.max(this.#freeAt, this.#timing.now() - BURST_MS);
    this.#freeAt = startsAt + (bytes * 1000) / this.bytesPerSecond;
  }
}
