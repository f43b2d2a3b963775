// Where the bytes of an upload come from: a file read ahead into two buffers, bytes at hand, or anything iterable.
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { ConfigError } from '@ftps-kit/tls-core';
import { localFailure } from './errors.js';
import { UPLOAD_BUFFER_BYTES } from './limits.js';

/** What an upload reads from. */
export interface UploadSource {
  /** undefined where nobody knows before the end. */
  readonly totalBytes: number | undefined;
  /** The next bytes, valid until the call after; undefined at the end. Rejects with `LocalFileError`. */
  next(): Promise<Uint8Array | undefined>;
  /** Lets go of it, wherever it is. Never rejects. */
  close(): Promise<void>;
}

/** Opens the source; rejects with `LocalFileError`. A stream or iterator that is not read to its end is destroyed. */
export async function openSource(
  source: string | Uint8Array | Readable | AsyncIterable<Uint8Array>,
): Promise<UploadSource> {
  if (typeof source === 'string') return openFileSource(source);
  if (source instanceof Uint8Array) return new BufferSource(source);
  if (Symbol.asyncIterator in source) return new IterableSource(source);
  throw new ConfigError('upload: the source is a path, bytes, a readable stream or an async iterable');
}

async function openFileSource(path: string): Promise<UploadSource> {
  try {
    const handle = await open(path, 'r');
    try {
      const status = await handle.stat();
      if (status.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
      return new FileSource(handle, path, status.isFile() ? status.size : undefined);
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw localFailure(`cannot read ${path}`, path, error);
  }
}

class FileSource implements UploadSource {
  readonly totalBytes: number | undefined;
  readonly #handle: FileHandle;
  readonly #path: string;
  #buffer: Uint8Array = Buffer.allocUnsafeSlow(UPLOAD_BUFFER_BYTES);
  #other: Uint8Array = Buffer.allocUnsafeSlow(UPLOAD_BUFFER_BYTES);
  #reading: Promise<number>;

  constructor(handle: FileHandle, path: string, totalBytes: number | undefined) {
    this.#handle = handle;
    this.#path = path;
    this.totalBytes = totalBytes;
    this.#reading = this.#readAhead();
  }

  async next(): Promise<Uint8Array | undefined> {
    const count = await this.#reading;
    if (count === 0) return undefined;
    const full = this.#buffer;
    this.#buffer = this.#other;
    this.#other = full;
    this.#reading = this.#readAhead();
    return full.subarray(0, count);
  }

  async close(): Promise<void> {
    await this.#reading.catch(() => undefined);
    await this.#handle.close().catch(() => undefined);
  }

  #readAhead(): Promise<number> {
    const reading = this.#handle.read(this.#buffer, 0, this.#buffer.length, null).then(
      ({ bytesRead }) => bytesRead,
      (error: unknown) => {
        throw localFailure(`cannot read ${this.#path}`, this.#path, error);
      },
    );
    // Told by the `next` that waits for it.
    reading.catch(() => undefined);
    return reading;
  }
}

class BufferSource implements UploadSource {
  readonly totalBytes: number;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.totalBytes = bytes.length;
  }

  next(): Promise<Uint8Array | undefined> {
    const chunk = this.#bytes.subarray(this.#at, this.#at + UPLOAD_BUFFER_BYTES);
    this.#at += chunk.length;
    return Promise.resolve(chunk.length === 0 ? undefined : chunk);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class IterableSource implements UploadSource {
  readonly totalBytes = undefined;
  readonly #iterable: Readable | AsyncIterable<Uint8Array>;
  readonly #iterator: AsyncIterator<unknown>;
  #ended = false;

  constructor(iterable: Readable | AsyncIterable<Uint8Array>) {
    this.#iterable = iterable;
    this.#iterator = iterable[Symbol.asyncIterator]();
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

  close(): Promise<void> {
    if (!this.#ended) {
      if (this.#iterable instanceof Readable) this.#iterable.destroy();
      // Not awaited: an iterator that waits for its next bytes answers only when they come.
      else this.#iterator.return?.().catch(() => undefined);
    }
    return Promise.resolve();
  }

  async #pull(): Promise<IteratorResult<unknown>> {
    try {
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
