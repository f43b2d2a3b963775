// TYPE, STRU and MODE: what their arguments ask for (RFC 959 §3.1.1, §3.1.2, §3.4, §5.3.2).
import { GrammarError } from './errors.js';

/** ASCII Non-print, or bytes as they are (TYPE I, and TYPE L 8 which is the same here). */
export type RepresentationType = 'ascii' | 'image';

/** How a data connection carries a file. */
export type TransferMode = 'stream' | 'block';

/**
 * The argument of TYPE, in any case.
 *
 * @throws GrammarError 504 for EBCDIC, vertical format control and bytes that have not 8 bits, 501 for what is no type.
 */
export function parseRepresentationType(argument: string): RepresentationType {
  // RFC 959 §5.3: upper and lower case are the same, which "also applies to any symbols representing parameter values".
  switch (argument.toUpperCase()) {
    case 'A':
    case 'A N':
      return 'ascii';
    case 'I':
    case 'L 8':
      return 'image';
    default:
      // RFC 959 §5.3.2: A [<sp> <form-code>] | E [<sp> <form-code>] | I | L <sp> <byte-size>
      if (/^(?:A [TC]|E(?: [NTC])?|L [1-9][0-9]{0,2})$/i.test(argument)) {
        throw new GrammarError('of the representation types only A N, I and L 8 are implemented', { replyCode: 504 });
      }
      throw new GrammarError('TYPE takes A, I or L 8');
  }
}

/** The argument of TYPE. */
export function encodeRepresentationType(type: RepresentationType): 'A' | 'I' {
  return type === 'ascii' ? 'A' : 'I';
}

/**
 * The argument of STRU, in any case: only F, a file without records.
 *
 * @throws GrammarError 504 for R and P, 501 for what is no structure.
 */
export function parseFileStructure(argument: string): 'file' {
  switch (argument.toUpperCase()) {
    case 'F':
      return 'file';
    case 'R':
    case 'P':
      throw new GrammarError('of the file structures only F is implemented', { replyCode: 504 });
    default:
      throw new GrammarError('STRU takes F');
  }
}

/**
 * The argument of MODE, in any case: S or B. Whether block mode is offered is for the caller.
 *
 * @throws GrammarError 504 for C, and for Z (a compression that no RFC describes), 501 for what is no mode.
 */
export function parseTransferMode(argument: string): TransferMode {
  switch (argument.toUpperCase()) {
    case 'S':
      return 'stream';
    case 'B':
      return 'block';
    case 'C':
    case 'Z':
      throw new GrammarError('no compressed transfer mode is implemented', { replyCode: 504 });
    default:
      throw new GrammarError('MODE takes S or B');
  }
}
