// RMD (RFC 959 §4.1.3): an empty directory goes.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function rmd(context: CommandContext): Promise<Outcome> {
  await context.session.account.fileSystem.removeDirectory(argumentPath(context));
  return outcome(ReplyCode.FileActionOkay, 'Directory removed.');
}
