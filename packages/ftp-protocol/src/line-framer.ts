// Bytes of a control connection in, lines out: bounded, in linear time, the same for every split of the bytes.
import { removeTelnetCommands } from './telnet.js';

/** What {@link LineFramer.next} gives. */
export type FramedLine =
  /** A whole line, without its end and (unless switched off) without Telnet commands. The bytes are the caller's. */
  | { readonly kind: 'line'; readonly bytes: Uint8Array }
  /** A line longer than the bound, in its place among the others; the rest of it is skipped. */
  | { readonly kind: 'overlong'; readonly maxLineBytes: number };

/** Where a stream ended in the middle of a line. */
export interface UnfinishedLine {
  readonly kind: 'unfinished';
  readonly bytes: Uint8Array;
}

export interface LineFramerOptions {
  /** The most bytes of a line as received, Telnet commands included, its end not; 1 or more. */
  readonly maxLineBytes: number;
  /**
   * Whether Telnet commands are taken out of lines and `IAC IAC` is the byte 0xFF. Both directions follow Telnet (RFC
   * 959 §4.1.3), so the default is true; false is for a server that sends 0xFF in its replies unescaped.
   */
  readonly telnet?: boolean;
}

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);

/**
 * Cuts a byte stream into lines. `push` what was read, then call `next` until it gives undefined. Nothing is looked at
 * before `next` asks, so {@link LineFramer.bufferedBytes} right after a line is exactly what came behind that line.
 *
 * LF ends a line wherever it stands, even inside a Telnet sequence: no option byte can join two lines into one.
 */
export class LineFramer {
  readonly #maxLineBytes: number;
  readonly #telnet: boolean;
  #buffer = EMPTY;
  /** The bytes from `#start` to `#end` are pending; up to `#searched` there is no LF among them. */
  #start = 0;
  #searched = 0;
  #end = 0;
  /** Bytes already dropped from an overlong line whose end has not come. */
  #skippedBytes = 0;
  #skipping = false;

  /** @throws RangeError for a bound that is not a positive integer. */
  constructor({ maxLineBytes, telnet = true }: LineFramerOptions) {
    if (!Number.isSafeInteger(maxLineBytes) || maxLineBytes < 1) {
      throw new RangeError('maxLineBytes must be a positive integer');
    }
    this.#maxLineBytes = maxLineBytes;
    this.#telnet = telnet;
  }

  /**
   * The bytes received behind the last line that `next` gave out whole: framed lines not yet taken, the beginning of a
   * line, a skipped part of an overlong one, Telnet commands. 0 means that nothing at all is pending. What a server
   * needs to know when it answers AUTH TLS: whatever is counted here came in clear.
   */
  get bufferedBytes(): number {
    return this.#skippedBytes + this.#end - this.#start;
  }

  /** Takes a copy of `chunk`. Between two calls that drain the framer it keeps at most one line and what was pushed. */
  push(chunk: Uint8Array): void {
    this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next line, or undefined until more bytes are pushed. */
  next(): FramedLine | undefined {
    while (this.#searched < this.#end) {
      const offset = this.#buffer.subarray(this.#searched, this.#end).indexOf(LF);
      if (offset === -1) {
        this.#searched = this.#end;
        return this.#checkPartialLine();
      }
      const raw = this.#takeLine(this.#searched + offset);
      if (raw === undefined) continue;
      if (raw.length > this.#maxLineBytes) return this.#overlong();
      return { kind: 'line', bytes: this.#telnet ? removeTelnetCommands(raw) : raw };
    }
    return undefined;
  }

  /**
   * Ends the stream, once `next` has given undefined: undefined when it ended with a line's end, else what there is of
   * the last line (nothing of one that was overlong). Never treat that as a line: the connection may have been cut. The
   * framer is empty afterwards.
   */
  finish(): UnfinishedLine | undefined {
    if (this.bufferedBytes === 0) return undefined;
    const raw = this.#buffer.slice(this.#start, this.#end);
    this.#release();
    this.#skippedBytes = 0;
    this.#skipping = false;
    return { kind: 'unfinished', bytes: this.#telnet ? removeTelnetCommands(raw) : raw };
  }

  /** Takes the line that ends with the LF at `end`, without its end; undefined for the end of a skipped line. */
  #takeLine(end: number): Uint8Array | undefined {
    // DEVIATION RFC 959 §5.3: a bare LF ends a line too, as every server takes it (scripts and telnet clients send it).
    const textEnd = end > this.#start && this.#buffer[end - 1] === CR ? end - 1 : end;
    const line = this.#skipping ? undefined : this.#buffer.slice(this.#start, textEnd);
    this.#start = end + 1;
    this.#searched = this.#start;
    this.#skippedBytes = 0;
    this.#skipping = false;
    if (this.#start === this.#end) this.#release();
    return line;
  }

  /** Keeps a line without end within the bound: reports it once, and drops what there is of it. */
  #checkPartialLine(): FramedLine | undefined {
    const partialBytes = this.#end - this.#start;
    // One byte more than the bound may be the CR of a line that fits.
    if (!this.#skipping && partialBytes <= this.#maxLineBytes + 1) return undefined;
    const firstNews = !this.#skipping;
    this.#skipping = true;
    this.#skippedBytes += partialBytes;
    this.#release();
    return firstNews ? this.#overlong() : undefined;
  }

  #overlong(): FramedLine {
    return { kind: 'overlong', maxLineBytes: this.#maxLineBytes };
  }

  /** Forgets the pending bytes and the memory that held them: an idle connection holds none. */
  #release(): void {
    this.#buffer = EMPTY;
    this.#start = this.#searched = this.#end = 0;
  }

  /** Makes room for `extra` bytes behind `#end`, moving pending bytes only when at least as many were taken or added. */
  #makeRoom(extra: number): void {
    const pending = this.#end - this.#start;
    if (this.#end + extra <= this.#buffer.length) return;
    const fitsInFront = pending + extra <= this.#buffer.length && this.#start >= pending;
    if (fitsInFront) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    } else {
      const larger = new Uint8Array(pending === 0 ? extra : Math.max(pending + extra, 2 * pending));
      larger.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = larger;
    }
    this.#searched -= this.#start;
    this.#end = pending;
    this.#start = 0;
  }
}
