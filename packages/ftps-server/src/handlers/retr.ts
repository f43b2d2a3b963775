// RETR (RFC 959 §4.1.3): a file to the client.
import { ReplyCode, type ByteRange } from '@ftps-kit/ftp-protocol';
import { BoundedReader } from '../bounded-reader.js';
import type { CommandContext } from '../command-row.js';
import { overDataConnection } from '../data-transfer.js';
import { FileSystemError } from '../errors.js';
import type { FileSystem, ReadHandle } from '../file-system.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';
import { takeRestart } from '../restart.js';
import { sendFile } from '../transfer.js';

export async function retr(context: CommandContext): Promise<Outcome> {
  const { session } = context;
  const range = session.takeRange();
  const start = range?.first ?? takeRestart(session);
  // draft-bryan-ftp-range §5: "a 551 reply if the server-PI is not configured to use TYPE I and MODE S".
  if (range !== undefined && session.type === 'ascii') return outcome(ReplyCode.PageTypeUnknown, 'RANG needs TYPE I.');
  const path = argumentPath(context);
  // Opened first: a missing file is told before a data connection is spent on it.
  const file = await openPart(session.account.fileSystem, path, start, range);
  try {
    return await overDataConnection(context, {
      path,
      move: (channel, progress) => sendFile(file, channel, progress, session.type),
    });
  } finally {
    await file.close();
  }
}

/** The file as it is now, from `start` on or the part that RANG has set. */
async function openPart(
  fileSystem: FileSystem,
  path: string,
  start: number,
  range: ByteRange | undefined,
): Promise<ReadHandle> {
  const maxBytes = range === undefined ? undefined : range.last - range.first + 1;
  try {
    return new BoundedReader(await fileSystem.openRead(path, { start }), start, maxBytes);
  } catch (error) {
    // draft-bryan-ftp-range §4.3: "transfer 0 octets with RETR if the specified start point [is] larger than the actual file
    // size".
    const isBeyond = error instanceof FileSystemError && error.kind === 'offset-beyond-end';
    if (!isBeyond || range === undefined) throw error;
    return new BoundedReader(await fileSystem.openRead(path, { start: 0 }), 0, 0);
  }
}
