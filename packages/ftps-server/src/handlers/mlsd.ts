// MLSD (RFC 3659 §7): a directory for programs, over a data connection.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { factsOf } from '../listing.js';
import { linesOf, linesOutcome } from '../listing-transfer.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function mlsd(context: CommandContext): Promise<Outcome> {
  const { session } = context;
  const { fileSystem } = session.account;
  const path = argumentPath(context);
  const { type } = await fileSystem.stat(path);
  // RFC 3659 §7.2.1: 501 where the argument of MLSD is not a directory.
  if (type !== 'directory')
    return outcome(ReplyCode.ArgumentSyntaxError, 'MLSD lists directories; use MLST for a file.');
  const lines = linesOf(fileSystem.list(path), (entry) => `${factsOf(session, entry)} ${entry.name}`);
  return linesOutcome(context, path, lines);
}
