// A channel that moves no more bytes a second than its limits allow.
import type { ByteChannel, Closure } from '@ftps-kit/tls-core';
import type { Rate } from './rate-limit.js';

export interface RateLimitedOptions {
  readonly limits: readonly Rate[];
  /** Ends a wait at once. */
  readonly signal: AbortSignal;
  /** Runs a wait that is no fault of the peer. */
  readonly whileWaiting: (wait: Promise<void>) => Promise<void>;
}

/** A peer that sends faster finds its own sending held up; nothing is gathered here. */
export class RateLimitedChannel implements ByteChannel {
  readonly #channel: ByteChannel;
  readonly #options: RateLimitedOptions;

  constructor(channel: ByteChannel, options: RateLimitedOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  get closure(): Closure {
    return this.#channel.closure;
  }

  get receivedBytes(): number {
    return this.#channel.receivedBytes;
  }

  get sentBytes(): number {
    return this.#channel.sentBytes;
  }

  async read(into: Uint8Array): Promise<number> {
    const count = await this.#channel.read(into.subarray(0, this.#pieceBytes));
    await this.#take(count);
    return count;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + this.#pieceBytes);
      at += piece.length;
      await this.#take(piece.length);
      await this.#channel.write(piece);
    }
  }

  end(): Promise<void> {
    return this.#channel.end();
  }

  destroy(error?: Error): void {
    this.#channel.destroy(error);
  }

  /** Less as more others wait. */
  get #pieceBytes(): number {
    return Math.min(...this.#options.limits.map(({ pieceBytes }) => pieceBytes));
  }

  async #take(bytes: number): Promise<void> {
    const { limits, signal, whileWaiting } = this.#options;
    for (const limit of limits) await whileWaiting(limit.take(bytes, signal));
  }
}
