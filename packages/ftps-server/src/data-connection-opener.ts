// What leads to a data connection: a port that waits for the client (passive), or the client's port (active).
import type { Deadline, SocketChannel, TlsChannel } from '@ftps-kit/tls-core';
import type { CommandContext } from './command-row.js';
import type { DataConnection, Secure } from './data-connection.js';

/** What a transfer says of itself when it asks for its data connection. */
export interface ConnectionRequest extends Deadline {
  /** Whether this side only sends: then it need not wait for the end of the client's handshake. */
  readonly onlySends: boolean;
}

/** Made by PASV, EPSV, PORT or EPRT, and used by the one transfer that follows. */
export interface DataConnectionOpener {
  /**
   * The connection as soon as TCP is up. Rejects with `TimeoutError` (phase `data connection` or `passive port`),
   * `AbortedError` or `ConnectionError`.
   */
  connection(request: ConnectionRequest): Promise<DataConnection>;
  /** Stops to wait, and drops what came. */
  close(): void;
}

/** RFC 4217 §7: the server has TLS's server role on every data connection, whoever opened it. */
export function secureWith({ session, server }: CommandContext): Secure {
  const { acceptor, settings } = server;
  return (transport: SocketChannel, signal: AbortSignal, onlySends: () => boolean): Promise<TlsChannel> =>
    acceptor.accept(transport, {
      role: 'data',
      binding: session.binding,
      timeoutMs: settings.limits.tlsTimeoutMs,
      signal,
      sendsBeforeFinished: onlySends,
    });
}
