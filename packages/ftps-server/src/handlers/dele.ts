// DELE (RFC 959 §4.1.3): a file goes.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function dele(context: CommandContext): Promise<Outcome> {
  await context.session.account.fileSystem.remove(argumentPath(context));
  return outcome(ReplyCode.FileActionOkay, 'File removed.');
}
