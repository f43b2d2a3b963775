// The lines of a control connection: read when somebody wants one, and never by two reads at a time.
import { LineFramer, type FramedLine } from '@ftps-kit/ftp-protocol';
import { withDeadline, type ByteChannel, type Deadline } from '@ftps-kit/tls-core';

/** A session that waits holds this much; commands are short, and longer ones come in several reads. */
const READ_BYTES = 512;

export class ControlLines {
  readonly #framer: LineFramer;
  /** Of its own, and not of Node's pool, which would be kept whole by whoever waits longest. */
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #channel: () => ByteChannel;
  #reading: Promise<void> | undefined;
  #ended = false;

  /** `channel` gives the one that carries the connection now: TLS comes between two lines. */
  constructor(channel: () => ByteChannel, maxLineBytes: number) {
    this.#channel = channel;
    this.#framer = new LineFramer({ maxLineBytes });
  }

  /** Bytes that have come and belong to no line yet handed out. */
  get bufferedBytes(): number {
    return this.#framer.bufferedBytes;
  }

  /**
   * The next line; undefined at the client's end. Rejects with `TimeoutError` (phase `command`) or `AbortedError` by the
   * deadline, which costs no byte of what comes, and with what the channel's read rejects with.
   */
  async next(deadline: () => Deadline): Promise<FramedLine | undefined> {
    for (;;) {
      const line = this.#framer.next();
      if (line !== undefined) return line;
      if (this.#ended) return undefined;
      await withDeadline('command', deadline(), this.#read(), () => undefined);
    }
  }

  /**
   * Reads on until the client's end, or until `limitBytes` are held for `next`; gives whether it is the end. Rejects as `next`
   * does.
   */
  async endsWithin(limitBytes: number, deadline: () => Deadline): Promise<boolean> {
    while (!this.#ended && this.#framer.bufferedBytes < limitBytes) {
      await withDeadline('command', deadline(), this.#read(), () => undefined);
    }
    return this.#ended;
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readOnce();
    // A read whose caller has given up goes on; should it fail, so does the next one.
    this.#reading.catch(() => undefined);
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    try {
      const count = await this.#channel().read(this.#buffer);
      if (count === 0) this.#ended = true;
      else this.#framer.push(this.#buffer.subarray(0, count));
    } finally {
      this.#reading = undefined;
    }
  }
}
