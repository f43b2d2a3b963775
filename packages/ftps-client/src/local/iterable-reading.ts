// One reading of a stream: Node's, the Web's, or anything else that can be iterated.
import { Readable } from 'node:stream';
import { ConfigError } from '@ftps-kit/tls-core';
import { LocalFileError, callersFailure } from '../errors.js';
import type { ReadableSource, SourceReading } from './upload-source.js';

export class IterableReading implements SourceReading {
  readonly #iterable: ReadableSource;
  readonly #failed: string;
  readonly #path: string | undefined;
  #iterator: AsyncIterator<unknown> | undefined;
  #ended = false;
  #closed = false;

  /** `failed` begins the message where it fails; `path` is that of a local pipe or device. */
  constructor(iterable: ReadableSource, failed = 'the stream to upload failed', path?: string) {
    this.#iterable = iterable;
    this.#failed = failed;
    this.#path = path;
  }

  /** Whether nothing was asked of it yet. */
  get isUntouched(): boolean {
    return this.#iterator === undefined;
  }

  /** Rejects with `LocalFileError`, also where it was closed, or what it reads was begun by another reading. */
  async next(): Promise<Uint8Array | undefined> {
    // An iterator that was closed says that it has ended, and what was read of it would be taken for the whole.
    if (this.#closed) throw new LocalFileError('the stream to upload was closed', undefined);
    for (;;) {
      const result = await this.#pull();
      if (result.done === true) {
        this.#ended = true;
        return undefined;
      }
      const chunk = this.#bytesOf(result.value);
      if (chunk.length > 0) return chunk;
    }
  }

  /** Destroys or cancels what was not read to its end, with `reason` where the whole upload failed by that. */
  close(reason?: unknown): Promise<void> {
    this.#closed = true;
    if (this.#ended) return Promise.resolve();
    this.#ended = true;
    if (isNodeStream(this.#iterable)) destroy(this.#iterable, reason);
    // Not awaited: an iterator that waits for its next bytes answers only when they come.
    else if (this.#iterator !== undefined) endIterator(this.#iterator).catch(() => undefined);
    else if ('cancel' in this.#iterable) this.#iterable.cancel(reason).catch(() => undefined);
    return Promise.resolve();
  }

  async #pull(): Promise<IteratorResult<unknown>> {
    try {
      this.#iterator ??= this.#begin();
      return await this.#iterator.next();
    } catch (error) {
      this.#ended = true;
      if (error instanceof LocalFileError) throw error;
      throw callersFailure(this.#failed, this.#path, error);
    }
  }

  #bytesOf(value: unknown): Uint8Array {
    if (value instanceof Uint8Array) return value;
    // A stream with an encoding set gives text, of bytes that were taken for that encoding.
    const encoding = this.#iterable instanceof Readable ? this.#iterable.readableEncoding : null;
    if (typeof value === 'string') return Buffer.from(value, encoding ?? 'utf8');
    throw new ConfigError('upload: the source must give Uint8Arrays');
  }

  #begin(): AsyncIterator<unknown> {
    const iterator: AsyncIterator<unknown> = this.#iterable[Symbol.asyncIterator]();
    // Streams give their bytes once; other iterables may give a new iterator each time.
    const once = this.#iterable instanceof Readable || 'cancel' in this.#iterable ? this.#iterable : iterator;
    if (begun.has(once)) throw new LocalFileError('the stream to upload was read already', undefined);
    begun.add(once);
    return iterator;
  }
}

/** What the caller wrote may throw, and need not give a promise. */
async function endIterator(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

/** Also one of a library that brings its own streams. */
function isNodeStream(iterable: ReadableSource): iterable is Readable {
  return iterable instanceof Readable || ('destroy' in iterable && 'on' in iterable);
}

function destroy(stream: Readable, reason: unknown): void {
  if (!(reason instanceof Error)) {
    stream.destroy();
    return;
  }
  // The error that it tells then would end the process if nobody listened.
  if (!stream.closed) {
    stream.on('error', ignore);
    stream.once('close', () => stream.off('error', ignore));
  }
  stream.destroy(reason);
}

/** The upload rejects with it. */
function ignore(): void {
  // Nothing is left to be done.
}

/** What was read from: the rest of it is not the file, and nothing left of it would make an empty one. */
const begun = new WeakSet<object>();
