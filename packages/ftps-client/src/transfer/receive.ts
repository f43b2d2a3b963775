// The bytes of a download, from the data connection to its sink: one buffer is filled while the other is written.
import type { ByteChannel } from '@ftps-kit/tls-core';
import { errorOf } from '../errors.js';
import { DOWNLOAD_BUFFER_BYTES } from '../limits.js';
import type { TransferMeter } from './transfer-meter.js';

/** What takes the bytes; the buffer is used again once it has resolved. */
export type WriteBytes = (chunk: Uint8Array) => Promise<void>;

/** Reads to the end. A sink that lags behind gets larger pieces. What came before a failure is written all the same. */
export async function receive(channel: ByteChannel, write: WriteBytes, meter: TransferMeter): Promise<void> {
  const writer = new BackgroundWriter(write, (error) => {
    channel.destroy(error);
  });
  const buffers = new BufferPair();
  try {
    for (;;) {
      const count = await meter.step(channel.read(buffers.room));
      if (count === 0) break;
      buffers.filled += count;
      meter.moved(count);
      if (!writer.isBusy || buffers.isFull) await writer.write(buffers.take());
    }
  } finally {
    await writer.finish(buffers.take());
  }
  // Some servers wait for our close_notify before they say 226; others are gone already.
  await channel.end().catch(() => undefined);
}

class BufferPair {
  filled = 0;
  #filling: Uint8Array = Buffer.allocUnsafeSlow(DOWNLOAD_BUFFER_BYTES);
  #other: Uint8Array = Buffer.allocUnsafeSlow(DOWNLOAD_BUFFER_BYTES);

  get room(): Uint8Array {
    return this.#filling.subarray(this.filled);
  }

  get isFull(): boolean {
    return this.filled === this.#filling.length;
  }

  /** What was filled; the other one is filled from here on. */
  take(): Uint8Array {
    const full = this.#filling;
    const bytes = full.subarray(0, this.filled);
    this.#filling = this.#other;
    this.#other = full;
    this.filled = 0;
    return bytes;
  }
}

/** Writes while its owner does something else. */
class BackgroundWriter {
  isBusy = false;
  readonly #write: WriteBytes;
  readonly #onFailure: (error: Error) => void;
  #writing: Promise<void> = Promise.resolve();

  /** `onFailure` is called at once when a write fails, so that nobody goes on in vain. */
  constructor(write: WriteBytes, onFailure: (error: Error) => void) {
    this.#write = write;
    this.#onFailure = onFailure;
  }

  /** Resolves when the write before this one is done, and its buffer free; rejects where that failed. */
  async write(chunk: Uint8Array): Promise<void> {
    await this.#writing;
    this.isBusy = true;
    this.#writing = this.#write(chunk).then(() => {
      this.isBusy = false;
    });
    this.#writing.catch((error: unknown) => {
      this.#onFailure(errorOf(error));
    });
  }

  async finish(chunk: Uint8Array): Promise<void> {
    if (chunk.length > 0) await this.write(chunk);
    await this.#writing;
  }
}
