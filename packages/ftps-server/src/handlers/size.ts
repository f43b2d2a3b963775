// SIZE (RFC 3659 §4): the bytes that RETR would send.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { FileSystemError } from '../errors.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function size(context: CommandContext): Promise<Outcome> {
  const { session } = context;
  // RFC 3659 §4: the size depends on TYPE; nobody counts line ends only to answer this.
  if (session.type === 'ascii') return outcome(ReplyCode.FileUnavailable, 'SIZE is for TYPE I.');
  const stat = await session.account.fileSystem.stat(argumentPath(context));
  if (stat.type !== 'file') throw new FileSystemError('not-file', 'only files have a size');
  return outcome(ReplyCode.FileStatus, String(stat.sizeBytes));
}
