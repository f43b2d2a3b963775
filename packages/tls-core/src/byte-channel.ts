// What all of FTP's code moves bytes through, whether TLS lies underneath or not.

/**
 * How the peer's direction of a channel stands:
 * - `open`: it may still send;
 * - `clean`: it ended as its protocol wants (FIN on TCP; close_notify on TLS);
 * - `truncated`: it was cut; bytes may be missing;
 * - `unverified`: it ended, and the engine below cannot tell clean from cut. Whoever moves files must compare sizes.
 */
export type Closure = 'open' | 'clean' | 'truncated' | 'unverified';

/**
 * A two-way stream of bytes with backpressure: nothing is read from the network unless somebody asked for it.
 * One `read` and one `write` may be under way at a time, each independent of the other.
 */
export interface ByteChannel {
  /** How the peer's direction stands. */
  readonly closure: Closure;

  /**
   * Bytes that the network has brought, TLS's own and what nobody has read yet among them: whether a sender goes on is
   * seen by them, as they grow long before a `read` has enough of a record to resolve.
   */
  readonly receivedBytes: number;

  /**
   * Bytes that the network has taken, TLS's own among them: whether a slow reader goes on is seen by them, as they grow
   * while a `write` or `end` is waiting. Those that the peer has acknowledged where that can be told, otherwise those in
   * the hands of the kernel, which may take none for the time that a megabyte needs.
   */
  readonly sentBytes: number;

  /**
   * Reads at least one byte into the start of `into` and gives their number; 0 means the peer ended.
   * Rejects with `ConnectionError` where the connection broke, and with `TruncationError` where TLS was cut.
   */
  read(into: Uint8Array): Promise<number>;

  /** Sends `chunk`; resolves when the buffer may be used again. Rejects with `ConnectionError`. */
  write(chunk: Uint8Array): Promise<void>;

  /** Ends this side's direction: close_notify first on TLS, then FIN. Resolves when both are handed to the network. */
  end(): Promise<void>;

  /** Drops the connection at once; pending calls reject with `error`, or with a `ConnectionError`. Never throws. */
  destroy(error?: Error): void;
}
