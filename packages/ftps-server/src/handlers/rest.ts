// REST (RFC 3659 §5): where the next transfer begins.
import { ReplyCode, parseByteOffset } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function rest({ argument, session }: CommandContext): Outcome {
  session.takeRange();
  session.restartAt = parseByteOffset(argument);
  return outcome(ReplyCode.FileActionPending, `Restarting at ${session.restartAt}. Send RETR or STOR.`);
}
