// CWD (RFC 959 §4.1.1): another working directory.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { FileSystemError } from '../errors.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';

export async function cwd(context: CommandContext): Promise<Outcome> {
  const { session } = context;
  const path = argumentPath(context);
  const { type } = await session.account.fileSystem.stat(path);
  if (type !== 'directory') throw new FileSystemError('not-directory', 'a file cannot be the working directory');
  session.workingDirectory = path;
  return outcome(ReplyCode.FileActionOkay, 'Directory changed.');
}
