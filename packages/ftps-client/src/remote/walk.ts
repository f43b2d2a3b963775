// A remote tree, folder by folder: bounded, never through a link, and never round in circles.
import { setMaxListeners } from 'node:events';
import { AbortedError, ConfigError, ConnectionError, FtpsError, LimitError } from '@ftps-kit/tls-core';
import { optionalFunction, wholeNumber } from '@ftps-kit/tls-core/internal';
import { anySignal } from '../any-signal.js';
import { checkCallOptions, type CallOptions } from '../call-options.js';
import { IncompleteListingError } from '../errors.js';
import { MAX_TREE_DEPTH, MAX_WALK_FOLDERS } from '../limits.js';
import { printable } from '../printable.js';
import type { Entry } from './list-entry.js';
import { joined } from './remote-path.js';

/** An entry of a tree. */
export interface WalkEntry extends Entry {
  /** From where the walk began, without a leading slash: `folder/file`. */
  readonly path: string;
  /** 1 for what lies in the folder where the walk began. */
  readonly depth: number;
}

export interface WalkOptions extends CallOptions {
  /** How many levels to go down; 1 is the folder itself. Default: all, and `LimitError` beyond 256. */
  readonly maxDepth?: number | undefined;
  /**
   * Called for a folder that could not be listed, with its path as entries have it; the walk goes on without it, or where
   * that is an `IncompleteListingError`, with what could be read of it. By default the walk rejects with the error, in the
   * last case behind those entries. A lost connection, an abort and a tree that is too deep always end it.
   */
  readonly onError?: ((error: FtpsError, path: string) => void) | undefined;
}

/** What a walk goes through, and how. */
export interface Walk extends WalkOptions {
  /** Where it begins; '' is the working folder. */
  readonly root: string;
  /** How many folders are listed at a time. */
  readonly width: number;
  readonly list: (folder: string | undefined, signal: AbortSignal) => Promise<readonly Entry[]>;
  /** Asked before a folder below the root is listed; false leaves it out. */
  readonly enters?: (folder: string, signal: AbortSignal) => Promise<boolean>;
}

interface Folder {
  readonly path: string;
  readonly depth: number;
  /** The `unique` fact of it, and of those around it. */
  readonly unique: string | undefined;
  readonly parent: Folder | undefined;
}

interface Listed {
  readonly folder: Folder;
  readonly entries: readonly Entry[];
  /** Why there may be more entries than these. */
  readonly failure: IncompleteListingError | undefined;
  readonly listing: Promise<Listed>;
}

/** Throws `ConfigError` for an option that is none. */
export function checkWalkOptions(options: WalkOptions): void {
  checkCallOptions(options, ['signal', 'onError', 'maxDepth'] satisfies (keyof WalkOptions)[]);
  wholeNumber('maxDepth', options.maxDepth ?? 1, 1);
  optionalFunction('onError', options.onError);
}

/**
 * The entries below `root`, those of one folder together, each folder before what is in it. At most `width` listings are
 * under way or waiting to be taken.
 */
export async function* walkTree(walk: Walk): AsyncGenerator<WalkEntry, void, undefined> {
  const ending = new AbortController();
  const signal = anySignal(walk.signal, ending.signal);
  // Every listing under way listens to it, at several places.
  setMaxListeners(0, signal);
  const pending: Folder[] = [{ path: '', depth: 0, unique: undefined, parent: undefined }];
  const listings = new Set<Promise<Listed>>();
  try {
    for (;;) {
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        const listing: Promise<Listed> = listed(walk, next, signal, () => listing);
        listings.add(listing);
        if (listings.size === walk.width) break;
      }
      if (listings.size === 0) return;
      const { folder, entries, failure, listing } = await Promise.race(listings);
      listings.delete(listing);
      const inner: Folder[] = [];
      for (const entry of entries) {
        const path = joined(folder.path, entry.name);
        const depth = folder.depth + 1;
        yield Object.freeze({ ...entry, path, depth });
        if (entry.type !== 'directory' || depth === walk.maxDepth) continue;
        const unique = entry.facts.get('unique');
        if (unique === undefined || !isAround(folder, unique)) inner.push({ path, depth, unique, parent: folder });
      }
      if (failure !== undefined) throw failure;
      // The first of them is taken first.
      pending.push(...inner.reverse());
      if (pending.length > MAX_WALK_FOLDERS) throw new LimitError(`more than ${MAX_WALK_FOLDERS} folders wait`);
    }
  } finally {
    ending.abort();
    await Promise.allSettled(listings);
  }
}

async function listed(
  { root, list, enters, onError }: Walk,
  folder: Folder,
  signal: AbortSignal,
  listing: () => Promise<Listed>,
): Promise<Listed> {
  const path = folder.path === '' ? root : joined(root, folder.path);
  // Not for `onError`: where two links lead round in circles, there are more folders than could ever be listed.
  if (folder.depth > MAX_TREE_DEPTH)
    throw new LimitError(`${printable(path)} lies deeper than ${MAX_TREE_DEPTH} folders`);
  let entries: readonly Entry[] = [];
  let failure: IncompleteListingError | undefined;
  try {
    const isEntered = folder.depth === 0 || enters === undefined || (await enters(path, signal));
    if (isEntered) entries = await list(path === '' ? undefined : path, signal);
  } catch (error) {
    const isIncomplete = error instanceof IncompleteListingError;
    if (isIncomplete) entries = error.entries;
    if (isIncomplete && onError === undefined) failure = error;
    else if (onError === undefined || !(error instanceof FtpsError) || endsTheWalk(error)) throw error;
    else onError(error, folder.path);
  }
  return { folder, entries, failure, listing: listing() };
}

function endsTheWalk(error: FtpsError): boolean {
  return error instanceof ConnectionError || error instanceof AbortedError || error instanceof ConfigError;
}

/** A listing that is had at once. Where it is incomplete, what could be read comes first, and then the error. */
export async function* oneByOne(listing: Promise<readonly Entry[]>): AsyncGenerator<Entry, void, undefined> {
  try {
    yield* await listing;
  } catch (error) {
    if (error instanceof IncompleteListingError) yield* error.entries;
    throw error;
  }
}

/** A whole listing. */
export async function allOf(listing: AsyncIterable<Entry>): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of listing) entries.push(entry);
  return entries;
}

/** RFC 3659 §7.5.2: the same value of `unique` is the same folder, so this one lies within itself. */
function isAround(folder: Folder, unique: string): boolean {
  for (let around: Folder | undefined = folder; around !== undefined; around = around.parent) {
    if (around.unique === unique) return true;
  }
  return false;
}
