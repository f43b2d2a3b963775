// The pump between a file and a data connection: counted, timed, two buffers in turn.
import { AsciiDecoder, AsciiEncoder, type RepresentationType } from '@ftps-kit/ftp-protocol';
import { StallWatch, type ByteChannel } from '@ftps-kit/tls-core';
import type { ReadHandle, WriteHandle } from './file-system.js';
import { TRANSFER_BUFFER_BYTES } from './limits.js';

const NOTHING = new Uint8Array(0);

type Source = (into: Uint8Array) => Promise<number>;
type Sink = (chunk: Uint8Array) => Promise<void>;

export interface ProgressOptions {
  /** Which way the file goes. */
  readonly direction: 'received' | 'sent';
  readonly stallTimeoutMs: number;
}

/** Counts what a transfer has moved, and ends its connection when nothing moves any more. */
export class Progress {
  bytes = 0;
  /** Waits of our own that are under way. */
  #waits = 0;
  readonly #watch: StallWatch;
  /** Runs when the connection was ended and even that moves nothing: then it is the file system that hangs. */
  #lastTimer: NodeJS.Timeout | undefined;
  #giveUp: (error: Error) => void = () => undefined;
  #failure: Error | undefined;

  constructor(channel: ByteChannel, { direction, stallTimeoutMs }: ProgressOptions) {
    this.#watch = new StallWatch(channel, {
      direction,
      timeoutMs: stallTimeoutMs,
      isOwnWait: () => this.#waits > 0,
      onStall: (error) => {
        channel.destroy(error);
        this.#lastTimer = setTimeout(() => {
          this.#failure = error;
          this.#giveUp(error);
        }, stallTimeoutMs);
      },
    });
  }

  /** Waits for what moves the bytes, but not for ever where it hangs although its connection has ended. */
  until(moved: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      moved.then(resolve, reject);
    });
  }

  /** Waits for what is no fault of the peer, and does not count as a stall. */
  async whileWaiting(wait: Promise<void>): Promise<void> {
    this.#waits += 1;
    try {
      await wait;
    } finally {
      this.#waits -= 1;
      this.#watch.moved();
    }
  }

  moved(bytes: number): void {
    this.bytes += bytes;
    this.#watch.moved();
  }

  /**
   * The last byte has moved: whatever is waited for from here on is not the peer's doing. Throws where the transfer was given
   * up before, and somebody was told so.
   */
  finish(): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.stop();
  }

  stop(): void {
    this.#watch.stop();
    clearTimeout(this.#lastTimer);
  }
}

/** Sends a file from where its handle stands to its end, and the end of it. */
export async function sendFile(
  file: ReadHandle,
  channel: ByteChannel,
  progress: Progress,
  type: RepresentationType = 'image',
): Promise<void> {
  const ascii = type === 'ascii' ? new AsciiEncoder() : undefined;
  await pump(
    (into) => file.read(into),
    (chunk) => channel.write(ascii?.encode(chunk) ?? chunk),
    progress,
  );
  await channel.end();
}

/** Receives until the peer ends. */
export async function receiveFile(
  channel: ByteChannel,
  file: WriteHandle,
  progress: Progress,
  type: RepresentationType = 'image',
): Promise<void> {
  const ascii = type === 'ascii' ? new AsciiDecoder() : undefined;
  await pump(
    (into) => channel.read(into),
    (chunk) => file.write(ascii?.decode(chunk) ?? chunk),
    progress,
  );
  const rest = ascii?.finish() ?? NOTHING;
  if (rest.length > 0) await file.write(rest);
}

/** While one buffer is written the other is filled. */
async function pump(source: Source, sink: Sink, progress: Progress): Promise<void> {
  let filling = new Uint8Array(TRANSFER_BUFFER_BYTES);
  let writing = new Uint8Array(TRANSFER_BUFFER_BYTES);
  let written: Promise<void> = Promise.resolve();
  for (;;) {
    const [count] = await Promise.all([source(filling), written]);
    if (count === 0) return;
    [filling, writing] = [writing, filling];
    written = sink(writing.subarray(0, count)).then(() => {
      progress.moved(count);
    });
    // The next round waits for it, and sees it fail; should the source fail first, it is nobody's any more.
    written.catch(() => undefined);
  }
}
