// An upload, whichever command begins it: what can be refused early, the data connection, the file, its commit.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { ByteChannel } from '@ftps-kit/tls-core';
import type { CommandContext } from './command-row.js';
import { commitWithin } from './commit-time.js';
import { overDataConnection } from './data-transfer.js';
import { FileSystemError } from './errors.js';
import type { FileStat, WriteHandle, WriteMode } from './file-system.js';
import { outcome, type Outcome } from './outcome.js';
import { directoryOf, nameOf } from './paths.js';
import { receiveFile, type Progress } from './transfer.js';

/** What an upload is to become. */
export interface Upload {
  readonly path: string;
  /** How it is written, by what is there now; undefined where nothing is. */
  readonly modeFor: (old: FileStat | undefined) => WriteMode;
  /** Text of the 150 reply, where it has to say more than the path. */
  readonly announcement?: string;
}

/** Receives a file. */
export async function uploadOutcome(
  context: CommandContext,
  { path, modeFor, announcement }: Upload,
): Promise<Outcome> {
  const { session, server } = context;
  const { account, type } = session;
  // draft-bryan-ftp-range §4.3 would have STOR write into the range only: refused, as all else would harm the file.
  if (session.takeRange() !== undefined) {
    return outcome(ReplyCode.ParameterNotImplemented, 'RANG is for RETR and HASH; REST is for uploads that go on.');
  }
  const mode = modeFor(await refuseEarly(context, path));
  const { fileSystem } = account;
  return overDataConnection(context, {
    path,
    receives: true,
    ...(announcement !== undefined && { announcement }),
    move: async (channel: ByteChannel, progress: Progress) => {
      const file = server.hashing.follow(session, path, mode, await fileSystem.openWrite(path, mode));
      try {
        await receiveFile(channel, file, progress, type);
        progress.finish();
      } catch (error) {
        await giveUp(file, context);
        throw error;
      }
      const { commandTimeoutMs: timeoutMs } = server.settings.limits;
      await commitWithin(file, { timeoutMs, aborted: context.aborted, ended: session.ended });
    },
  });
}

/** What fails here is a fault for the operator; the client is told why the upload was given up. */
async function giveUp(file: WriteHandle, { server, session }: CommandContext): Promise<void> {
  try {
    await file.abort();
  } catch (error) {
    server.events.fault('command', error, session);
  }
}

/** What can be known without touching anything is told before a data connection is spent on it. Gives what is there. */
async function refuseEarly(context: CommandContext, path: string): Promise<FileStat | undefined> {
  nameOf(path);
  await context.session.uploadsReady();
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
