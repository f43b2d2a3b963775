// One reading of a stream: Node's, the Web's, or anything else that can be iterated.
import { Readable } from 'node:stream';
import { ConfigError } from '@ftps-kit/tls-core';
import { localFailure } from './errors.js';
import type { ReadableSource, SourceReading } from './upload-source.js';

export class IterableReading implements SourceReading {
  readonly #iterable: ReadableSource;
  #iterator: AsyncIterator<unknown> | undefined;
  #ended = false;

  constructor(iterable: ReadableSource) {
    this.#iterable = iterable;
  }

  /** Whether nothing was asked of it yet. */
  get isUntouched(): boolean {
    return this.#iterator === undefined;
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const result = await this.#pull();
      if (result.done === true) {
        this.#ended = true;
        return undefined;
      }
      const chunk = bytesOf(result.value);
      if (chunk.length > 0) return chunk;
    }
  }

  /** Destroys or cancels what was not read to its end. */
  close(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#ended = true;
    if (this.#iterable instanceof Readable) this.#iterable.destroy();
    // Not awaited: an iterator that waits for its next bytes answers only when they come.
    else if (this.#iterator !== undefined) this.#iterator.return?.().catch(() => undefined);
    else if ('cancel' in this.#iterable) this.#iterable.cancel().catch(() => undefined);
    return Promise.resolve();
  }

  async #pull(): Promise<IteratorResult<unknown>> {
    try {
      this.#iterator ??= this.#iterable[Symbol.asyncIterator]();
      return await this.#iterator.next();
    } catch (error) {
      this.#ended = true;
      throw localFailure('the stream to upload failed', undefined, error);
    }
  }
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  // A stream with an encoding set gives text.
  if (typeof value === 'string') return Buffer.from(value);
  throw new ConfigError('upload: the source must give Uint8Arrays');
}
