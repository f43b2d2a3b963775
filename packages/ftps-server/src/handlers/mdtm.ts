// MDTM (RFC 3659 §3): when a file was modified, UTC.
import { ReplyCode, encodeTime } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function mdtm(context: CommandContext): Promise<Outcome> {
  const stat = await context.session.account.fileSystem.stat(argumentPath(context));
  return outcome(ReplyCode.FileStatus, encodeTime(stat.modifiedAt));
}
