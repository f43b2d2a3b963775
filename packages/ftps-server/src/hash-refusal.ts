// What is answered when a hash could not be made.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from './command-row.js';
import { HashingBusyError } from './file-hashing.js';
import { tellLimit } from './limit-event.js';
import { outcome, type Outcome } from './outcome.js';

/** Throws what is not about hashes. */
export function hashRefusal({ server, session, aborted }: CommandContext, error: unknown): Outcome {
  // draft-bryan-ftpext-hash §3.5: "a 450 reply if the server is busy, e.g. already hashing other files".
  if (error instanceof HashingBusyError) {
    tellLimit(server, session, 'maxWaitingHashes', error.message);
    return outcome(ReplyCode.FileBusy, 'The server is busy hashing other files; try again later.');
  }
  // RFC 959 §4.1.3: 426 for the command that ABOR ended, and 226 for ABOR itself.
  if (aborted.aborted) return outcome(ReplyCode.TransferAborted, 'The hash was given up.');
  throw error;
}
