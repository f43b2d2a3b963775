// A listing over a data connection, for LIST and NLST: of a directory, or of the one file that the argument names.
import type { CommandContext } from './command-row.js';
import { overDataConnection } from './data-transfer.js';
import type { DirectoryEntry } from './file-system.js';
import { isListable, sendLines } from './listing.js';
import type { Outcome } from './outcome.js';
import { listingPath, nameOf } from './paths.js';

/** Looks the path up first, so that a missing one is told before a data connection is spent on it. */
export async function listingOutcome(
  context: CommandContext,
  line: (entry: DirectoryEntry) => string,
): Promise<Outcome> {
  const { fileSystem } = context.session.account;
  const path = listingPath(context);
  const stat = await fileSystem.stat(path);
  const entries = stat.type === 'directory' ? fileSystem.list(path) : [{ ...stat, name: nameOf(path) }];
  return overDataConnection(context, {
    path,
    move: (channel, progress) => sendLines(linesOf(entries, line), channel, progress),
  });
}

/** The lines of all entries that can have one. */
export async function* linesOf(
  entries: AsyncIterable<DirectoryEntry> | Iterable<DirectoryEntry>,
  line: (entry: DirectoryEntry) => string,
): AsyncGenerator<string> {
  for await (const entry of entries) {
    if (isListable(entry.name)) yield line(entry);
  }
}
