// The entries of one directory of this machine, some at a time however many there are.
import { lstat, opendir } from 'node:fs/promises';
import type { DirectoryEntry, FileStat } from './file-system.js';
import { LISTING_BATCH } from './limits.js';
import { isShown, statOf } from './local-stat.js';
import type { PinnedDirectory } from './pinned-directory.js';
import { fileSystemError } from './system-error.js';
import type { UploadLitter } from './upload-litter.js';
import { isUploadName } from './upload-name.js';

/** What a listing asks of its file system. */
export interface ListingSource {
  readonly directory: PinnedDirectory;
  readonly litter: UploadLitter;
  /** What a link of this name points to. Rejects with `FileSystemError` where that is nothing, or outside. */
  readonly follow: (name: string) => Promise<FileStat>;
}

export async function* localEntries(source: ListingSource): AsyncGenerator<DirectoryEntry> {
  let names: string[] = [];
  for await (const { name } of await opendir(source.directory.entry('.'), { bufferSize: LISTING_BATCH })) {
    if (isUploadName(name)) await source.litter.clearEntry(source.directory, name);
    else names.push(name);
    if (names.length < LISTING_BATCH) continue;
    yield* await lookUp(source, names);
    names = [];
  }
  yield* await lookUp(source, names);
}

async function lookUp(source: ListingSource, names: readonly string[]): Promise<readonly DirectoryEntry[]> {
  const entries = await Promise.all(names.map((name) => entryOf(source, name)));
  return entries.filter((entry) => entry !== undefined);
}

/** A link is shown as what it points to; one that points nowhere or outside is not shown. */
async function entryOf({ directory, follow }: ListingSource, name: string): Promise<DirectoryEntry | undefined> {
  try {
    const found = await lstat(directory.entry(name));
    if (found.isSymbolicLink()) return { name, isLink: true, ...(await follow(name)) };
    return isShown(found) ? { name, ...statOf(found) } : undefined;
  } catch (error) {
    // It went away meanwhile, may not be seen, or is a link that leads nowhere: the listing goes on without it.
    if (fileSystemError(error).kind !== 'other') return undefined;
    throw error;
  }
}
