// OPTS HASH (draft-bryan-ftpext-hash §3.2): which algorithm HASH uses.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import { hasCapability, notCapable } from '../capability.js';
import type { CommandContext } from '../command-row.js';
import { HASH_ALGORITHMS } from '../hash-choice.js';
import { outcome, type Outcome } from '../outcome.js';

export function optsHash({ argument, session }: CommandContext): Outcome {
  if (!hasCapability(session, 'hash')) return notCapable();
  // "If no second argument is passed, OPTS HASH simply returns the currently selected hash algorithm."
  if (argument === '') return outcome(ReplyCode.CommandOkay, session.hashing.selected);
  // §3.1: "comparisons should be case-insensitive".
  const algorithm = HASH_ALGORITHMS.find((name) => name === argument.toUpperCase());
  if (algorithm === undefined) {
    return outcome(
      ReplyCode.ArgumentSyntaxError,
      `Unknown algorithm, current selection not changed; there are ${HASH_ALGORITHMS.join(', ')}.`,
    );
  }
  session.hashing.selected = algorithm;
  // Who selects an algorithm is going to ask.
  session.hashing.wanted = algorithm;
  return outcome(ReplyCode.CommandOkay, algorithm);
}
