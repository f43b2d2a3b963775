// Connects to the port that the client named in PORT or EPRT.
import { once } from 'node:events';
import net from 'node:net';
import type { HostPort } from '@ftps-kit/ftp-protocol';
import { ConnectionError, SocketChannel, withDeadline } from '@ftps-kit/tls-core';
import { DataConnection, type Secure } from './data-connection.js';
import type { ConnectionRequest, DataConnectionOpener } from './data-connection-opener.js';

/** Where an opener goes, and from where. */
export interface ActiveOpenerOptions {
  readonly to: HostPort;
  /** The address of this machine that the client knows; and a port, 0 for any. */
  readonly from: { readonly address: string; readonly port: number };
  /** Puts TLS on it: the server's part of it here too. */
  readonly secure: Secure;
}

/** Nothing goes out before the transfer command: until then a client may change its mind. */
export class ActiveOpener implements DataConnectionOpener {
  readonly #options: ActiveOpenerOptions;
  #socket: net.Socket | undefined;
  #connection: DataConnection | undefined;

  constructor(options: ActiveOpenerOptions) {
    this.#options = options;
  }

  async connection({ onlySends, ...deadline }: ConnectionRequest): Promise<DataConnection> {
    const { to, from, secure } = this.#options;
    const socket = net.connect({
      host: to.host,
      port: to.port,
      localAddress: from.address,
      ...(from.port !== 0 && { localPort: from.port }),
      allowHalfOpen: true,
    });
    this.#socket = socket;
    await withDeadline('data connection', deadline, connected(socket), () => {
      this.close();
    });
    this.#connection = new DataConnection(new SocketChannel(socket), secure, () => onlySends);
    return this.#connection;
  }

  close(): void {
    if (this.#connection === undefined) this.#socket?.destroy();
    else this.#connection.destroy();
  }
}

async function connected(socket: net.Socket): Promise<void> {
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw new ConnectionError(`the client's port could not be reached${codeOf(error)}`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
}
