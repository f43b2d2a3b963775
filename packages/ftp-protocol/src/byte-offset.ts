// Counts of bytes: REST, SIZE and ALLO (RFC 3659 §4 and §5, RFC 959 §4.1.3).
import { GrammarError } from './errors.js';

const digits = /^[0-9]+$/;
const allocationPattern = /^([0-9]+)(?: [Rr] ([0-9]+))?$/;

/** What ALLO announces. */
export interface Allocation {
  readonly sizeBytes: number;
  /** The largest record or page, for structures that have them. */
  readonly recordBytes: number | undefined;
}

/**
 * A restart point, or a size: 0 to 2^53 - 1 bytes.
 *
 * @throws GrammarError 501 for anything but digits, or a number that JavaScript cannot hold exactly.
 */
export function parseByteOffset(text: string): number {
  // RFC 3659 §5.3: a marker is "syntactically invalid" when "in STREAM mode, something other than one or more digits
  // appears"; §4.1: "213" SP 1*DIGIT.
  const offset = Number(text);
  if (!digits.test(text) || !Number.isSafeInteger(offset)) throw new GrammarError('a count of bytes takes digits only');
  return offset;
}

/** The digits for REST, SIZE and ALLO. @throws GrammarError for what is not a whole number from 0 to 2^53 - 1. */
export function encodeByteOffset(offset: number): string {
  if (!Number.isSafeInteger(offset) || offset < 0) throw new GrammarError('a count of bytes is a whole number');
  return offset.toFixed(0);
}

/**
 * The argument of ALLO: `<decimal-integer> [<SP> R <SP> <decimal-integer>]` (RFC 959 §5.3.1).
 *
 * @throws GrammarError 501 for anything else.
 */
export function parseAllocation(argument: string): Allocation {
  const [matched, size = '', record] = allocationPattern.exec(argument) ?? [];
  if (matched === undefined) throw new GrammarError('ALLO takes a size, and may add R and a record size');
  return {
    sizeBytes: parseByteOffset(size),
    recordBytes: record === undefined ? undefined : parseByteOffset(record),
  };
}
