// A TlsChannel over the native binding: what is written, what is asked for after the handshake, and the end.
import type { X509Certificate } from 'node:crypto';
import type { Closure } from '../byte-channel.js';
import { withDeadline, type Deadline } from '../deadline.js';
import { ConfigError, ConnectionError, HandshakeError } from '../errors.js';
import { handshakeFailure, recordFailure } from '../handshake-failure.js';
import { BYTES_PER_TRAFFIC_KEY } from '../limits.js';
import { SocketChannel } from '../socket-channel.js';
import type { Ticket } from '../ticket.js';
import type { HandshakeSummary, TlsChannel } from '../tls-channel.js';
import { ChannelState } from './channel-state.js';
import { LARGE_RECORDS, RECORD_BYTES } from './ciphertext-pool.js';
import { ClientCertificateRequest } from './client-certificate-request.js';
import { Status } from './native-binding.js';
import { PlaintextReader } from './plaintext-reader.js';
import type { RecordLayer } from './record-layer.js';

/** Ciphertext on its way out while more is encrypted: one buffer leaves, the next one is filled. */
const UNSENT_BYTES = LARGE_RECORDS * RECORD_BYTES;

const NOTHING = new Uint8Array(0);

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

export class OpensslChannel implements TlsChannel {
  readonly handshake: HandshakeSummary;
  readonly earlyDataBytes: number;
  readonly #layer: RecordLayer;
  readonly #peer: 'client' | 'server';
  readonly #state: ChannelState;
  readonly #reader: PlaintextReader;
  readonly #certificateRequest: ClientCertificateRequest;
  readonly #ticketListeners = new Set<(ticket: Ticket) => void>();
  #writing = false;
  #ending: Promise<void> | undefined;
  #bytesUnderKey = 0;

  constructor({ layer, handshake, peer, earlyData = NOTHING, ...start }: ChannelStart) {
    this.handshake = handshake;
    this.earlyDataBytes = earlyData.length;
    this.#layer = layer;
    this.#peer = peer;
    this.#state = new ChannelState(layer, start.awaitsFinished ?? false);
    this.#reader = new PlaintextReader(layer, this.#state, peer, earlyData);
    this.#certificateRequest = new ClientCertificateRequest(layer, start.checksClients ?? false);
    this.#state.onFailure = (failure) => {
      this.#certificateRequest.fail(failure);
      this.#reader.fail(failure);
    };
    layer.wire.onActivity = this.#onActivity;
    // What came behind the handshake is looked at when the caller has the channel and may have asked to be told.
    setImmediate(this.#onActivity);
  }

  get closure(): Closure {
    return this.#state.closure;
  }

  get receivedBytes(): number {
    return this.#layer.wire.traffic.receivedBytes;
  }

  get sentBytes(): number {
    return this.#layer.wire.traffic.sentBytes;
  }

  read(into: Uint8Array): Promise<number> {
    return this.#reader.read(into);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#writing = true;
    try {
      for (let at = 0; at < chunk.length;) {
        while (this.#mayNotSendYet()) await this.#state.progress();
        this.#state.checkOpen();
        at += this.#writeSome(chunk, at);
      }
    } finally {
      this.#writing = false;
      this.#state.wake();
    }
  }

  end(): Promise<void> {
    this.#ending ??= this.#endOnce();
    return this.#ending;
  }

  destroy(error?: Error): void {
    this.#state.fail(error ?? new ConnectionError('the connection was closed on this side'));
    this.#layer.wire.destroy();
    this.#layer.release();
  }

  async confirmed(): Promise<void> {
    const { wire } = this.#layer;
    while (this.#state.awaitsFinished && this.#state.sendFailure === undefined) {
      if (wire.ended && !wire.hasInput) throw new ConnectionError('the client left before its part of the handshake');
      await this.#state.progress();
    }
    const failure = this.#state.sendFailure;
    if (failure !== undefined) throw failure;
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
    await this.confirmed();
    // A TLS 1.2 session may be resumed any number of times, and nothing could send another.
    if (this.handshake.protocol === 'TLSv1.3') this.#command(() => this.#layer.native.issueTicket());
  }

  async requestClientCertificate(): Promise<readonly X509Certificate[]> {
    if (this.#peer === 'server') throw new ConfigError('a client cannot ask for a client certificate');
    if (this.handshake.protocol !== 'TLSv1.3') {
      throw new HandshakeError('a client certificate after the handshake needs TLS 1.3 (RFC 8446 §4.6.2)');
    }
    await this.confirmed();
    this.#state.checkOpen();
    return this.#certificateRequest.make();
  }

  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array {
    this.#state.checkReleased();
    return this.#layer.native.exportKeyingMaterial(length, label, context ?? NOTHING);
  }

  async updateKeys(): Promise<void> {
    if (this.handshake.protocol !== 'TLSv1.3') throw new ConfigError('TLS 1.2 cannot update keys');
    await this.confirmed();
    this.#changeKeys();
  }

  async endTls(deadline: Deadline): Promise<SocketChannel> {
    if (this.closure !== 'open') throw new ConnectionError('the peer ended the connection already');
    this.#state.returnsToClear = true;
    this.#reader.fail(new ConnectionError('TLS was ended on this connection'));
    await withDeadline('tls', deadline, this.#shutDown(), () => {
      this.destroy();
    });
    return new SocketChannel(this.#state.leave());
  }

  /** Sends close_notify and waits for the peer's. */
  async #shutDown(): Promise<void> {
    while (this.#writing && this.#state.sendFailure === undefined) await this.#state.progress();
    await this.confirmed();
    this.#command(() => this.#layer.native.shutdown());
    if ((await this.#reader.read(new Uint8Array(1))) === 0) return;
    throw this.#state.fail(new ConnectionError('the peer went on under TLS, where it should have ended it'));
  }

  #mayNotSendYet(): boolean {
    return this.#layer.wire.unsentBytes > UNSENT_BYTES && this.#state.sendFailure === undefined;
  }

  /** Encrypts and sends some of `chunk` from `at` on; gives how much. */
  #writeSome(chunk: Uint8Array, at: number): number {
    const layer = this.#layer;
    if (this.#bytesUnderKey >= BYTES_PER_TRAFFIC_KEY && this.handshake.protocol === 'TLSv1.3') this.#changeKeys();
    const status = layer.settle(
      this.#state.awaitsFinished
        ? layer.native.writeEarlyData(chunk, at, Math.min(chunk.length, at + UNSENT_BYTES))
        : layer.write(chunk, at),
    );
    if (status !== Status.done) throw this.#state.fail(recordFailure(this.#peer, layer.native.takeError()));
    const written = layer.produced;
    this.#bytesUnderKey += written;
    return written;
  }

  async #endOnce(): Promise<void> {
    while (this.#writing && this.#state.sendFailure === undefined) await this.#state.progress();
    // RFC 8446 §6.1: close_notify ends what this side says, which may be before the client's Finished (0.5-RTT).
    if (this.#state.hasBegunToFinish) await this.confirmed();
    this.#command(() => this.#layer.native.shutdown());
    await this.#layer.wire.end();
    this.#state.thisSideEnded();
  }

  /** A call whose whole effect is on the wire. */
  #command(call: () => Status): void {
    this.#state.checkOpen();
    const status = this.#layer.settle(call());
    if (status === Status.refused) throw handshakeFailure(this.#peer, this.#layer.native.takeError());
    if (status === Status.failed) throw this.#state.fail(recordFailure(this.#peer, this.#layer.native.takeError()));
  }

  #changeKeys(): void {
    this.#bytesUnderKey = 0;
    this.#command(() => this.#layer.native.updateKeys());
  }

  readonly #onActivity = (): void => {
    if (!this.#layer.released && this.#state.failure === undefined) {
      try {
        this.#reader.advance();
      } catch (error) {
        this.#state.fail(error);
      }
    }
    // Where nobody reads, nobody else would tell who waits for the client's answer.
    const { ended, failure } = this.#layer.wire;
    if (ended || failure !== undefined) {
      this.#certificateRequest.fail(failure ?? new ConnectionError('the client ended the connection'));
    }
    this.#state.wake();
  };
}
