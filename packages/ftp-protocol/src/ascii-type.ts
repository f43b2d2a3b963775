// TYPE A (RFC 959 §3.1.1.1): lines end by CRLF on the data connection, and by LF in a file; converted as the bytes stream.

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = new Uint8Array(0);

/**
 * From a file to the data connection: each LF becomes CRLF. One that stands behind a CR is the end of such a line already
 * and stays as it is, so that a file with CRLF in it keeps its lines; a CR alone is text.
 */
export class AsciiEncoder {
  #endedInCr = false;

  /** The bytes to send for the next bytes of the file; may be `chunk` itself. */
  encode(chunk: Uint8Array): Uint8Array {
    const ends: number[] = [];
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) {
      const isBehindCr = at === 0 ? this.#endedInCr : chunk[at - 1] === CR;
      if (!isBehindCr) ends.push(at);
    }
    if (chunk.length > 0) this.#endedInCr = chunk[chunk.length - 1] === CR;
    if (ends.length === 0) return chunk;
    const encoded = new Uint8Array(chunk.length + ends.length);
    let from = 0;
    let to = 0;
    for (const end of ends) {
      encoded.set(chunk.subarray(from, end), to);
      to += end - from;
      encoded[to++] = CR;
      from = end;
    }
    encoded.set(chunk.subarray(from), to);
    return encoded;
  }
}

/**
 * From the data connection to a file: each CRLF becomes LF. A CR alone is text and stays, and so does an LF alone, as
 * clients send that do not convert.
 */
export class AsciiDecoder {
  /** A CR that ended the bytes so far: the LF behind it may come in the next ones. */
  #heldCr = false;

  /** The bytes to write for the next bytes that came; may be `chunk` itself. A CR at their end is held back. */
  decode(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return NOTHING;
    if (!this.#heldCr && !chunk.includes(CR)) return chunk;
    const decoded = new Uint8Array(chunk.length + 1);
    let to = 0;
    if (this.#heldCr && chunk[0] !== LF) decoded[to++] = CR;
    let from = 0;
    for (let cr = chunk.indexOf(CR); cr !== -1; cr = chunk.indexOf(CR, cr + 1)) {
      const isLast = cr === chunk.length - 1;
      if (!isLast && chunk[cr + 1] !== LF) continue;
      decoded.set(chunk.subarray(from, cr), to);
      to += cr - from;
      from = cr + 1;
    }
    decoded.set(chunk.subarray(from), to);
    to += chunk.length - from;
    this.#heldCr = chunk[chunk.length - 1] === CR;
    return decoded.subarray(0, to);
  }

  /** What is left at the end: a CR that no LF followed. */
  finish(): Uint8Array {
    const rest = this.#heldCr ? Uint8Array.of(CR) : NOTHING;
    this.#heldCr = false;
    return rest;
  }
}
