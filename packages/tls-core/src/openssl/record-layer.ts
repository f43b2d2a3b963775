// A native connection on its socket: after each call, what was used is consumed, what is to be sent is sent.
import { LimitError } from '../errors.js';
import { UNSENT_ANSWER_BYTES } from '../limits.js';
import { giveCiphertextBuffer, takeCiphertextBuffer, LARGE_RECORDS, RECORD_BYTES } from './ciphertext-pool.js';
import { State, Status, type NativeConnection, type NativeSession } from './native-binding.js';
import type { SocketWire } from './socket-wire.js';

/** Who wants to know what OpenSSL tells besides the bytes. */
export interface RecordLayerEvents {
  /** A server issued sessions, or some came to a client. */
  readonly onSessions: (sessions: readonly NativeSession[]) => void;
  readonly logKeys: ((line: string) => void) | undefined;
}

export class RecordLayer {
  readonly native: NativeConnection;
  readonly wire: SocketWire;
  /** A client answered a request for its certificate. */
  onCertificateAnswer: () => void = () => undefined;
  readonly #state: Uint32Array;
  readonly #events: RecordLayerEvents;
  /** Bytes that the last call produced: read, or encrypted. */
  #produced = 0;
  #released = false;

  constructor(native: NativeConnection, wire: SocketWire, events: RecordLayerEvents) {
    this.native = native;
    this.wire = wire;
    this.#state = native.state;
    this.#events = events;
  }

  get produced(): number {
    return this.#produced;
  }

  get released(): boolean {
    return this.#released;
  }

  /** Does what the last call left to do, and gives its status. */
  settle(status: Status): Status {
    const consumed = this.#state[State.consumed] ?? 0;
    const kept = this.#state[State.kept] ?? 0;
    const events = this.#state[State.events] ?? 0;
    this.#produced = this.#state[State.produced] ?? 0;
    if (consumed > 0) this.wire.consume(consumed);
    if (kept > 0) this.#sendKept(kept);
    if (events > 0) this.#tellEvents(status);
    return status;
  }

  /** Encrypts as much of `plaintext` from `at` on as one pooled buffer holds, sends it, and gives the status. */
  write(plaintext: Uint8Array, at: number): Status {
    const bytes = Math.min(plaintext.length - at, LARGE_RECORDS * RECORD_BYTES);
    const buffer = takeCiphertextBuffer(bytes);
    let sent = 0;
    try {
      const status = this.native.write(plaintext, at, at + bytes, buffer);
      sent = this.#state[State.toSend] ?? 0;
      return status;
    } finally {
      if (sent > 0) this.wire.send(buffer, sent);
      else giveCiphertextBuffer(buffer);
    }
  }

  /** Frees the native connection; only `released` may be asked afterwards. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.native.close();
  }

  #sendKept(bytes: number): void {
    // Key updates and alerts are answered in turn: a peer that asks and never reads must not fill our memory.
    if (this.wire.unsentBytes > UNSENT_ANSWER_BYTES) {
      throw new LimitError('the peer asks for answers and does not read them');
    }
    for (let kept = bytes; kept > 0; kept = this.#state[State.kept] ?? 0) {
      const buffer = takeCiphertextBuffer(kept);
      this.native.drain(buffer);
      this.wire.send(buffer, this.#state[State.toSend] ?? 0);
    }
  }

  #tellEvents(status: Status): void {
    const { sessions, keyLines, certificateAnswered } = this.native.takeEvents();
    if (this.#events.logKeys !== undefined) for (const line of keyLines) this.#events.logKeys(line);
    if (sessions.length > 0) this.#events.onSessions(sessions);
    if (certificateAnswered && status !== Status.failed) this.onCertificateAnswer();
  }
}
