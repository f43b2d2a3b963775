// Which hash algorithms HASH has, and what one session has chosen.
import type { HashAlgorithm } from './file-system.js';

/**
 * draft-bryan-ftpext-hash §3.1: names of the IANA registry "Hash Function Textual Names" only, so CRC32 is not among them
 * (XCRC gives it). §5: SHA-1 must be there, and nothing weaker may be the default.
 */
export const HASH_ALGORITHMS = ['SHA-256', 'SHA-512', 'SHA-1', 'MD5'] as const satisfies readonly HashAlgorithm[];

export interface HashChoice {
  /** What HASH uses. */
  selected: (typeof HASH_ALGORITHMS)[number];
  /** What was asked for last, by whichever command; undefined as long as nothing was. */
  wanted: HashAlgorithm | undefined;
}

export function newHashChoice(): HashChoice {
  return { selected: 'SHA-256', wanted: undefined };
}

/** §3.1: the line of FEAT, with an asterisk behind the selected algorithm. */
export function hashFeature({ selected }: HashChoice): string {
  return `HASH ${HASH_ALGORITHMS.map((name) => (name === selected ? `${name}*` : name)).join(';')}`;
}
