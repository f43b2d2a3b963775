// Notices that nothing moves on a channel any more, however little it would have been.
import type { ByteChannel } from './byte-channel.js';
import { TimeoutError } from './errors.js';

/** Looks at the channel so often in the time of a stall: that is how late a stall may be noticed. */
const LOOKS_PER_STALL = 4;

export interface StallWatchOptions {
  /** The direction that is watched: bytes that come the other way prove nothing. */
  readonly direction: 'received' | 'sent';
  readonly timeoutMs: number;
  /** Whether this side itself is what holds things up now; that time does not count. */
  readonly isOwnWait: () => boolean;
  /** Called once, with a `TimeoutError` (phase `stall`), at the earliest `timeoutMs` behind the last byte, and a quarter of that later at most. */
  readonly onStall: (error: TimeoutError) => void;
}

/**
 * Any byte of the watched direction counts that the network brings or takes, so that a peer which is slow but goes on is
 * left alone. It looks now and then; the bytes themselves cost nothing.
 */
export class StallWatch {
  readonly #channel: ByteChannel;
  readonly #options: StallWatchOptions;
  #timer: NodeJS.Timeout;
  #seenBytes: number;
  #idleLooks = 0;
  #hasMoved = false;

  constructor(channel: ByteChannel, options: StallWatchOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#seenBytes = this.#bytes();
    this.#timer = this.#lookLater();
  }

  /** What the channel does not count has moved, or a wait of this side's own has ended: the peer's time begins here. */
  moved(): void {
    this.#hasMoved = true;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #bytes(): number {
    return this.#options.direction === 'received' ? this.#channel.receivedBytes : this.#channel.sentBytes;
  }

  #lookLater(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#look();
    }, this.#options.timeoutMs / LOOKS_PER_STALL);
  }

  #look(): void {
    const { isOwnWait, timeoutMs, onStall } = this.#options;
    const bytes = this.#bytes();
    const mayHaveMoved = bytes !== this.#seenBytes || this.#hasMoved || isOwnWait();
    this.#seenBytes = bytes;
    this.#hasMoved = false;
    this.#idleLooks = mayHaveMoved ? 0 : this.#idleLooks + 1;
    if (this.#idleLooks < LOOKS_PER_STALL) this.#timer = this.#lookLater();
    else onStall(new TimeoutError('stall', timeoutMs));
  }
}
