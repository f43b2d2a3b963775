// A ByteChannel over a TCP socket, which can be handed on to a TLS engine.
import net from 'node:net';
import type { ByteChannel, Closure } from './byte-channel.js';
import { withDeadline, type Deadline } from './deadline.js';
import { ConfigError, ConnectionError } from './errors.js';
import { SocketTraffic } from './socket-traffic.js';
import { StreamChannel } from './stream-channel.js';

/** One end of a TCP connection. */
export interface Endpoint {
  /** IPv4 or IPv6 address; an IPv4 address mapped into IPv6 is given as IPv4. */
  readonly address: string;
  readonly port: number;
}

/** Where to connect to, and how long it may take (milliseconds). */
export interface ConnectOptions extends Deadline {
  readonly host: string;
  readonly port: number;
}

/** A TCP connection. Nagle is off: FTP's replies and the last record of a file must not wait. */
export class SocketChannel implements ByteChannel {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: net.Socket;
  readonly #stream: StreamChannel;
  #handedOn = false;
  #owner: { destroy(): unknown } | undefined;

  constructor(socket: net.Socket) {
    socket.setNoDelay(true);
    this.local = endpoint(socket.localAddress, socket.localPort);
    this.remote = endpoint(socket.remoteAddress, socket.remotePort);
    this.#socket = socket;
    this.#stream = new StreamChannel(socket, new SocketTraffic(socket));
  }

  /** Connects; rejects with `ConnectionError`, `TimeoutError` (phase `connect`) or `AbortedError`. */
  static async connect(options: ConnectOptions): Promise<SocketChannel> {
    const { host, port } = options;
    const socket = net.connect({ host, port, allowHalfOpen: true });
    const connected = new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (error) => {
        reject(new ConnectionError(`cannot connect to ${host}:${port}: ${reasonOf(error)}`, { cause: error }));
      });
    });
    await withDeadline('connect', options, connected, () => socket.destroy());
    return new SocketChannel(socket);
  }

  get closure(): Closure {
    return this.#stream.closure;
  }

  get receivedBytes(): number {
    return this.#stream.receivedBytes;
  }

  get sentBytes(): number {
    return this.#stream.sentBytes;
  }

  /** Bytes that have arrived and nobody has read yet. */
  get unreadBytes(): number {
    return this.#stream.unreadBytes;
  }

  read(into: Uint8Array): Promise<number> {
    return this.#stream.read(into);
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#stream.write(chunk);
  }

  end(): Promise<void> {
    return this.#stream.end();
  }

  /** Also ends the connection of a TLS engine that took the socket. */
  destroy(error?: Error): void {
    if (this.#owner === undefined) this.#stream.destroy(error);
    else this.#owner.destroy();
  }

  /** Turns TCP's own keep-alive probes on, first after `idleMs`. */
  keepAlive(idleMs: number): void {
    this.#socket.setKeepAlive(true, idleMs);
  }

  /** Hands the socket on to a TLS engine; this channel is spent afterwards. Throws `ConfigError` the second time. */
  takeSocket(): net.Socket {
    if (this.#handedOn) throw new ConfigError('this connection was handed on already');
    this.#handedOn = true;
    this.#stream.release();
    return this.#socket;
  }

  /**
   * For an engine that took the socket: whoever destroys this channel from now on destroys `owner`, which ends the socket
   * when it can. A TLS socket of Node whose TCP socket is destroyed before it frees its SSL at once, be it in the middle of
   * a call into it, as all that runs on 'secureConnect' and 'session' is: the process dies.
   */
  ownedBy(owner: { destroy(): unknown }): void {
    this.#owner = owner;
  }
}

function endpoint(address: string | undefined, port: number | undefined): Endpoint {
  return { address: unmapped(address ?? ''), port: port ?? 0 };
}

/** RFC 4291 §2.5.5.2: ::ffff:a.b.c.d is the IPv4 peer of a socket that listens on both families. */
function unmapped(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no such host';
    case 'ECONNREFUSED':
      return 'connection refused; is the server running on this port?';
    case 'ETIMEDOUT':
      return 'no answer';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no route to the host';
    default:
      return error.code ?? error.message;
  }
}
