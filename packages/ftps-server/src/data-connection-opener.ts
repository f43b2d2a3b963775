// Waits on a passive port for the one data connection that the client announced.
import type net from 'node:net';
import { isSameAddress } from '@ftps-kit/ftp-protocol';
import { SocketChannel, withDeadline, type Deadline } from '@ftps-kit/tls-core';
import { DataConnection, type Secure } from './data-connection.js';

/** How an opener treats who comes. */
export interface OpenerOptions {
  /** Only this address may connect: the control connection's peer. */
  readonly clientAddress: string;
  /** Puts TLS on what came. */
  readonly secure: Secure;
  /** Somebody else came, and was sent away. */
  readonly onStranger: (address: string) => void;
}

/** A listening port that takes one connection. Strangers do not end it: the client may still come. */
export class PassiveOpener {
  readonly port: number;
  readonly #listener: net.Server;
  readonly #came: Promise<DataConnection>;
  #connection: DataConnection | undefined;
  #closed = false;

  constructor(listener: net.Server, options: OpenerOptions) {
    const address = listener.address();
    this.port = address !== null && typeof address === 'object' ? address.port : 0;
    this.#listener = listener;
    this.#came = new Promise((resolve) => {
      listener.on('connection', (socket: net.Socket) => {
        if (this.#connection !== undefined || this.#closed) {
          socket.destroy();
          return;
        }
        const tcp = new SocketChannel(socket);
        if (!isSameAddress(tcp.remote.address, options.clientAddress)) {
          options.onStranger(tcp.remote.address);
          tcp.destroy();
          return;
        }
        // TLS begins at once, before the transfer command or behind it: clients do either.
        this.#connection = new DataConnection(tcp, options.secure);
        listener.close();
        resolve(this.#connection);
      });
    });
  }

  /** The client's connection. Rejects with `TimeoutError` or `AbortedError` (phase `data connection`) when it does not come. */
  connection(deadline: Deadline): Promise<DataConnection> {
    return withDeadline('data connection', deadline, this.#came, () => {
      this.close();
    });
  }

  /** Stops waiting, and drops what came. */
  close(): void {
    this.#closed = true;
    this.#listener.close();
    this.#connection?.destroy();
  }
}
