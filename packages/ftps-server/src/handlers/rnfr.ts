// RNFR (RFC 959 §4.1.3): what is to be renamed; RNTO follows.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function rnfr(context: CommandContext): Promise<Outcome> {
  const path = argumentPath(context);
  await context.session.account.fileSystem.stat(path);
  context.session.renameFrom = path;
  return outcome(ReplyCode.FileActionPending, 'Send RNTO with the new name.');
}
