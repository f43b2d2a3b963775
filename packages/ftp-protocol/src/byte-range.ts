// The range of bytes that RANG sets (draft-bryan-ftp-range §3).
import { parseByteOffset, encodeByteOffset } from './byte-offset.js';
import { GrammarError } from './errors.js';

/** A part of a file. Both ends belong to it: 0 to 0 is the first byte. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The argument of RANG; undefined for `1 0`, which takes a range back.
 *
 * @throws GrammarError 501 for anything but two numbers, and for a first byte behind the last.
 */
export function parseByteRange(argument: string): ByteRange | undefined {
  // draft-bryan-ftp-range §3: range-command = "RANG" SP start-point SP end-point CRLF
  const [first = '', last = '', ...rest] = argument.split(' ');
  if (rest.length > 0) throw new GrammarError('RANG takes the first and the last byte');
  const range = { first: parseByteOffset(first), last: parseByteOffset(last) };
  if (range.first <= range.last) return range;
  // §3: 'To reset the range command, "RANG 1 0" should be issued.'
  if (range.first === 1 && range.last === 0) return undefined;
  throw new GrammarError('the first byte of a range lies before its last');
}

/** The argument of RANG. @throws GrammarError for what are no byte numbers. */
export function encodeByteRange(range: ByteRange | undefined): string {
  const { first, last } = range ?? { first: 1, last: 0 };
  return `${encodeByteOffset(first)} ${encodeByteOffset(last)}`;
}
