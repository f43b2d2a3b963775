// MKD (RFC 959 §4.1.3): a new directory.
import { ReplyCode, quotePath } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function mkd(context: CommandContext): Promise<Outcome> {
  const path = argumentPath(context);
  await context.session.account.fileSystem.makeDirectory(path);
  return outcome(ReplyCode.PathnameCreated, `${quotePath(path)} created.`);
}
