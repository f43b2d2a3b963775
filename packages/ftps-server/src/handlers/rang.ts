// RANG (draft-bryan-ftp-range §3): the bytes that the next RETR or HASH is about.
import { ReplyCode, parseByteRange } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function rang({ argument, session }: CommandContext): Outcome {
  // §3: an invalid range "automatically resets the octet selection to the default, which is the whole file".
  session.takeRange();
  session.takeRestart();
  session.range = parseByteRange(argument);
  const { range } = session;
  return outcome(
    ReplyCode.FileActionPending,
    range === undefined ? 'The whole file again.' : `Bytes ${range.first} to ${range.last}. Send RETR or HASH.`,
  );
}
