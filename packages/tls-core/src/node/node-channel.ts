// A TlsChannel over a node:tls socket.
import type { X509Certificate } from 'node:crypto';
import type tls from 'node:tls';
import type { Closure } from '../byte-channel.js';
import { ConfigError, TruncationError, type FtpsError } from '../errors.js';
import { recordFailure } from '../handshake-failure.js';
import type { SocketChannel } from '../socket-channel.js';
import { StreamChannel, connectionError } from '../stream-channel.js';
import type { Ticket } from '../ticket.js';
import type { HandshakeSummary, TlsChannel } from '../tls-channel.js';
import { isOfTls, type CiphertextStream } from './ciphertext-stream.js';

export class NodeChannel implements TlsChannel {
  readonly handshake: HandshakeSummary;
  readonly earlyDataBytes = 0;
  readonly #tlsSocket: tls.TLSSocket;
  readonly #ciphertext: CiphertextStream;
  readonly #stream: StreamChannel;
  readonly #ticketListeners = new Set<(ticket: Ticket) => void>();

  /** `ciphertext` is what lies below `tlsSocket`; `peer` is the other side. */
  constructor(
    tlsSocket: tls.TLSSocket,
    ciphertext: CiphertextStream,
    handshake: HandshakeSummary,
    peer: 'client' | 'server',
  ) {
    this.handshake = handshake;
    this.#tlsSocket = tlsSocket;
    this.#ciphertext = ciphertext;
    this.#stream = new StreamChannel(tlsSocket, ciphertext.traffic, (error) => failureOf(peer, error));
    ciphertext.whenTlsBreaks((error) => {
      this.#stream.breakBy(recordFailure(peer, error));
    });
    void ciphertext.over.then((failure) => {
      this.#stream.nothingFollows(async () => cutBy(failure ?? (await ciphertext.hiddenReset())));
    });
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

  read(into: Uint8Array): Promise<number> {
    return this.#stream.read(into);
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#stream.write(chunk);
  }

  async end(): Promise<void> {
    // What TLS has said of its own, such as a client's Finished, goes first.
    await this.#ciphertext.flushed();
    await this.#stream.end();
  }

  destroy(error?: Error): void {
    this.#stream.destroy(error);
  }

  confirmed(): Promise<void> {
    return Promise.resolve();
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

  endTls(): Promise<SocketChannel> {
    return cannot('end TLS and go on in clear');
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

/** The typed error for a connection that is over and whose peer sent no close_notify. */
function cutBy(failure: Error | undefined): FtpsError {
  if (failure !== undefined) return connectionError(failure);
  // RFC 8446 §6.1: an end without close_notify may be an attacker's.
  return new TruncationError('the connection ended without close_notify: bytes may be missing at its end');
}

/** What TLS itself broke by, an alert for one, is told from what broke below it. */
function failureOf(peer: 'client' | 'server', error: Error): FtpsError {
  return isOfTls(error) ? recordFailure(peer, error) : connectionError(error);
}

function cannot(what: string): Promise<never> {
  return Promise.reject(new ConfigError(`the node engine cannot ${what}; the openssl engine can`));
}
