// The header of the PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt), without any I/O.
import { isIP } from 'node:net';
import { FtpsError, type Endpoint } from '@ftps-kit/tls-core';
import { MAX_PROXY_HEADER_BYTES } from './limits.js';

/** Who connected to the proxy, and where; `local` where the proxy speaks for itself or will not tell. */
export type ProxyHeader =
  { readonly kind: 'proxied'; readonly client: Endpoint; readonly reached: Endpoint } | { readonly kind: 'local' };

/** What came is no header, or one that is damaged. */
export class ProxyHeaderError extends FtpsError {
  readonly code = 'FTPS_ERR_PROXY_HEADER';
}

/** §2.2: "The binary header format starts with a constant 12 bytes block". */
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const PREFIX = 'PROXY';
/** §2.1: "the maximum line length the receiver must support including the CRLF is 107". */
const MAX_LINE_BYTES = 107;
/** The shortest line is `PROXY UNKNOWN` and its end. */
const MIN_LINE_BYTES = 15;
/** Signature, version and command, family and transport, length. */
const FIXED_BYTES = 16;

/** Bytes of the two addresses and ports, by family and transport: TCP over IPv4, TCP over IPv6. */
const ADDRESS_BYTES: Readonly<Partial<Record<number, { readonly each: 4 | 16; readonly bytes: 12 | 36 }>>> = {
  0x11: { each: 4, bytes: 12 },
  0x21: { each: 16, bytes: 36 },
};

/**
 * Reads a header that comes in pieces, and not a byte of what stands behind it: it says how many bytes it `wants`, and is
 * fed no more than those.
 */
export class ProxyHeaderParser {
  #bytes: Buffer = Buffer.alloc(0);

  /** How many bytes may be pushed next. */
  get wants(): number {
    const { length } = this.#bytes;
    if (length < SIGNATURE.length) return SIGNATURE.length - length;
    if (this.#isBinary) return (length < FIXED_BYTES ? FIXED_BYTES : this.#binaryLength) - length;
    if (length < MIN_LINE_BYTES) return MIN_LINE_BYTES - length;
    // The line ends with CR LF: where the last byte is no CR, two more are to come at least.
    return this.#bytes[length - 1] === CR ? 1 : 2;
  }

  /** The header, once it is whole. Throws `ProxyHeaderError`. */
  push(piece: Uint8Array): ProxyHeader | undefined {
    this.#bytes = Buffer.concat([this.#bytes, piece]);
    const start = this.#bytes.subarray(0, SIGNATURE.length);
    if (SIGNATURE.subarray(0, start.length).equals(start)) return this.#binary();
    if (start.toString('latin1').startsWith(PREFIX.slice(0, start.length))) return this.#line();
    throw new ProxyHeaderError('what came is no PROXY protocol header; does the proxy send one?');
  }

  get #isBinary(): boolean {
    return this.#bytes[0] === SIGNATURE[0];
  }

  get #binaryLength(): number {
    return FIXED_BYTES + this.#bytes.readUInt16BE(14);
  }

  #binary(): ProxyHeader | undefined {
    if (this.#bytes.length < FIXED_BYTES) return undefined;
    if (this.#binaryLength > MAX_PROXY_HEADER_BYTES) {
      throw new ProxyHeaderError(`a header of ${this.#binaryLength} bytes is longer than ${MAX_PROXY_HEADER_BYTES}`);
    }
    if (this.#bytes.length < this.#binaryLength) return undefined;
    const versionAndCommand = this.#bytes.readUInt8(12);
    // §2.2: "\x0 : LOCAL: the connection was established on purpose by the proxy without being relayed. […] The receiver
    // must accept this connection as valid and must use the real connection endpoints".
    if (versionAndCommand === 0x20) return { kind: 'local' };
    if (versionAndCommand !== 0x21) {
      throw new ProxyHeaderError(`version and command 0x${versionAndCommand.toString(16)} are unknown`);
    }
    const shape = ADDRESS_BYTES[this.#bytes.readUInt8(13)];
    // §2.2: for other families "the receiver should ignore address information"; TCP is all that can have come here.
    if (shape === undefined) return { kind: 'local' };
    if (this.#binaryLength - FIXED_BYTES < shape.bytes)
      throw new ProxyHeaderError('the header has no room for its addresses');
    const ports = FIXED_BYTES + 2 * shape.each;
    const endpoint = (which: 0 | 1): Endpoint => ({
      address: addressOf(
        this.#bytes.subarray(FIXED_BYTES + which * shape.each, FIXED_BYTES + (which + 1) * shape.each),
      ),
      port: this.#bytes.readUInt16BE(ports + 2 * which),
    });
    // What follows the addresses are TLVs, which say nothing that is needed here.
    return { kind: 'proxied', client: endpoint(0), reached: endpoint(1) };
  }

  #line(): ProxyHeader | undefined {
    const text = this.#bytes.toString('latin1');
    if (!text.endsWith('\r\n')) {
      if (text.length >= MAX_LINE_BYTES) throw new ProxyHeaderError(`a line is longer than ${MAX_LINE_BYTES} bytes`);
      return undefined;
    }
    const [word, protocol, source = '', destination = '', sourcePort, destinationPort, ...more] = text
      .slice(0, -2)
      .split(' ');
    if (word !== PREFIX) throw new ProxyHeaderError('the line does not begin with PROXY');
    // §2.1: "The receiver must ignore anything presented before the CRLF is found" behind UNKNOWN.
    if (protocol === 'UNKNOWN') return { kind: 'local' };
    const family = protocol === 'TCP4' ? 4 : protocol === 'TCP6' ? 6 : undefined;
    if (family === undefined || more.length > 0 || isIP(source) !== family || isIP(destination) !== family) {
      throw new ProxyHeaderError('the line does not name two addresses of its protocol');
    }
    return {
      kind: 'proxied',
      client: { address: source, port: portOf(sourcePort) },
      reached: { address: destination, port: portOf(destinationPort) },
    };
  }
}

const CR = 0x0d;

/** §2.1: "as a decimal integer between 0 and 65535 inclusive"; "no leading zero". */
function portOf(text = ''): number {
  if (!/^(0|[1-9]\d{0,4})$/.test(text) || Number(text) > 65_535) throw new ProxyHeaderError('the line names no port');
  return Number(text);
}

function addressOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0));
  const text = groups.map((group) => group.toString(16)).join(':');
  // RFC 5952 §4.2: the longest run of zeros is written as "::".
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?:$|:)/g)].sort(([a], [b]) => b.length - a.length);
  const [longest] = runs;
  if (longest === undefined) return text;
  return `${text.slice(0, longest.index)}::${text.slice(longest.index + longest[0].length)}`;
}
