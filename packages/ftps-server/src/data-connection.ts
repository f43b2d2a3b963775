// Server-DTP: one data connection, from the TCP connection to the verdict on its TLS handshake.
import type { BindingVerdict, ByteChannel, HandshakeSummary, SocketChannel, TlsChannel } from '@ftps-kit/tls-core';
import { closeGently } from './gentle-close.js';

/** Does the server's TLS handshake on a data connection. */
export type Secure = (transport: SocketChannel) => Promise<TlsChannel>;

/** Outlives no transfer in stream mode; a transfer borrows it. */
export class DataConnection {
  /** The protected channel, or the bare one for PROT C. Rejects when the handshake failed. */
  readonly channel: Promise<ByteChannel>;
  #handshake: HandshakeSummary | undefined;
  #destroyed = false;

  constructor(tcp: SocketChannel, secure: Secure | undefined) {
    this.channel = secure === undefined ? Promise.resolve(tcp) : this.#protect(tcp, secure);
    // Whoever borrows the connection sees the failure; until then it must not count as unhandled.
    this.channel.catch(() => undefined);
  }

  /** Known once `channel` is there; undefined for PROT C. */
  get handshake(): HandshakeSummary | undefined {
    return this.#handshake;
  }

  get verdict(): BindingVerdict | undefined {
    return this.#handshake?.verdict;
  }

  /** Ends a connection that was refused, so that its peer sees an end and then the reply, and no reset. */
  refuse(): void {
    this.channel.then(closeGently, () => undefined).catch(() => undefined);
  }

  destroy(): void {
    this.#destroyed = true;
    this.channel.then(
      (channel) => {
        channel.destroy();
      },
      () => undefined,
    );
  }

  async #protect(tcp: SocketChannel, secure: Secure): Promise<TlsChannel> {
    const channel = await secure(tcp);
    this.#handshake = channel.handshake;
    if (this.#destroyed) channel.destroy();
    return channel;
  }
}
