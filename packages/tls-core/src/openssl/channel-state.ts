// How a channel stands: open, cut, failed or ended, each direction for itself, and who waits for it to go on.
import type net from 'node:net';
import type { Closure } from '../byte-channel.js';
import { ConnectionError, TruncationError } from '../errors.js';
import type { RecordLayer } from './record-layer.js';

export class ChannelState {
  closure: Closure = 'open';
  /** Server: the client's Finished is still to come (0.5-RTT). */
  awaitsFinished: boolean;
  /** Server: some of the client's last flight was looked at; OpenSSL sends no close_notify before it has all of it. */
  hasBegunToFinish = false;
  /** TLS is about to end, and the connection below it to go on. */
  returnsToClear = false;
  /** Tells whoever has something pending of the channel's failure. */
  onFailure: (failure: Error) => void = () => undefined;
  readonly #layer: RecordLayer;
  #failure: Error | undefined;
  #ended = false;
  #waiting: (() => void)[] = [];

  constructor(layer: RecordLayer, awaitsFinished: boolean) {
    this.#layer = layer;
    this.awaitsFinished = awaitsFinished;
  }

  /** The first failure, which is the one to tell. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** What keeps this side from sending. */
  get sendFailure(): Error | undefined {
    // Where only the peer's direction was cut, this one may still be open.
    const own = this.#failure instanceof TruncationError ? undefined : this.#failure;
    return own ?? this.#layer.wire.failure;
  }

  /** Whoever waits hears of it. Gives the first failure. */
  fail(error: unknown): Error {
    if (this.#failure === undefined) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      if (this.closure === 'open') this.closure = 'truncated';
      // A truncated peer can still be sent to; TLS that broke cannot, and its alert is on the way.
      if (!(this.#failure instanceof TruncationError)) this.#layer.wire.closeAfterSending();
    }
    this.onFailure(this.#failure);
    this.wake();
    return this.#failure;
  }

  /** The peer sent close_notify. */
  peerEnded(): void {
    this.closure = 'clean';
    // Behind the end of TLS there is nothing to see, unless the connection goes on without it.
    if (this.returnsToClear) return;
    this.#layer.wire.discardInput();
    this.#releaseWhenOver();
  }

  /** This side sent close_notify and FIN. */
  thisSideEnded(): void {
    this.#ended = true;
    this.#releaseWhenOver();
  }

  /** TLS is over on both sides; gives back the socket on which clear text follows. */
  leave(): net.Socket {
    this.#ended = true;
    this.#layer.release();
    return this.#layer.wire.release();
  }

  checkFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Throws where nothing can be sent any more. */
  checkOpen(): void {
    const failure = this.sendFailure;
    if (failure !== undefined) throw failure;
    if (this.#ended) throw new ConnectionError('this side of the connection has ended already');
    this.checkReleased();
  }

  checkReleased(): void {
    if (this.#layer.released) throw this.#failure ?? new ConnectionError('the connection is closed');
  }

  /** Resolves when something came, left, ended or broke. */
  progress(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  wake(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Both directions are over: nothing more will be sent, nothing that comes would be looked at. */
  #releaseWhenOver(): void {
    if (!this.#ended || this.closure !== 'clean') return;
    this.#layer.release();
    this.#layer.wire.destroy();
  }
}
