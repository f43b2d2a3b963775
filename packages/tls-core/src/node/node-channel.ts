// A TlsChannel over a node:tls socket.
import type { X509Certificate } from 'node:crypto';
import type tls from 'node:tls';
import type { Closure } from '../byte-channel.js';
import { ConfigError } from '../errors.js';
import { StreamChannel } from '../stream-channel.js';
import type { Ticket } from '../ticket.js';
import type { HandshakeSummary, TlsChannel } from '../tls-channel.js';

export class NodeChannel implements TlsChannel {
  readonly handshake: HandshakeSummary;
  readonly earlyDataBytes = 0;
  readonly #tlsSocket: tls.TLSSocket;
  readonly #stream: StreamChannel;
  readonly #ticketListeners = new Set<(ticket: Ticket) => void>();

  constructor(tlsSocket: tls.TLSSocket, handshake: HandshakeSummary) {
    this.handshake = handshake;
    this.#tlsSocket = tlsSocket;
    // node:tls shows FIN without close_notify as a clean end, so this engine cannot vouch for any end.
    this.#stream = new StreamChannel(tlsSocket, 'unverified');
  }

  get closure(): Closure {
    return this.#stream.closure;
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

  destroy(error?: Error): void {
    this.#stream.destroy(error);
  }

  onTicket(listener: (ticket: Ticket) => void): () => void {
    this.#ticketListeners.add(listener);
    return () => this.#ticketListeners.delete(listener);
  }

  /** For the connector: a ticket came on this connection. */
  ticketCame(ticket: Ticket): void {
    for (const listener of this.#ticketListeners) listener(ticket);
  }

  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array {
    return this.#tlsSocket.exportKeyingMaterial(length, label, Buffer.from(context ?? []));
  }

  issueTicket(): Promise<void> {
    return cannot('issue tickets on demand');
  }

  requestClientCertificate(): Promise<readonly X509Certificate[]> {
    return cannot('ask for a client certificate after the handshake');
  }

  updateKeys(): Promise<void> {
    return cannot('update keys');
  }
}

function cannot(what: string): Promise<never> {
  return Promise.reject(new ConfigError(`the node engine cannot ${what}; the openssl engine can`));
}
