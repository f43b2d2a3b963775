// Where the bytes of an upload come from, whatever the caller gave: one contract over files, bytes, streams and functions.
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { ConfigError } from '@ftps-kit/tls-core';
import { unlessEnded, type CallEnds } from '../call-ends.js';
import { callersFailure } from '../errors.js';
import { UPLOAD_BUFFER_BYTES } from '../limits.js';
import { FilelessSource } from './fileless-source.js';
import { IterableReading } from './iterable-reading.js';
import { openLocalFileSource } from './local-file-source.js';
import { OnceSource } from './once-source.js';

/** A stream of bytes. */
export type ReadableSource = Readable | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** Opens the bytes from `start` on. What it gives for a start must be the same bytes each time. */
export type SourceOpener = (start: number) => ReadableSource | Promise<ReadableSource>;

/**
 * A local path, bytes, a stream, or a function that opens one at an offset. Only a stream cannot be opened again: an
 * upload from it can neither be resumed nor, once a byte was taken, be tried again.
 */
export type UploadInput = string | Uint8Array | ReadableSource | SourceOpener;

/** A source as an upload sees it. */
export interface UploadSource {
  /** undefined where nobody knows before the end. */
  readonly totalBytes: number | undefined;
  /** Of a local file. */
  readonly modifiedAt: Date | undefined;
  /** By which what was opened last at 0 is known again in another process; undefined where it cannot be. */
  readonly identity: string | undefined;
  /** Whether it can be opened at any offset, at any time. */
  readonly canOpenAnywhere: boolean;
  /** Whether it can be opened now: also a stream, as long as nothing was taken from it. */
  readonly canOpen: boolean;
  /** Whether it is still what it was when it was first opened. Rejects with `LocalFileError`. */
  isUnchanged(): Promise<boolean>;
  /** Whether a later upload knows it by `identity`, and no bytes of another one were read. Rejects with `LocalFileError`. */
  isFoundAgain(): Promise<boolean>;
  /** Rejects with `LocalFileError`. */
  open(start: number): Promise<SourceReading>;
  /** Lets go of all, for `reason` where the upload failed. Never rejects. */
  close(reason?: unknown): Promise<void>;
}

/** One reading of a source. */
export interface SourceReading {
  /** The next bytes, valid until the call after; undefined at the end. Rejects with `LocalFileError`. */
  next(): Promise<Uint8Array | undefined>;
  /** Lets go of it, wherever it is. Never rejects. */
  close(): Promise<void>;
}

/** Finds out what the source is; rejects with `LocalFileError` where a file cannot be read. */
export async function uploadSource(from: UploadInput, mayGrow: boolean): Promise<UploadSource> {
  if (typeof from === 'string') return openLocalFileSource(from, mayGrow);
  if (mayGrow) throw new ConfigError('mayGrow: is for local paths');
  if (from instanceof Uint8Array) return new BytesSource(from);
  if (typeof from === 'function') return new OpenerSource(from);
  if (isReadable(from)) return new OnceSource(new IterableReading(from));
  throw new ConfigError(
    'upload: the source is a path, bytes, a readable stream, an async iterable, or a function that opens one at an offset',
  );
}

/** Waits for what may never open; where the call ends before, it rejects, and what opens behind that is closed. */
export async function opened<Opened extends { close(reason?: unknown): Promise<void> }>(
  opening: Promise<Opened>,
  ends: CallEnds,
): Promise<Opened> {
  try {
    return await unlessEnded(opening, ends);
  } catch (error) {
    opening.then(
      (late) => late.close(error),
      () => undefined,
    );
    throw error;
  }
}

/** Lets go of a source whose upload never began. Never rejects. */
export async function letGoOfSource(from: UploadInput, error: Error): Promise<void> {
  if (isReadable(from)) await new IterableReading(from).close(error);
}

function isReadable(from: unknown): from is ReadableSource {
  return typeof from === 'object' && from !== null && Symbol.asyncIterator in from;
}

class BytesSource extends FilelessSource {
  override readonly totalBytes: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
    this.totalBytes = bytes.length;
  }

  open(start: number): Promise<SourceReading> {
    let at = start;
    return Promise.resolve({
      next: () => {
        const chunk = this.#bytes.subarray(at, at + UPLOAD_BUFFER_BYTES);
        at += chunk.length;
        return Promise.resolve(chunk.length === 0 ? undefined : chunk);
      },
      close: () => Promise.resolve(),
    });
  }
}

class OpenerSource extends FilelessSource {
  readonly #opener: SourceOpener;

  constructor(opener: SourceOpener) {
    super();
    this.#opener = opener;
  }

  async open(start: number): Promise<SourceReading> {
    let opened: unknown;
    try {
      opened = await this.#opener(start);
    } catch (error) {
      throw callersFailure('the stream to upload could not be opened', undefined, error);
    }
    if (!isReadable(opened))
      throw new ConfigError('upload: the function must give a readable stream or an async iterable');
    return new IterableReading(opened);
  }
}
