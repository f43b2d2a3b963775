// Counts the bytes of one transfer, tells of them, and notices when nothing moves.
import { TimeoutError } from '@ftps-kit/tls-core';
import type { ProgressReporter } from './progress.js';

export interface TransferMeterOptions {
  readonly stallMs: number;
  /** Where in the file the transfer begins; default 0. */
  readonly offset?: number | undefined;
  readonly progress?: ProgressReporter | undefined;
}

/** One timer for the whole transfer: starting it again at each step costs next to nothing. */
export class TransferMeter {
  bytes = 0;
  readonly offset: number;
  readonly #stallMs: number;
  readonly #progress: ProgressReporter | undefined;
  #timer: NodeJS.Timeout | undefined;
  #waiting = false;
  #onFailure: (error: Error) => void = () => undefined;

  constructor({ stallMs, offset = 0, progress }: TransferMeterOptions) {
    this.#stallMs = stallMs;
    this.offset = offset;
    this.#progress = progress;
  }

  /**
   * From here on `onFailure` is called once the network keeps a step waiting for too long, and for what a progress callback
   * throws meanwhile.
   */
  start(onFailure: (error: Error) => void): void {
    this.#onFailure = onFailure;
    this.#timer = setTimeout(() => {
      if (this.#waiting) this.#onFailure(new TimeoutError('stall', this.#stallMs));
    }, this.#stallMs);
    this.#progress?.start((error) => {
      this.#onFailure(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** A step that waits for the network. The time of this side's own disk does not count. */
  async step<T>(work: Promise<T>): Promise<T> {
    this.#waiting = true;
    this.#timer?.refresh();
    try {
      return await work;
    } finally {
      this.#waiting = false;
    }
  }

  moved(bytes: number): void {
    this.bytes += bytes;
    this.#progress?.moved(bytes);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#progress?.stop();
  }
}
