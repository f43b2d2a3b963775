// STOR (RFC 959 §4.1.3): a file from the client, whole or not at all.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { ByteChannel } from '@ftps-kit/tls-core';
import type { CommandContext } from '../command-row.js';
import { overDataConnection } from '../data-transfer.js';
import { FileSystemError } from '../errors.js';
import type { WriteMode } from '../file-system.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath, directoryOf, nameOf, requireWriting } from '../paths.js';
import { receiveFile, type Progress } from '../transfer.js';

export async function stor(context: CommandContext): Promise<Outcome> {
  const { session } = context;
  const start = session.takeRestart();
  if (session.type === 'ascii')
    return outcome(ReplyCode.FileUnavailable, 'Files are taken as they are: send TYPE I first.');
  const path = argumentPath(context);
  await refuseEarly(context, path, start);
  const { fileSystem } = session.account;
  // RFC 3659 §5: REST before STOR goes on where an earlier upload was broken off.
  const mode: WriteMode = start === 0 ? { kind: 'replace' } : { kind: 'resume', start };
  return overDataConnection(context, {
    path,
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

/** What can be known without touching anything is told before a data connection is spent on it. */
async function refuseEarly(context: CommandContext, path: string, start: number): Promise<void> {
  requireWriting(context);
  nameOf(path);
  const { fileSystem } = context.session.account;
  const parent = await fileSystem.stat(directoryOf(path));
  if (parent.type !== 'directory') throw new FileSystemError('not-directory', 'the parent is not a directory');
  const old = await fileSystem.stat(path).catch(undefinedIfMissing);
  if (old?.type === 'directory') throw new FileSystemError('is-directory', 'a directory cannot be written to');
  if (start > (old?.sizeBytes ?? 0)) throw new FileSystemError('offset-beyond-end', `${start} is beyond the end`);
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof FileSystemError && error.kind === 'not-found') return undefined;
  throw error;
}
