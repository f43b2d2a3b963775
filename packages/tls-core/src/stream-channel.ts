// A ByteChannel over any Node duplex stream: the part that a TCP socket and a node:tls socket have in common.
import type { Duplex } from 'node:stream';
import type { ByteChannel, Closure } from './byte-channel.js';
import { ConnectionError, FtpsError } from './errors.js';
import type { SocketTraffic } from './socket-traffic.js';

/**
 * Reads and writes a duplex stream as a `ByteChannel`.
 *
 * `traffic` is that of the socket below it; `failureOf` gives the typed error for one of the stream's. An end of the stream
 * is a clean one, of TCP as of TLS.
 */
export class StreamChannel implements ByteChannel {
  closure: Closure = 'open';
  readonly #stream: Duplex;
  readonly #traffic: SocketTraffic;
  readonly #failureOf: (error: Error) => FtpsError;
  #rest: Uint8Array | undefined;
  #failure: Error | undefined;
  #whyCut: (() => Promise<Error>) | undefined;
  #wake: (() => void) | undefined;
  #listening = false;
  #isBroken = false;
  readonly #unsettled = new Set<() => void>();

  constructor(stream: Duplex, traffic: SocketTraffic, failureOf: (error: Error) => FtpsError = connectionError) {
    this.#stream = stream;
    this.#traffic = traffic;
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
    for (let isOver = false; ;) {
      const chunk = this.#rest ?? this.#take();
      if (chunk !== undefined) {
        const count = Math.min(chunk.length, into.length);
        into.set(count === chunk.length ? chunk : chunk.subarray(0, count));
        this.#rest = count === chunk.length ? undefined : chunk.subarray(count);
        return count;
      }
      if (this.#stream.readableEnded && !this.#isBroken) {
        if (this.closure === 'open') this.closure = 'clean';
        return 0;
      }
      if (this.#failure !== undefined) throw this.#fail(this.#failure);
      if (this.#whyCut === undefined) await this.#nextEvent();
      else if (isOver) throw this.#fail(await this.#whyCut());
      else {
        // A stream that has ended tells so in the tick behind the read that finds nothing.
        await new Promise<void>((resolve) => {
          process.nextTick(resolve);
        });
        isOver = true;
      }
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    // The stream would break by it, and what the peer still sends be lost.
    if (this.#stream.writableEnded) throw new ConnectionError('this side of the connection has ended already');
    // While an empty write is on its way, Node throws out of the socket's event for what TLS itself has to say.
    if (chunk.length > 0) await this.#sent((done) => this.#stream.write(chunk, done));
  }

  async end(): Promise<void> {
    if (this.#stream.writableFinished) return;
    if (this.#failure !== undefined) throw this.#failure;
    await this.#sent((done) => this.#stream.end(done));
  }

  destroy(error?: Error): void {
    this.#failure ??= error ?? new ConnectionError('the connection was closed on this side');
    this.#stream.destroy();
    this.#wakeUp();
  }

  /**
   * Nothing more comes from below the stream. If it has not ended by that when all is read, it was cut, and reads reject with what
   * `why` finds; this side may still write.
   */
  nothingFollows(why: () => Promise<Error>): void {
    this.#whyCut = why;
    this.#wakeUp();
  }

  /** The protocol of the stream broke: what the stream tells from here on, an end too, is nothing that the peer said. */
  breakBy(error: Error): void {
    this.#failure ??= error;
    this.#isBroken = true;
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

  #sent(send: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const lost = (): void => {
        this.#unsettled.delete(lost);
        reject(this.#failure ?? new ConnectionError('the connection was closed'));
      };
      this.#unsettled.add(lost);
      send((error) => {
        if (error != null) this.#failure ??= this.#failureOf(error);
        // Of a stream that was destroyed Node calls done what is lost, or says nothing of it.
        if (error != null || (this.#stream.destroyed && !this.#stream.writableFinished)) lost();
        else if (this.#unsettled.delete(lost)) resolve();
      });
    });
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

  #fail(error: Error): Error {
    if (this.closure === 'open') this.closure = 'truncated';
    return this.#failure ?? error;
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
    for (const lost of this.#unsettled) lost();
  };
}

/** The typed error for a connection that broke. */
export function connectionError(error: Error): FtpsError {
  if (error instanceof FtpsError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return new ConnectionError(`the connection broke${code}`, { cause: error });
}
