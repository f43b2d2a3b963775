// Active mode: this side listens for one data connection, and the server makes it (RFC 959 §3.3).
import { once } from 'node:events';
import net from 'node:net';
import { ConnectionError, SocketChannel, withDeadline, type Deadline, type Endpoint } from '@ftps-kit/tls-core';

/** Waits for the server on a port of its own; closed once somebody came. */
export class ActiveListener {
  readonly endpoint: Endpoint;
  readonly #listener: net.Server;
  readonly #peerAddress: string;
  readonly #connected: Promise<SocketChannel>;
  #taken = false;
  #giveUp: () => void = () => undefined;

  private constructor(listener: net.Server, endpoint: Endpoint, peerAddress: string) {
    this.#listener = listener;
    this.endpoint = endpoint;
    this.#peerAddress = peerAddress;
    this.#connected = new Promise((resolve, reject) => {
      this.#giveUp = () => {
        reject(new ConnectionError('the data connection is not waited for any more'));
      };
      listener.on('connection', (socket) => {
        // RFC 2577 §8: whoever guesses the port and is faster would get the file. TLS finds out about it too, but later.
        const channel = new SocketChannel(socket);
        if (this.#taken || channel.remote.address !== this.#peerAddress) {
          channel.destroy();
          return;
        }
        this.#taken = true;
        resolve(channel);
      });
    });
    // Whoever waits for it is told; nobody may.
    this.#connected.catch(() => undefined);
  }

  /** Listens on the address that the control connection has here, for `peerAddress` alone. */
  static async open(address: string, peerAddress: string): Promise<ActiveListener> {
    const listener = net.createServer({ allowHalfOpen: true });
    listener.listen({ host: address, port: 0 });
    try {
      await once(listener, 'listening');
    } catch (cause) {
      throw new ConnectionError(`cannot listen for data connections on ${address}`, { cause });
    }
    const bound = listener.address();
    const port = bound === null || typeof bound === 'string' ? 0 : bound.port;
    return new ActiveListener(listener, { address, port }, peerAddress);
  }

  /** The server's connection. Rejects with `TimeoutError` (phase `connect`) or `AbortedError`; listens no more either way. */
  async accept(deadline: Deadline): Promise<SocketChannel> {
    try {
      return await withDeadline('connect', deadline, this.#connected, () => undefined);
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#listener.close();
    this.#giveUp();
  }
}
