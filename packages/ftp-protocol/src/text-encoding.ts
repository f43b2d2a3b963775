// Between the bytes of the control connection and text, losing nothing in silence.
import { GrammarError } from './errors.js';

/**
 * How the control connection spells text. UTF-8 is what RFC 2640 §3.1 demands; latin1 (ISO 8859-1, one byte a character)
 * is for peers that know no better. `utf-8-or-bytes` is UTF-8 in which a byte that is none is U+DC80 to U+DCFF, a lone
 * half of a surrogate pair, and becomes that byte again, in latin1 too: every name a server lists can be sent back to it.
 */
export type TextEncoding = 'utf-8' | 'latin1' | 'utf-8-or-bytes';

const IAC = 0xff;
// ignoreBOM keeps a U+FEFF that begins a name; without it the decoder would drop the character.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8 = new TextEncoder();
const loneSurrogate = /\p{Surrogate}/u;
const BYTE_ESCAPES = 0xdc00;
const escapedBytes = /([\u{dc80}-\u{dcff}]+)/u;
/** Arguments of one call, of which an engine takes only so many. */
const UNITS_AT_ONCE = 4096;

/**
 * The text of `bytes`.
 *
 * @throws GrammarError (501) for bytes that are not UTF-8, when that is the encoding.
 */
export function decodeText(bytes: Uint8Array, encoding: TextEncoding = 'utf-8'): string {
  if (encoding === 'latin1') return decodeLatin1(bytes);
  if (encoding === 'utf-8-or-bytes') return isUtf8(bytes) ? strictUtf8.decode(bytes) : decodeEscaping(bytes);
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
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

function isUtf8(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length === 0) return false;
    at += length;
  }
  return true;
}

/**
 * UTF-8 as far as it goes; what is none of it, byte by byte, as lone surrogates. By hand and in linear time: a server may send
 * as many wrong bytes as it likes, and a decoder that throws for each of them would hold the process up.
 */
function decodeEscaping(bytes: Uint8Array): string {
  // No byte becomes more than one code unit.
  const units = new Uint16Array(bytes.length);
  let count = 0;
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    const code = length === 0 ? BYTE_ESCAPES + (bytes[at] ?? 0) : codePoint(bytes, at, length);
    at += Math.max(1, length);
    if (code <= 0xffff) {
      units[count++] = code;
    } else {
      units[count++] = 0xd800 + ((code - 0x10000) >> 10);
      units[count++] = 0xdc00 + ((code - 0x10000) & 0x3ff);
    }
  }
  let text = '';
  for (let at = 0; at < count; at += UNITS_AT_ONCE) {
    text += String.fromCharCode(...units.subarray(at, Math.min(count, at + UNITS_AT_ONCE)));
  }
  return text;
}

/** How long the UTF-8 sequence is that begins at `at`; 0 where none does. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  // RFC 3629 §4: what may stand second is less for some first bytes, so that nothing has two spellings, and no surrogate one.
  const [length, low, high] = sequenceForm(first);
  const second = bytes[at + 1] ?? 0;
  if (second < low || second > high) return 0;
  for (let next = at + 2; next < at + length; next++) if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

type SequenceForm = readonly [length: number, lowestSecond: number, highestSecond: number];
const NO_SEQUENCE: SequenceForm = [0, 1, 0];
const SEQUENCE_FORMS: readonly (readonly [from: number, to: number, form: SequenceForm])[] = [
  [0xc2, 0xdf, [2, 0x80, 0xbf]],
  [0xe0, 0xe0, [3, 0xa0, 0xbf]],
  [0xe1, 0xec, [3, 0x80, 0xbf]],
  [0xed, 0xed, [3, 0x80, 0x9f]],
  [0xee, 0xef, [3, 0x80, 0xbf]],
  [0xf0, 0xf0, [4, 0x90, 0xbf]],
  [0xf1, 0xf3, [4, 0x80, 0xbf]],
  [0xf4, 0xf4, [4, 0x80, 0x8f]],
];

function sequenceForm(first: number): SequenceForm {
  return SEQUENCE_FORMS.find(([from, to]) => first >= from && first <= to)?.[2] ?? NO_SEQUENCE;
}

/** The character of a sequence that is known to be one. */
function codePoint(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at] ?? 0;
  if (length === 1) return first;
  let code = first & (0x7f >> length);
  for (let next = at + 1; next < at + length; next++) code = (code << 6) | ((bytes[next] ?? 0) & 0x3f);
  return code;
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
    const unit = text.charCodeAt(index);
    // Read before it was known that the peer spells in latin1.
    const code = unit >= BYTE_ESCAPES + 0x80 && unit <= BYTE_ESCAPES + 0xff ? unit - BYTE_ESCAPES : unit;
    if (code > 0xff) throw new GrammarError('the text holds a character that latin1 does not have');
    // RFC 3659 §2.2: "the Telnet IAC character, if part of a pathname sent over the control connection, MUST be
    // correctly escaped as defined by the Telnet protocol." UTF-8 has no such byte.
    if (code === IAC) bytes.push(IAC);
    bytes.push(code);
  }
  return Uint8Array.from(bytes);
}
