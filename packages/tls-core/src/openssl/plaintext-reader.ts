// The reading side of a channel: early data first, then records, and what comes between them though nobody reads.
import { ConfigError, TruncationError } from '../errors.js';
import { handshakeFailure, recordFailure } from '../handshake-failure.js';
import type { ChannelState } from './channel-state.js';
import { Status } from './native-binding.js';
import type { RecordLayer } from './record-layer.js';

interface PendingRead {
  readonly into: Uint8Array;
  readonly resolve: (count: number) => void;
  readonly reject: (error: Error) => void;
}

export class PlaintextReader {
  readonly #layer: RecordLayer;
  readonly #state: ChannelState;
  readonly #peer: 'client' | 'server';
  #earlyData: Uint8Array;
  #pending: PendingRead | undefined;
  /** Plaintext is decrypted and nobody has read it: ciphertext behind it has to wait. */
  #dataWaits = false;

  constructor(layer: RecordLayer, state: ChannelState, peer: 'client' | 'server', earlyData: Uint8Array) {
    this.#layer = layer;
    this.#state = state;
    this.#peer = peer;
    this.#earlyData = earlyData;
  }

  read(into: Uint8Array): Promise<number> {
    if (this.#pending !== undefined) return Promise.reject(new ConfigError('a read is under way on this channel'));
    try {
      const count = this.#readNow(into);
      if (count !== undefined) return Promise.resolve(count);
    } catch (error) {
      return Promise.reject(this.#state.fail(error));
    }
    return new Promise((resolve, reject) => {
      this.#pending = { into, resolve, reject };
    });
  }

  /** Serves who reads with what came; where nobody does, looks at what needs no reader. Throws where TLS broke. */
  advance(): void {
    const pending = this.#pending;
    if (pending === undefined) {
      this.#lookAhead();
      return;
    }
    const count = this.#readNow(pending.into);
    if (count === undefined) return;
    this.#pending = undefined;
    pending.resolve(count);
  }

  fail(error: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(error);
  }

  /** What can be read at once: a count, 0 at the clean end, undefined where it has to come first. */
  #readNow(into: Uint8Array): number | undefined {
    const { native, wire } = this.#layer;
    if (this.#earlyData.length > 0) return this.#takeEarlyData(into);
    if (this.#state.closure === 'clean') return 0;
    this.#state.checkFailure();
    this.#dataWaits = false;
    do {
      if (this.#state.awaitsFinished && !this.#finishHandshake()) continue;
      const status = this.#layer.settle(native.read(wire.input, wire.from, wire.to, into));
      const count = this.#layer.produced;
      this.#state.checkFailure();
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
    while (wire.hasInput && !this.#dataWaits && this.#state.closure === 'open') {
      if (this.#state.awaitsFinished && !this.#finishHandshake()) continue;
      const status = this.#layer.settle(native.peek(wire.input, wire.from, wire.to));
      this.#state.checkFailure();
      if (status === Status.done) this.#dataWaits = true;
      else this.#concludes(status);
    }
  }

  /** RFC 8446 §4.4.4: after 0.5-RTT data the client's Finished still proves that it holds the keys. */
  #finishHandshake(): boolean {
    const { native, wire } = this.#layer;
    this.#state.hasBegunToFinish = true;
    const status = this.#layer.settle(native.handshake(wire.input, wire.from, wire.to));
    if (status === Status.failed) throw handshakeFailure(this.#peer, native.takeError());
    this.#state.awaitsFinished = status !== Status.done;
    return !this.#state.awaitsFinished;
  }

  /** Whether the peer's direction came to its clean end; throws where TLS broke. */
  #concludes(status: Status): boolean {
    if (status === Status.failed) throw recordFailure(this.#peer, this.#layer.native.takeError());
    if (status !== Status.closed) return false;
    this.#state.peerEnded();
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
}
