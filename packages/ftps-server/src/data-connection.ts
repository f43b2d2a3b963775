// Server-DTP: one data connection, from the TCP connection to the verdict on its TLS handshake.
import type { BindingVerdict, HandshakeSummary, SocketChannel, TlsChannel } from '@ftps-kit/tls-core';

/**
 * Does the server's TLS handshake on a data connection, unless the signal ends it. `onlySends` tells, when the client's
 * hello has come, whether a transfer is known to want it that only sends.
 */
export type Secure = (transport: SocketChannel, signal: AbortSignal, onlySends: () => boolean) => Promise<TlsChannel>;

/** Outlives no transfer in stream mode; a transfer borrows it. */
export class DataConnection {
  /** The protected channel. Rejects when the handshake failed. */
  readonly channel: Promise<TlsChannel>;
  readonly #dropped = new AbortController();
  #handshake: HandshakeSummary | undefined;

  constructor(tcp: SocketChannel, secure: Secure, onlySends: () => boolean) {
    this.channel = this.#protect(tcp, secure, onlySends);
    // Whoever borrows the connection sees the failure; until then it must not count as unhandled.
    this.channel.catch(() => undefined);
  }

  /** Known once `channel` is there. */
  get handshake(): HandshakeSummary | undefined {
    return this.#handshake;
  }

  get verdict(): BindingVerdict | undefined {
    return this.#handshake?.verdict;
  }

  /** Ends it at once, in the middle of the handshake too. */
  destroy(): void {
    this.#dropped.abort();
    this.channel.then(
      (channel) => {
        channel.destroy();
      },
      () => undefined,
    );
  }

  async #protect(tcp: SocketChannel, secure: Secure, onlySends: () => boolean): Promise<TlsChannel> {
    const channel = await secure(tcp, this.#dropped.signal, onlySends);
    this.#handshake = channel.handshake;
    return channel;
  }
}
