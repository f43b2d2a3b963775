// MLST (RFC 3659 §7): one file or directory for programs, over the control connection.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { factsOf } from '../listing.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function mlst(context: CommandContext): Promise<Outcome> {
  const { session } = context;
  const path = argumentPath(context);
  const stat = await session.account.fileSystem.stat(path);
  // RFC 3659 §7.2: the entry stands on a line of its own that begins with a space.
  return outcome(ReplyCode.FileActionOkay, [`Listing ${path}`, ` ${factsOf(session, stat)} ${path}`, 'End']);
}
