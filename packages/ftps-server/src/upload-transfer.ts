// An upload, whichever command begins it: what can be refused early, the data connection, the file, its commit.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { ByteChannel } from '@ftps-kit/tls-core';
import type { CommandContext } from './command-row.js';
import { overDataConnection } from './data-transfer.js';
import { FileSystemError } from './errors.js';
import type { FileStat, WriteMode } from './file-system.js';
import { outcome, type Outcome } from './outcome.js';
import { argumentPath, directoryOf, nameOf } from './paths.js';
import { receiveFile, type Progress } from './transfer.js';

/** Receives the file that the argument names. `modeFor` says how it is written, by what is there now. */
export async function uploadOutcome(
  context: CommandContext,
  modeFor: (old: FileStat | undefined) => WriteMode,
): Promise<Outcome> {
  const { session } = context;
  if (session.type === 'ascii')
    return outcome(ReplyCode.FileUnavailable, 'Files are taken as they are: send TYPE I first.');
  const path = argumentPath(context);
  const mode = modeFor(await refuseEarly(context, path));
  const { fileSystem } = session.account;
  return overDataConnection(context, {
    path,
    receives: true,
    move: async (channel: ByteChannel, progress: Progress) => {
      const file = await fileSystem.openWrite(path, mode);
      try {
        await receiveFile(channel, file, progress);
      } catch (error) {
        await file.abort();
        throw error;
      }
      await file.commit();
    },
  });
}

/** What can be known without touching anything is told before a data connection is spent on it. Gives what is there. */
async function refuseEarly(context: CommandContext, path: string): Promise<FileStat | undefined> {
  nameOf(path);
  const { fileSystem } = context.session.account;
  const parent = await fileSystem.stat(directoryOf(path));
  if (parent.type !== 'directory') throw new FileSystemError('not-directory', 'the parent is not a directory');
  const old = await fileSystem.stat(path).catch(undefinedIfMissing);
  if (old?.type === 'directory') throw new FileSystemError('is-directory', 'a directory cannot be written to');
  return old;
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof FileSystemError && error.kind === 'not-found') return undefined;
  throw error;
}
