// MDTM (RFC 3659 §3): when a file was modified, UTC.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { timeOf } from '../listing.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function mdtm(context: CommandContext): Promise<Outcome> {
  const time = timeOf(await context.session.account.fileSystem.stat(argumentPath(context)));
  // RFC 3659 §3.2: 550 where the time is not available for what is named.
  if (time === undefined) return outcome(ReplyCode.FileUnavailable, 'The modification time is not available.');
  return outcome(ReplyCode.FileStatus, time);
}
