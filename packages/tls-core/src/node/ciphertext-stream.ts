// The TCP socket below node:tls, as a stream that keeps the peer's FIN from it.
import type net from 'node:net';
import type tls from 'node:tls';
import { Duplex } from 'node:stream';
import { ConnectionError } from '../errors.js';
import { SocketTraffic } from '../socket-traffic.js';

type Done = (error?: Error | null) => void;

const NOTHING = new Uint8Array(0);

/**
 * What a TLS socket of Node is put on in place of the TCP socket, whose FIN it takes for the end of TLS. Nothing but close_notify
 * ends TLS on this stream: FIN, and what broke the connection, are told by `over`.
 */
export class CiphertextStream extends Duplex {
  /**
   * Resolves when nothing comes any more and TLS has all that came: to nothing behind FIN, to the error where the
   * connection broke.
   */
  readonly over: Promise<Error | undefined>;
  readonly traffic: SocketTraffic;
  readonly #socket: net.Socket;
  #failure: Error | undefined;
  #isEnding = false;
  #isOver = false;
  readonly #held: Buffer[] = [];
  #tlsFailure: Error | undefined;
  #onTlsFailure: (error: Error) => void = () => undefined;
  #tellOver: (failure: Error | undefined) => void = () => undefined;

  constructor(socket: net.Socket) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.traffic = new SocketTraffic(socket);
    this.over = new Promise((resolve) => {
      this.#tellOver = resolve;
    });
    // TLS says when it takes something.
    socket.pause();
    socket.on('data', this.#onData);
    socket.on('end', this.#onOver);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    if (socket.readableEnded) this.#onOver();
    else if (socket.destroyed) this.#onClose();
  }

  /**
   * The error of a connection whose FIN was none: libuv takes a reset for one behind a read that did not fill its buffer.
   * Nothing is sent to find out, but the kernel is asked to, and knows.
   */
  async hiddenReset(): Promise<Error | undefined> {
    // Behind what waits to be sent the question might wait as long.
    if (!this.#socket.writable || this.#socket.writableLength > 0) return this.#failure;
    const error = await new Promise<Error | null | undefined>((resolve) => this.#socket.write(NOTHING, resolve));
    return this.#failure ?? error ?? undefined;
  }

  /** To be called before the first byte moves. A server's socket tells of what breaks TLS in no other way than this. */
  carries(tlsSocket: tls.TLSSocket): void {
    tlsSocket.on('_tlsError', (error: Error) => {
      if (this.#tlsFailure !== undefined || !isOfTls(error)) return;
      this.#tlsFailure = error;
      this.#onTlsFailure(error);
    });
  }

  /** TLS broke, or has broken already. Read once more behind a fatal alert, OpenSSL tells of an end as by close_notify. */
  whenTlsBreaks(listener: (error: Error) => void): void {
    this.#onTlsFailure = listener;
    if (this.#tlsFailure !== undefined) listener(this.#tlsFailure);
  }

  /** Resolves when nothing that TLS has said is on its way out any more, or nothing can be sent. */
  async flushed(): Promise<void> {
    do {
      if (this.destroyed || this.writableEnded) return;
      await new Promise((resolve) => this.write(NOTHING, resolve));
      // TLS is told of the end of its write in the turn behind it, and may have more to say then.
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.writableLength > 0);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#socket.write(chunk, this.#toldBy(done));
  }

  override _writev(parts: readonly { readonly chunk: Uint8Array }[], done: Done): void {
    const last = parts.length - 1;
    this.#socket.cork();
    for (const [index, { chunk }] of parts.entries()) {
      this.#socket.write(chunk, index === last ? this.#toldBy(done) : undefined);
    }
    this.#socket.uncork();
  }

  /**
   * Nothing is handed to TLS until FIN is out: what it answers in between, an alert, Node takes for a fault of its own, and throws
   * out of the socket's event.
   */
  override _final(done: Done): void {
    const told = this.#toldBy(done);
    this.#isEnding = true;
    this.#socket.end((error?: Error | null) => {
      told(error);
      // Node forgets its own request in the callback of the end, ticks behind this one.
      setImmediate(this.#onEnded);
    });
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.destroy();
    done(error);
  }

  /** A socket that broke says of later calls only that it is closed, and calls done what was lost with it. */
  #toldBy(done: Done): Done {
    return (error) => {
      const { destroyed, writableFinished } = this.#socket;
      if (error == null && (!destroyed || writableFinished)) done();
      else done(this.#failure ?? error ?? new ConnectionError('the connection was closed'));
    };
  }

  readonly #onEnded = (): void => {
    this.#isEnding = false;
    for (const chunk of this.#held.splice(0)) this.#onData(chunk);
    if (this.#isOver) this.#onOver();
  };

  readonly #onData = (chunk: Buffer): void => {
    if (this.#isEnding) this.#held.push(chunk);
    else if (!this.push(chunk)) this.#socket.pause();
  };

  readonly #onError = (error: Error): void => {
    this.#failure ??= error;
    this.#onOver();
  };

  readonly #onClose = (): void => {
    if (!this.#socket.readableEnded) this.#failure ??= new ConnectionError('the connection was closed');
    this.#onOver();
  };

  readonly #onOver = (): void => {
    this.#isOver = true;
    if (this.#isEnding) return;
    if (this.readableLength === 0) this.#tellOver(this.#failure);
    // TLS holds back what it has no room for. It listens longer than this, so that it has the chunk by now.
    else this.once('data', this.#onOver);
  };
}

/** What TLS itself broke by, an alert for one, and not what broke below it. */
export function isOfTls(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_SSL_');
}
