// A remote file as a Node stream, whose end tells the truth: it comes only when the transfer is whole and checked.
import { PassThrough, Writable } from 'node:stream';
import { AbortedError } from '@ftps-kit/tls-core';
import { errorOf } from '../errors.js';
import type { TransferResult } from '../files/transfer-result.js';

/** What `createReadStream` gives: it ends when the download is whole and checked, and is destroyed where it fails. */
export class RemoteReadStream extends PassThrough {
  /** Of the download; rejects as `download` does. */
  readonly result: Promise<TransferResult>;

  /** `download` writes into the sink; its signal fires when the stream is destroyed. */
  constructor(download: (sink: Writable, signal: AbortSignal) => Promise<TransferResult>) {
    super();
    const ending = new AbortController();
    this.once('close', () => {
      ending.abort(new AbortedError('the stream was destroyed'));
    });
    this.result = download(this, ending.signal);
    this.result.catch((error: unknown) => {
      this.destroy(errorOf(error));
    });
  }
}

/** What `createWriteStream` gives: it finishes when the upload is whole and checked, and is destroyed where it fails. */
export class RemoteWriteStream extends Writable {
  /** Of the upload; rejects as `upload` does. */
  readonly result: Promise<TransferResult>;
  readonly #ending = new AbortController();
  /** What was written and not asked for yet: one chunk, as its callback is called when the next is asked for. */
  #chunk: { readonly bytes: Uint8Array; readonly taken: () => void } | undefined;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(upload: (source: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<TransferResult>) {
    super();
    this.result = upload(this.#chunks(), this.#ending.signal);
    this.result.catch((error: unknown) => {
      this.destroy(errorOf(error));
    });
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    this.#chunk = { bytes: chunk, taken: done };
    this.#wake();
  }

  override _final(done: (error?: Error) => void): void {
    this.#ended = true;
    this.#wake();
    this.result.then(
      () => {
        done();
      },
      (error: unknown) => {
        done(errorOf(error));
      },
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#ending.abort(new AbortedError('the stream was destroyed', { cause: error }));
    this.#wake();
    // The server has heard of it before the stream says that it is closed.
    this.result.then(
      () => {
        done(error);
      },
      () => {
        done(error);
      },
    );
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    while (!this.#ending.signal.aborted) {
      const chunk = this.#chunk;
      if (chunk !== undefined) {
        this.#chunk = undefined;
        yield chunk.bytes;
        chunk.taken();
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
