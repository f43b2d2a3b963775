// The lines of a listing as they come over a data connection: where one ends, and which are in doubt.
import { LimitError } from '@ftps-kit/tls-core';
import { MAX_LISTING_LINES, MAX_LISTING_LINE_BYTES } from '../limits.js';

const LF = 0x0a;
const CR = 0x0d;

/** One line, without its end. */
export interface ListingLine {
  readonly bytes: Uint8Array;
  /** Whether nobody can say what it is: a line feed stands in it, which may be in a name or between two entries. */
  readonly isDoubtful: boolean;
}

interface Piece {
  readonly bytes: Uint8Array;
  /** Whether CRLF stands behind it, and not LF alone. */
  readonly isWhole: boolean;
}

/**
 * Cuts a listing into lines. RFC 959 §3.1.1.1: a line ends in CRLF. Servers that end all of them in LF alone are understood;
 * but where any ends in CRLF, a lone LF ends none: it is in a file's name, and what stands behind it is not an entry, though
 * whoever named the file may have made it look like one.
 */
export class ListingLines {
  readonly #pieces: Piece[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #hasWhole = false;

  /** Takes a copy. Throws `LimitError` for a line that is too long, and for too many of them. */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      const isWhole = end > start && bytes[end - 1] === CR;
      this.#add({ bytes: bytes.subarray(start, isWhole ? end - 1 : end), isWhole });
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    // One byte more may be the CR of a line that fits.
    if (this.#rest.length > MAX_LISTING_LINE_BYTES + 1) throw overlong();
  }

  /** All lines, without those that are empty. What is behind the last end is a line: some servers leave its end out. */
  finish(): readonly ListingLine[] {
    if (this.#rest.length > 0) this.#add({ bytes: this.#rest, isWhole: true }, this.#hasWhole);
    this.#rest = Buffer.alloc(0);
    return this.#joined().filter(({ bytes }) => bytes.length > 0);
  }

  #add(piece: Piece, hasWhole = this.#hasWhole || piece.isWhole): void {
    if (piece.bytes.length > MAX_LISTING_LINE_BYTES) throw overlong();
    if (this.#pieces.length === MAX_LISTING_LINES)
      throw new LimitError(`the listing has more than ${MAX_LISTING_LINES} lines`);
    this.#pieces.push(piece);
    this.#hasWhole = hasWhole;
  }

  #joined(): readonly ListingLine[] {
    if (!this.#hasWhole) return this.#pieces.map(({ bytes }) => ({ bytes, isDoubtful: false }));
    const lines: ListingLine[] = [];
    let open: Uint8Array[] = [];
    for (const { bytes, isWhole } of this.#pieces) {
      open.push(bytes);
      if (!isWhole) continue;
      lines.push(lineOf(open));
      open = [];
    }
    if (open.length > 0) lines.push({ ...lineOf(open), isDoubtful: true });
    return lines;
  }
}

function lineOf(pieces: readonly Uint8Array[]): ListingLine {
  const [only = new Uint8Array(0)] = pieces;
  if (pieces.length === 1) return { bytes: only, isDoubtful: false };
  const feed = Uint8Array.of(LF);
  return {
    bytes: Buffer.concat(pieces.flatMap((piece, at) => (at === 0 ? [piece] : [feed, piece]))),
    isDoubtful: true,
  };
}

function overlong(): LimitError {
  return new LimitError(`a line of the listing is longer than ${MAX_LISTING_LINE_BYTES} bytes`);
}
