// PROT's levels and PBSZ's size (RFC 2228 §3, RFC 4217 §9).
import { GrammarError } from './errors.js';

/** C clear, S safe (integrity), E confidential (privacy), P private (both). */
export type ProtectionLevel = 'C' | 'S' | 'E' | 'P';

/** The levels that mean something over TLS: without it, and with it. */
export type TlsProtectionLevel = 'C' | 'P';

/**
 * The argument of PROT, in any case.
 *
 * @throws GrammarError 504 for a level that RFC 2228 does not name, 501 for none.
 */
export function parseProtectionLevel(argument: string | undefined): ProtectionLevel {
  switch (argument?.toUpperCase()) {
    case 'C':
      return 'C';
    case 'S':
      return 'S';
    case 'E':
      return 'E';
    case 'P':
      return 'P';
    case undefined:
    case '':
      throw new GrammarError('PROT takes a protection level');
    default:
      // RFC 2228 §3: "If the server does not understand the specified protection level, it should respond with reply
      // code 504."
      throw new GrammarError('PROT takes C, S, E or P', { replyCode: 504 });
  }
}

/**
 * Whether TLS has the level. For the two that it has not a server replies 536: RFC 4217 §9, "only Private (use TLS) and
 * Clear (don't use TLS) are used".
 */
export function isTlsProtectionLevel(level: ProtectionLevel): level is TlsProtectionLevel {
  return level === 'C' || level === 'P';
}

/**
 * The argument of PBSZ in bytes, 0 to 2^32 - 1; a server that is no older than TLS answers "PBSZ=0" to all but 0.
 *
 * @throws GrammarError 501 for anything else.
 */
export function parseProtectionBufferSize(argument: string): number {
  // RFC 4217 §9: PBSZ "must have a parameter of '0'", which "is not in the grammar of RFC 2228, section 8.1".
  const size = Number(argument);
  // RFC 2228 §3: "If the server cannot parse the argument, or if it will not fit in 32 bits, it should respond with a 501".
  if (!/^[0-9]+$/.test(argument) || size > 0xffff_ffff) throw new GrammarError('PBSZ takes a number of 32 bits');
  return size;
}
