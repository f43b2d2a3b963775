// So many bytes a second: a token bucket that keeps no timer of its own.
import { AbortedError } from '@ftps-kit/tls-core';
import { systemTiming, type Timing } from './timing.js';

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
  /** Whether it is somebody's turn; those behind him are `#waiting`, in their order. */
  #isTaken = false;
  readonly #waiting = new Set<() => void>();

  constructor(bytesPerSecond: number, timing: Timing = systemTiming) {
    this.bytesPerSecond = bytesPerSecond;
    this.#timing = timing;
    this.#freeAt = timing.now() - BURST_MS;
  }

  get pieceBytes(): number {
    const round = Math.max(1, Math.floor((this.bytesPerSecond * ROUND_MS) / 1000));
    return Math.min(round, Math.max(MIN_PIECE_BYTES, Math.floor(round / (1 + this.#waiting.size))));
  }

  /** Whether who came now would not wait. */
  get isFree(): boolean {
    return !this.#isTaken && this.#freeAt <= this.#timing.now();
  }

  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    await this.#turn(signal);
    try {
      const early = this.#freeAt - this.#timing.now();
      if (early > 0) await this.#timing.wait(early, signal);
      const startsAt = Math.max(this.#freeAt, this.#timing.now() - BURST_MS);
      this.#freeAt = startsAt + (bytes * 1000) / this.bytesPerSecond;
    } finally {
      this.#handOn();
    }
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#isTaken) {
      this.#isTaken = true;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(turn);
        reject(new AbortedError('aborted while waiting'));
      };
      if (signal?.aborted === true) {
        giveUp();
        return;
      }
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(turn);
    });
  }

  /** To the next, so that nobody slips in between. */
  #handOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#isTaken = false;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
