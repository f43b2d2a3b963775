// Waits on a passive port for the one data connection that the client announced.
import type net from 'node:net';
import { SocketChannel, TimeoutError, withDeadline } from '@ftps-kit/tls-core';
import { DataConnection, type Secure } from './data-connection.js';
import type { ConnectionRequest, DataConnectionOpener } from './data-connection-opener.js';
import type { PassivePort } from './passive-ports.js';

/** How an opener treats who comes. */
export interface PassiveOpenerOptions {
  /** Whether the data connection may come from this address. */
  readonly admits: (address: string) => boolean;
  /** How long the port waits, transfer command or not. */
  readonly timeoutMs: number;
  /** Puts TLS on what came. */
  readonly secure: Secure;
  /** Somebody else came, and was sent away. */
  readonly onStranger: (address: string) => void;
  /** Nobody came in time, and the port was closed. */
  readonly onTimeout: (error: TimeoutError) => void;
}

/** A listening port that takes one connection. Strangers do not end it: the client may still come. */
export class PassiveOpener implements DataConnectionOpener {
  readonly port: number;
  readonly #passivePort: PassivePort;
  readonly #options: PassiveOpenerOptions;
  readonly #came: Promise<DataConnection>;
  #arrive: (connection: DataConnection) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  readonly #timer: NodeJS.Timeout;
  #connection: DataConnection | undefined;
  #closed = false;
  /** Known when the transfer command came, which may be before the client's hello or behind it. */
  #onlySends = false;

  constructor(passivePort: PassivePort, options: PassiveOpenerOptions) {
    const address = passivePort.listener.address();
    this.port = address !== null && typeof address === 'object' ? address.port : 0;
    this.#passivePort = passivePort;
    this.#options = options;
    this.#came = new Promise((resolve, reject) => {
      this.#arrive = resolve;
      this.#fail = reject;
    });
    // The transfer command sees it fail; there may never be one.
    this.#came.catch(() => undefined);
    this.#timer = setTimeout(this.#abandon, options.timeoutMs);
    passivePort.listener.on('connection', this.#admit);
  }

  connection({ onlySends, ...deadline }: ConnectionRequest): Promise<DataConnection> {
    this.#onlySends = onlySends;
    return withDeadline('data connection', deadline, this.#came, () => {
      this.close();
    });
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
    this.#connection?.destroy();
  }

  #stopListening(): void {
    clearTimeout(this.#timer);
    this.#passivePort.close();
  }

  readonly #admit = (socket: net.Socket): void => {
    if (this.#connection !== undefined || this.#closed) {
      socket.destroy();
      return;
    }
    const { admits, onStranger, secure } = this.#options;
    const tcp = new SocketChannel(socket);
    if (!admits(tcp.remote.address)) {
      onStranger(tcp.remote.address);
      tcp.destroy();
      return;
    }
    // TLS begins at once, before the transfer command or behind it: clients do either.
    this.#connection = new DataConnection(tcp, secure, () => this.#onlySends);
    this.#stopListening();
    this.#arrive(this.#connection);
  };

  /** A port that nobody uses is taken back, for those who would. */
  readonly #abandon = (): void => {
    const error = new TimeoutError('passive port', this.#options.timeoutMs);
    this.#fail(error);
    this.close();
    this.#options.onTimeout(error);
  };
}
