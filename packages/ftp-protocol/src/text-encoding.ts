// Between the bytes of the control connection and text, losing nothing in silence.
import { GrammarError } from './errors.js';

/**
 * How the control connection spells text. UTF-8 is what RFC 2640 §3.1 demands; latin1 (ISO 8859-1, one byte a character)
 * is for peers that know no better. `utf-8-or-bytes` is UTF-8 in which a byte that is none is U+DC80 to U+DCFF, a lone
 * half of a surrogate pair, and becomes that byte again: every name a server lists can be sent back to it.
 */
export type TextEncoding = 'utf-8' | 'latin1' | 'utf-8-or-bytes';

const IAC = 0xff;
// ignoreBOM keeps a U+FEFF that begins a name; without it the decoder would drop the character.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8 = new TextEncoder();
const loneSurrogate = /\p{Surrogate}/u;
const BYTE_ESCAPES = 0xdc00;
const escapedBytes = /([\u{dc80}-\u{dcff}]+)/u;

/**
 * The text of `bytes`.
 *
 * @throws GrammarError (501) for bytes that are not UTF-8, when that is the encoding.
 */
export function decodeText(bytes: Uint8Array, encoding: TextEncoding = 'utf-8'): string {
  if (encoding === 'latin1') return decodeLatin1(bytes);
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    if (encoding === 'utf-8-or-bytes') return decodeEscaping(bytes);
    throw new GrammarError('the line is not valid UTF-8', { cause });
  }
}

/** The text of `bytes` as UTF-8, or where they are not valid UTF-8, as latin1: every byte stays recoverable. */
export function decodeTextLeniently(bytes: Uint8Array, encoding: TextEncoding = 'utf-8'): string {
  try {
    return decodeText(bytes, encoding);
  } catch {
    return decodeLatin1(bytes);
  }
}

/**
 * The bytes that put `text` on the control connection, the byte 0xFF doubled as Telnet demands.
 *
 * @throws GrammarError (501) for text the encoding cannot express: a lone surrogate, or beyond U+00FF in latin1.
 */
export function encodeText(text: string, encoding: TextEncoding = 'utf-8'): Uint8Array {
  if (encoding === 'latin1') return encodeLatin1(text);
  if (encoding === 'utf-8-or-bytes') return encodeEscaped(text);
  if (loneSurrogate.test(text)) throw new GrammarError('the text holds half a surrogate pair, which has no UTF-8');
  return utf8.encode(text);
}

/** UTF-8 as far as it goes; what is none of it, byte by byte, as lone surrogates. */
function decodeEscaping(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at] ?? 0);
    const sequence = bytes.subarray(at, at + length);
    try {
      text += strictUtf8.decode(sequence);
      at += sequence.length;
    } catch {
      text += String.fromCharCode(BYTE_ESCAPES + (bytes[at] ?? 0));
      at += 1;
    }
  }
  return text;
}

/** RFC 3629 §3: how long the sequence is that begins with this byte; 1 for what begins none. */
function sequenceLength(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

/** RFC 3659 §2.2 asks for the byte 0xFF to be doubled here too; UTF-8 itself has no such byte. */
function encodeEscaped(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const [index, piece] of text.split(escapedBytes).entries()) {
    for (const byte of index % 2 === 0 ? encodeText(piece) : Array.from(piece, byteOf)) {
      if (byte === IAC) bytes.push(IAC);
      bytes.push(byte);
    }
  }
  return Uint8Array.from(bytes);
}

function byteOf(escape: string): number {
  return escape.charCodeAt(0) - BYTE_ESCAPES;
}

function decodeLatin1(bytes: Uint8Array): string {
  // By hand: TextDecoder's "latin1" is windows-1252, and does not map a byte to the code point of its value.
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function encodeLatin1(text: string): Uint8Array {
  const bytes: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0xff) throw new GrammarError('the text holds a character that latin1 does not have');
    // RFC 3659 §2.2: "the Telnet IAC character, if part of a pathname sent over the control connection, MUST be
    // correctly escaped as defined by the Telnet protocol." UTF-8 has no such byte.
    if (code === IAC) bytes.push(IAC);
    bytes.push(code);
  }
  return Uint8Array.from(bytes);
}
