// A TlsChannel over the native binding: plaintext to and from the caller's buffers, ciphertext to and from the socket.
import type { X509Certificate } from 'node:crypto';
import type { Closure } from '../byte-channel.js';
import { ConfigError, ConnectionError, HandshakeError, TruncationError } from '../errors.js';
import { handshakeFailure, recordFailure } from '../handshake-failure.js';
import { BYTES_PER_TRAFFIC_KEY } from '../limits.js';
import type { Ticket } from '../ticket.js';
import type { HandshakeSummary, TlsChannel } from '../tls-channel.js';
import { LARGE_RECORDS, RECORD_BYTES } from './ciphertext-pool.js';
import { ClientCertificateRequest } from './client-certificate-request.js';
import { Status } from './native-binding.js';
import type { RecordLayer } from './record-layer.js';

/** Ciphertext on its way out while more is encrypted: one buffer leaves, the next one is filled. */
const UNSENT_BYTES = LARGE_RECORDS * RECORD_BYTES;

/** What a channel begins with. */
export interface ChannelStart {
  readonly layer: RecordLayer;
  readonly handshake: HandshakeSummary;
  /** The other side. */
  readonly peer: 'client' | 'server';
  /** Server: 0-RTT data that came in the handshake. */
  readonly earlyData?: Uint8Array | undefined;
  /** Server: whether the client's Finished is still to come (0.5-RTT). */
  readonly awaitsFinished?: boolean | undefined;
  /** Server: whether there are roots to check a client certificate with. */
  readonly checksClients?: boolean | undefined;
}

interface PendingRead {
  readonly into: Uint8Array;
  readonly resolve: (count: number) => void;
  readonly reject: (error: Error) => void;
}

export class OpensslChannel implements TlsChannel {
  closure: Closure = 'open';
  readonly handshake: HandshakeSummary;
  readonly earlyDataBytes: number;
  readonly #layer: RecordLayer;
  readonly #peer: 'client' | 'server';
  readonly #ticketListeners = new Set<(ticket: Ticket) => void>();
  readonly #certificateRequest: ClientCertificateRequest;
  #earlyData: Uint8Array;
  #awaitsFinished: boolean;
  #failure: Error | undefined;
  #reader: PendingRead | undefined;
  /** Plaintext is decrypted and nobody has read it: ciphertext behind it has to wait. */
  #dataWaits = false;
  #writing = false;
  #wakeWriters: (() => void)[] = [];
  #ending: Promise<void> | undefined;
  #ended = false;
  #bytesUnderKey = 0;

  constructor(start: ChannelStart) {
    this.handshake = start.handshake;
    this.#layer = start.layer;
    this.#peer = start.peer;
    this.#earlyData = start.earlyData ?? new Uint8Array(0);
    this.earlyDataBytes = this.#earlyData.length;
    this.#awaitsFinished = start.awaitsFinished ?? false;
    this.#certificateRequest = new ClientCertificateRequest(start.layer, start.checksClients ?? false);
    this.#layer.wire.onActivity = this.#onActivity;
    // What came behind the handshake is looked at when the caller has the channel and may have asked to be told.
    setImmediate(this.#onActivity);
  }

  read(into: Uint8Array): Promise<number> {
    if (this.#reader !== undefined) return Promise.reject(new ConfigError('a read is under way on this channel'));
    try {
      const count = this.#readNow(into);
      if (count !== undefined) return Promise.resolve(count);
    } catch (error) {
      return Promise.reject(this.#fail(error));
    }
    return new Promise((resolve, reject) => {
      this.#reader = { into, resolve, reject };
    });
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#writing = true;
    try {
      for (let at = 0; at < chunk.length;) {
        while (this.#layer.wire.unsentBytes > UNSENT_BYTES && this.#failureNow() === undefined) await this.#progress();
        this.#checkOpen();
        at += this.#writeSome(chunk, at);
      }
    } finally {
      this.#writing = false;
      this.#wake();
    }
  }

  end(): Promise<void> {
    this.#ending ??= this.#endOnce();
    return this.#ending;
  }

  destroy(error?: Error): void {
    this.#fail(error ?? new ConnectionError('the connection was closed on this side'));
    this.#layer.wire.destroy();
    this.#layer.release();
  }

  onTicket(listener: (ticket: Ticket) => void): () => void {
    this.#ticketListeners.add(listener);
    return () => this.#ticketListeners.delete(listener);
  }

  /** For the connector: a ticket came on this connection. */
  ticketCame(ticket: Ticket): void {
    for (const listener of this.#ticketListeners) listener(ticket);
  }

  async issueTicket(): Promise<void> {
    if (this.#peer === 'server') throw new ConfigError('a client cannot issue tickets');
    await this.#confirmed();
    // A TLS 1.2 session may be resumed any number of times, and nothing could send another.
    if (this.handshake.protocol === 'TLSv1.3') this.#command(() => this.#layer.native.issueTicket());
  }

  async requestClientCertificate(): Promise<readonly X509Certificate[]> {
    if (this.#peer === 'server') throw new ConfigError('a client cannot ask for a client certificate');
    if (this.handshake.protocol !== 'TLSv1.3') {
      throw new HandshakeError('a client certificate after the handshake needs TLS 1.3 (RFC 8446 §4.6.2)');
    }
    await this.#confirmed();
    this.#checkOpen();
    return this.#certificateRequest.make();
  }

  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array {
    this.#checkReleased();
    return this.#layer.native.exportKeyingMaterial(length, label, context ?? new Uint8Array(0));
  }

  async updateKeys(): Promise<void> {
    if (this.handshake.protocol !== 'TLSv1.3') throw new ConfigError('TLS 1.2 cannot update keys');
    await this.#confirmed();
    this.#changeKeys();
  }

  /** What can be read at once: a count, 0 at the clean end, undefined where it has to come first. */
  #readNow(into: Uint8Array): number | undefined {
    const { native, wire } = this.#layer;
    if (this.#earlyData.length > 0) return this.#takeEarlyData(into);
    if (this.closure === 'clean') return 0;
    if (this.#failure !== undefined) throw this.#failure;
    this.#dataWaits = false;
    do {
      if (this.#awaitsFinished && !this.#finishHandshake()) continue;
      const status = this.#layer.settle(native.read(wire.input, wire.from, wire.to, into));
      const count = this.#layer.produced;
      this.#checkFailure();
      if (count > 0) {
        // There may be more of it inside, which only a read brings to light.
        this.#dataWaits = count === into.length;
        return count;
      }
      if (this.#concludes(status)) return 0;
    } while (wire.hasInput);
    this.#checkWireEnd();
    return undefined;
  }

  #takeEarlyData(into: Uint8Array): number {
    const count = Math.min(this.#earlyData.length, into.length);
    into.set(this.#earlyData.subarray(0, count));
    this.#earlyData = this.#earlyData.subarray(count);
    return count;
  }

  /**
   * Lets messages through that come between or behind the data, though nobody reads: tickets, key updates, a close_notify.
   * It stops at data. An upload's socket would be reset at its close if tickets lay in it unread.
   */
  #lookAhead(): void {
    const { native, wire } = this.#layer;
    while (wire.hasInput && !this.#dataWaits && this.closure === 'open') {
      if (this.#awaitsFinished && !this.#finishHandshake()) continue;
      const status = this.#layer.settle(native.peek(wire.input, wire.from, wire.to));
      this.#checkFailure();
      if (status === Status.done) this.#dataWaits = true;
      else this.#concludes(status);
    }
  }

  /** RFC 8446 §4.4.4: after 0.5-RTT data the client's Finished still proves that it holds the keys. */
  #finishHandshake(): boolean {
    const { native, wire } = this.#layer;
    const status = this.#layer.settle(native.handshake(wire.input, wire.from, wire.to));
    if (status === Status.failed) throw handshakeFailure(this.#peer, native.takeError());
    this.#awaitsFinished = status !== Status.done;
    return !this.#awaitsFinished;
  }

  /** Whether the peer's direction came to its clean end; throws where TLS broke. */
  #concludes(status: Status): boolean {
    if (status === Status.failed) throw recordFailure(this.#peer, this.#layer.native.takeError());
    if (status !== Status.closed) return false;
    this.closure = 'clean';
    this.#layer.wire.discardInput();
    this.#releaseWhenOver();
    return true;
  }

  #checkWireEnd(): void {
    const { wire } = this.#layer;
    if (wire.ended) {
      // RFC 8446 §6.1: an end without close_notify may be an attacker's.
      throw new TruncationError('the connection ended without close_notify: bytes may be missing at its end');
    }
    if (wire.failure !== undefined) throw wire.failure;
  }

  /** Encrypts and sends some of `chunk` from `at` on; gives how much. */
  #writeSome(chunk: Uint8Array, at: number): number {
    const layer = this.#layer;
    if (this.#bytesUnderKey >= BYTES_PER_TRAFFIC_KEY && this.handshake.protocol === 'TLSv1.3') this.#changeKeys();
    const status = layer.settle(
      this.#awaitsFinished
        ? layer.native.writeEarlyData(chunk, at, Math.min(chunk.length, at + UNSENT_BYTES))
        : layer.write(chunk, at),
    );
    if (status !== Status.done) throw this.#fail(recordFailure(this.#peer, layer.native.takeError()));
    const written = layer.produced;
    this.#bytesUnderKey += written;
    return written;
  }

  async #endOnce(): Promise<void> {
    while (this.#writing && this.#failureNow() === undefined) await this.#progress();
    await this.#confirmed();
    this.#command(() => this.#layer.native.shutdown());
    await this.#layer.wire.end();
    this.#ended = true;
    this.#releaseWhenOver();
  }

  /** Resolves when the handshake is over on both sides. */
  async #confirmed(): Promise<void> {
    while (this.#awaitsFinished && this.#failureNow() === undefined) await this.#progress();
    this.#checkOpen();
  }

  /** A call whose whole effect is on the wire. */
  #command(call: () => Status): void {
    this.#checkOpen();
    const status = this.#layer.settle(call());
    if (status === Status.refused) throw handshakeFailure(this.#peer, this.#layer.native.takeError());
    if (status === Status.failed) throw this.#fail(recordFailure(this.#peer, this.#layer.native.takeError()));
  }

  #changeKeys(): void {
    this.#bytesUnderKey = 0;
    this.#command(() => this.#layer.native.updateKeys());
  }

  readonly #onActivity = (): void => {
    if (!this.#layer.released && this.#failure === undefined) {
      try {
        if (this.#reader === undefined) this.#lookAhead();
        else this.#serveReader(this.#reader);
      } catch (error) {
        this.#fail(error);
      }
    }
    // Where nobody reads, nobody else would tell who waits for the client's answer.
    const { ended, failure } = this.#layer.wire;
    if (ended || failure !== undefined) {
      this.#certificateRequest.fail(failure ?? new ConnectionError('the client ended the connection'));
    }
    this.#wake();
  };

  #serveReader(reader: PendingRead): void {
    const count = this.#readNow(reader.into);
    if (count === undefined) return;
    this.#reader = undefined;
    reader.resolve(count);
  }

  /** The first failure is the one to tell; whoever waits hears of it. */
  #fail(error: unknown): Error {
    if (this.#failure === undefined) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      if (this.closure === 'open') this.closure = 'truncated';
      // A truncated peer can still be sent to; TLS that broke cannot, and its alert is on the way.
      if (!(this.#failure instanceof TruncationError)) this.#layer.wire.closeAfterSending();
    }
    this.#certificateRequest.fail(this.#failure);
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(this.#failure);
    this.#wake();
    return this.#failure;
  }

  #failureNow(): Error | undefined {
    // Where only the peer's direction was cut, this one may still be open.
    const own = this.#failure instanceof TruncationError ? undefined : this.#failure;
    return own ?? this.#layer.wire.failure;
  }

  #checkFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #checkOpen(): void {
    const failure = this.#failureNow();
    if (failure !== undefined) throw failure;
    if (this.#ended) throw new ConnectionError('this side of the connection has ended already');
    this.#checkReleased();
  }

  #checkReleased(): void {
    if (this.#layer.released) throw this.#failure ?? new ConnectionError('the connection is closed');
  }

  /** Both directions are over: nothing more will be sent, nothing that comes would be looked at. */
  #releaseWhenOver(): void {
    if (!this.#ended || this.closure !== 'clean') return;
    this.#layer.release();
    this.#layer.wire.destroy();
  }

  #progress(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeWriters.push(resolve);
    });
  }

  #wake(): void {
    if (this.#wakeWriters.length === 0) return;
    const waiting = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of waiting) wake();
  }
}
