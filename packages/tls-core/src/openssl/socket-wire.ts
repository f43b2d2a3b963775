// The socket below TLS: ciphertext that came and waits, and ciphertext on its way out, both bounded.
import type net from 'node:net';
import { ConnectionError } from '../errors.js';
import { SocketTraffic, type Unacknowledged } from '../socket-traffic.js';
import { giveCiphertextBuffer } from './ciphertext-pool.js';

/**
 * Ciphertext that may wait here unread. One chunk of the socket's is enough to see the tickets and the close_notify that
 * come behind a handshake; more stays in the kernel until somebody reads.
 */
const WAITING_BYTES = 64 * 1024;

const NOTHING = Buffer.alloc(0);

/** Owns a socket. What came lies in `input` from `from` to `to`, until it is consumed. */
export class SocketWire {
  /** Called when something came, the peer ended, the connection broke, or what was sent has left. */
  onActivity: () => void = ignore;
  input: Buffer = NOTHING;
  from = 0;
  failure: ConnectionError | undefined;
  /** Bytes given to the socket that have not left yet. */
  unsentBytes = 0;
  readonly traffic: SocketTraffic;
  readonly #socket: net.Socket;
  /** Behind `input`. */
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #finished = false;
  #discarding = false;
  #discardedBytes = 0;

  constructor(socket: net.Socket, unacknowledged: Unacknowledged) {
    this.traffic = new SocketTraffic(socket, unacknowledged);
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    socket.resume();
  }

  get to(): number {
    return this.input.length;
  }

  get hasInput(): boolean {
    return this.from < this.input.length;
  }

  /** The peer's FIN came, and nothing lies before it any more. */
  get ended(): boolean {
    return this.#finished && !this.hasInput;
  }

  consume(bytes: number): void {
    this.from += bytes;
    this.#waitingBytes -= bytes;
    if (this.hasInput) return;
    this.input = this.#waiting.shift() ?? NOTHING;
    this.from = 0;
    if (this.#waitingBytes < WAITING_BYTES && this.#socket.isPaused()) this.#socket.resume();
  }

  /** Sends the first `bytes` of a pooled buffer, which goes back to the pool when they have left. */
  send(buffer: Buffer, bytes: number): void {
    if (this.#socket.destroyed) {
      // Its events come later than a writer that never waits would let them.
      const { errored } = this.#socket;
      this.failure ??= errored === null ? new ConnectionError('the connection was closed') : connectionError(errored);
      giveCiphertextBuffer(buffer);
      return;
    }
    this.unsentBytes += bytes;
    this.#socket.write(buffer.subarray(0, bytes), () => {
      this.unsentBytes -= bytes;
      giveCiphertextBuffer(buffer);
      this.onActivity();
    });
  }

  /** Sends FIN behind everything; resolves when all of it is handed to the network. */
  end(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.end((error?: Error | null) => {
        if (error == null) resolve();
        else reject(this.failure ?? connectionError(error));
      });
    });
  }

  /** RFC 8446 §6.1: what comes after a close_notify is ignored. */
  discardInput(): void {
    this.#discarding = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.input = NOTHING;
    this.from = 0;
    this.#socket.resume();
  }

  /** Closes when what was sent has left, an alert for one. */
  closeAfterSending(): void {
    this.discardInput();
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Gives the socket back; what came and was not consumed is read from it first. */
  release(): net.Socket {
    this.#socket.pause();
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('error', this.#onError);
    this.#socket.off('close', this.#onClose);
    const unread = Buffer.concat([this.input.subarray(this.from), ...this.#waiting]);
    if (unread.length > 0 && !this.#finished) this.#socket.unshift(unread);
    return this.#socket;
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#discarding) {
      // FIN is behind it where the peer means well; nobody is drained for ever.
      this.#discardedBytes += chunk.length;
      if (this.#discardedBytes > WAITING_BYTES) this.#socket.pause();
      return;
    }
    this.#waitingBytes += chunk.length;
    if (this.hasInput) this.#waiting.push(chunk);
    else {
      this.input = chunk;
      this.from = 0;
    }
    this.onActivity();
    if (this.#waitingBytes >= WAITING_BYTES) this.#socket.pause();
  };

  readonly #onEnd = (): void => {
    this.#finished = true;
    this.onActivity();
  };

  readonly #onError = (error: Error): void => {
    this.failure ??= connectionError(error);
    this.onActivity();
  };

  readonly #onClose = (): void => {
    this.failure ??= new ConnectionError('the connection was closed');
    this.onActivity();
  };
}

function connectionError(error: Error): ConnectionError {
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return new ConnectionError(`the connection broke${code}`, { cause: error });
}

function ignore(): void {
  return undefined;
}
