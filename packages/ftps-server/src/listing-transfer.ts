// A listing over a data connection, for LIST and NLST: of a directory, or of the one file that the argument names.
import type { CommandContext } from './command-row.js';
import { overDataConnection } from './data-transfer.js';
import { FileSystemError } from './errors.js';
import type { DirectoryEntry } from './file-system.js';
import { tellLimit } from './limit-event.js';
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
  return linesOutcome(context, path, linesOf(entries, line));
}

/** Sends lines, as many as the server allows; one more cuts the listing, so that nobody takes it for whole. */
export function linesOutcome(context: CommandContext, path: string, lines: AsyncIterable<string>): Promise<Outcome> {
  return overDataConnection(context, {
    path,
    move: (channel, progress) => sendLines(bounded(context, lines), channel, progress),
  });
}

async function* bounded({ server, session }: CommandContext, lines: AsyncIterable<string>): AsyncGenerator<string> {
  const { maxListingEntries } = server.settings.limits;
  let count = 0;
  for await (const line of lines) {
    count += 1;
    if (count > maxListingEntries) {
      const detail = `a directory has more than ${maxListingEntries} entries`;
      tellLimit(server, session, 'maxListingEntries', detail);
      throw new FileSystemError('too-many-entries', detail);
    }
    yield line;
  }
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
