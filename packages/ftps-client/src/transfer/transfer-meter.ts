// Counts the bytes of one transfer, tells of them, and notices when nothing moves.
import { StallWatch, type ByteChannel } from '@ftps-kit/tls-core';
import { errorOf } from '../errors.js';
import type { ProgressReporter } from './progress.js';

export interface TransferMeterOptions {
  readonly stallMs: number;
  /** Where in the file the transfer begins; default 0. */
  readonly offset?: number | undefined;
  readonly progress?: ProgressReporter | undefined;
}

/** The way the bytes of one transfer go, and how many there were. */
export class TransferMeter {
  bytes = 0;
  readonly offset: number;
  readonly #stallMs: number;
  readonly #progress: ProgressReporter | undefined;
  #watch: StallWatch | undefined;
  #waiting = false;
  #onFailure: (error: Error) => void = () => undefined;

  constructor({ stallMs, offset = 0, progress }: TransferMeterOptions) {
    this.#stallMs = stallMs;
    this.offset = offset;
    this.#progress = progress;
  }

  /**
   * From here on `onFailure` is called once the network keeps a step waiting for too long and moves nothing meanwhile, and
   * for what a progress callback throws.
   */
  start(channel: ByteChannel, direction: 'received' | 'sent', onFailure: (error: Error) => void): void {
    this.#onFailure = onFailure;
    this.#watch = new StallWatch(channel, {
      direction,
      timeoutMs: this.#stallMs,
      isOwnWait: () => !this.#waiting,
      onStall: onFailure,
    });
    this.#progress?.start((error) => {
      this.#onFailure(errorOf(error));
    });
  }

  /** A step that waits for the network. The time of this side's own disk does not count. */
  async step<T>(work: Promise<T>): Promise<T> {
    this.#waiting = true;
    this.#watch?.moved();
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
    this.#watch?.stop();
    this.#watch = undefined;
    this.#progress?.stop();
  }
}
