// RETR (RFC 959 §4.1.3): a file to the client.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { overDataConnection } from '../data-transfer.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';
import { sendFile } from '../transfer.js';

export async function retr(context: CommandContext): Promise<Outcome> {
  const { session } = context;
  const start = session.takeRestart();
  if (session.type === 'ascii')
    return outcome(ReplyCode.FileUnavailable, 'Files are sent as they are: send TYPE I first.');
  const path = argumentPath(context);
  // Opened first: a missing file is told before a data connection is spent on it.
  const file = await session.account.fileSystem.openRead(path, { start });
  try {
    return await overDataConnection(context, { path, move: (channel, progress) => sendFile(file, channel, progress) });
  } finally {
    await file.close();
  }
}
