// A ByteChannel over any Node duplex stream: the part that a TCP socket and a node:tls socket have in common.
import type { Duplex } from 'node:stream';
import type { ByteChannel, Closure } from './byte-channel.js';
import { ConnectionError, FtpsError } from './errors.js';
import type { SocketTraffic } from './socket-traffic.js';

/**
 * Reads and writes a duplex stream as a `ByteChannel`.
 *
 * `traffic` is that of the socket below it. `closureAtEnd` is what a plain end of the stream means: `clean` on TCP,
 * `unverified` where TLS's end is not visible. `failureOf` gives the typed error for one of the stream's.
 */
export class StreamChannel implements ByteChannel {
  closure: Closure = 'open';
  readonly #stream: Duplex;
  readonly #traffic: SocketTraffic;
  readonly #closureAtEnd: Closure;
  readonly #failureOf: (error: Error) => FtpsError;
  #rest: Uint8Array | undefined;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #listening = false;

  constructor(
    stream: Duplex,
    traffic: SocketTraffic,
    closureAtEnd: Closure,
    failureOf: (error: Error) => FtpsError = connectionError,
  ) {
    this.#stream = stream;
    this.#traffic = traffic;
    this.#closureAtEnd = closureAtEnd;
    this.#failureOf = failureOf;
    stream.on('error', this.#onError);
    stream.on('close', this.#onClose);
    // It may have broken before anybody listened.
    if (stream.destroyed) this.#onClose();
  }

  get receivedBytes(): number {
    return this.#traffic.receivedBytes;
  }

  get sentBytes(): number {
    return this.#traffic.sentBytes;
  }

  /** Bytes that have arrived and nobody has read yet. */
  get unreadBytes(): number {
    return this.#stream.readableLength + (this.#rest?.length ?? 0);
  }

  async read(into: Uint8Array): Promise<number> {
    for (;;) {
      const chunk = this.#rest ?? this.#take();
      if (chunk !== undefined) {
        const count = Math.min(chunk.length, into.length);
        into.set(count === chunk.length ? chunk : chunk.subarray(0, count));
        this.#rest = count === chunk.length ? undefined : chunk.subarray(count);
        return count;
      }
      if (this.#stream.readableEnded) {
        if (this.closure === 'open') this.closure = this.#closureAtEnd;
        return 0;
      }
      if (this.#failure !== undefined) throw this.#fail();
      await this.#nextEvent();
    }
  }

  write(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#stream.write(chunk, (error) => {
        if (error == null) resolve();
        else reject(this.#failure ?? this.#failureOf(error));
      });
    });
  }

  end(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#stream.writableFinished) {
        resolve();
        return;
      }
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#stream.end((error?: Error | null) => {
        if (error == null) resolve();
        else reject(this.#failure ?? this.#failureOf(error));
      });
    });
  }

  destroy(error?: Error): void {
    this.#failure ??= error ?? new ConnectionError('the connection was closed on this side');
    this.#stream.destroy();
    this.#wakeUp();
  }

  /** Lets go of the stream, so that something else may read and write it. Nothing may be pending; what is unread stays in it. */
  release(): void {
    if (this.#rest !== undefined) this.#stream.unshift(this.#rest);
    this.#rest = undefined;
    this.#stream.off('error', this.#onError);
    this.#stream.off('close', this.#onClose);
    this.#stream.off('readable', this.#wakeUp);
    this.#stream.off('end', this.#wakeUp);
  }

  #take(): Uint8Array | undefined {
    return (this.#stream.read() as Uint8Array | null) ?? undefined;
  }

  #nextEvent(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      // Listening for 'readable' is what starts the stream reading, so it waits for the first read.
      if (this.#listening) return;
      this.#listening = true;
      this.#stream.on('readable', this.#wakeUp);
      this.#stream.on('end', this.#wakeUp);
    });
  }

  #fail(): Error {
    if (this.closure === 'open') this.closure = 'truncated';
    return this.#failure ?? new ConnectionError('the connection was closed');
  }

  readonly #wakeUp = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };

  readonly #onError = (error: Error): void => {
    this.#failure ??= this.#failureOf(error);
    this.#wakeUp();
  };

  readonly #onClose = (): void => {
    this.#failure ??= new ConnectionError('the connection was closed by the peer');
    this.#wakeUp();
  };
}

/** The typed error for a connection that broke. */
export function connectionError(error: Error): FtpsError {
  if (error instanceof FtpsError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return new ConnectionError(`the connection broke${code}`, { cause: error });
}
