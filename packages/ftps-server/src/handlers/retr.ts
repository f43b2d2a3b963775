// RETR (RFC 959 §4.1.3): a file to the client.
import type { CommandContext } from '../command-row.js';
import { overDataConnection } from '../data-transfer.js';
import type { Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';
import { takeRestart } from '../restart.js';
import { sendFile } from '../transfer.js';

export async function retr(context: CommandContext): Promise<Outcome> {
  const { session } = context;
  const start = takeRestart(session);
  const path = argumentPath(context);
  // Opened first: a missing file is told before a data connection is spent on it.
  const file = await session.account.fileSystem.openRead(path, { start });
  try {
    return await overDataConnection(context, {
      path,
      move: (channel, progress) => sendFile(file, channel, progress, session.type),
    });
  } finally {
    await file.close();
  }
}
