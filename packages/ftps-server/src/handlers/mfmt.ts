// MFMT (draft-somers-ftp-mfxx §3): sets when a file was modified, UTC.
import { GrammarError, ReplyCode, parseTime } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { timeOf } from '../listing.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function mfmt(context: CommandContext): Promise<Outcome> {
  const space = context.argument.indexOf(' ');
  const name = context.argument.slice(space + 1);
  if (space === -1 || name === '') throw new GrammarError('a time and a path are needed');
  const modifiedAt = parseTime(context.argument.slice(0, space));
  const { fileSystem } = context.session.account;
  const path = argumentPath({ ...context, argument: name });
  await fileSystem.setModified(path, modifiedAt);
  // §3.1: the reply tells the time that the file has now, which may be coarser than the one asked for.
  const time = timeOf(await fileSystem.stat(path));
  return outcome(ReplyCode.FileStatus, `Modify=${time ?? ''}; ${name}`);
}
