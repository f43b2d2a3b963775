// Folders with what is around and below them: made with their parents, removed with their contents.
import type { CallOptions } from '../call-options.js';
import { outgoingPath } from '../control/outgoing-command.js';
import { ReplyError, TransferError, UnsupportedError, isCompletion, refused } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { printable } from '../printable.js';
import { BoundedWork } from './bounded-work.js';
import type { Entry } from './list-entry.js';
import { isFolder } from './remote-entry.js';
import { joined, parentOf } from './remote-path.js';
import { allOf, walkTree } from './walk.js';

/** Makes a folder and those around it that are missing; one that is there already is as good as made. */
export async function makeFolders(context: LoginContext, path: string, signal: AbortSignal | undefined): Promise<void> {
  const refusal = await make(context, path, signal);
  if (refusal === undefined || (await isFolder(context, path, signal))) return;
  const parent = parentOf(path);
  if (parent === undefined || parent === '') throw refusal;
  await makeFolders(context, parent, signal);
  // Somebody else may have made it in the meantime.
  const again = await make(context, path, signal);
  if (again !== undefined && !(await isFolder(context, path, signal))) throw again;
}

/** What a tree is removed through: a client, or a pool of them. */
export interface TreeAccess {
  stat(path: string, options: CallOptions): Promise<Entry>;
  exists(path: string, options: CallOptions): Promise<boolean>;
  list(path: string | undefined, options: CallOptions): AsyncIterable<Entry>;
  /** Rejects with `ReplyError` where the server refuses, as does `removeDirectory`. */
  remove(path: string, options: CallOptions): Promise<void>;
  removeDirectory(path: string, options: CallOptions): Promise<void>;
}

/** How a tree is removed. */
export interface TreeRemoval extends CallOptions {
  /** How many calls are under way at a time. */
  readonly width: number;
}

/**
 * Removes a folder and everything below it. A link is removed and never gone through. Files first, as they are found, then
 * the folders, the deepest first. What somebody else removes at the same time is gone too. Rejects with the first refusal;
 * what is left then is left whole.
 */
export async function removeTree(access: TreeAccess, root: string, { width, signal }: TreeRemoval): Promise<void> {
  const { type } = await access.stat(root, { signal });
  if (type === 'file' || type === 'other')
    throw new UnsupportedError(`${printable(root)} is no folder; remove() removes files`);
  if (type === 'link') return removed(access, root, () => access.remove(root, { signal }), signal);
  if (await removedAsLink(access, root, signal)) return;
  const levels: string[][] = [[root]];
  const links = new Set<string>();
  const work = new BoundedWork(width);
  const tree = walkTree({
    root,
    signal,
    width,
    list: (folder, ending) => listedUnlessGone(access, folder, ending),
    enters: async (folder, ending) => {
      const isLink = await removedAsLink(access, folder, ending);
      if (isLink) links.add(folder);
      return !isLink;
    },
  });
  try {
    for await (const { path, type: kind, depth } of tree) {
      const full = joined(root, path);
      if (kind === 'directory') (levels[depth] ??= []).push(full);
      else await work.begin(() => removed(access, full, () => access.remove(full, { signal }), signal));
    }
    await work.done();
    for (const folders of levels.reverse()) {
      for (const folder of folders.filter((path) => !links.has(path))) {
        await work.begin(() => removed(access, folder, () => access.removeDirectory(folder, { signal }), signal));
      }
      await work.done();
    }
  } finally {
    await work.settled();
  }
}

/**
 * Some servers list a link to a folder as the folder that it leads to, and whoever goes in empties what lies elsewhere.
 * DELE removes a link, and is refused for a folder. Rejects with the refusal where it shows a link that stays.
 */
async function removedAsLink(access: TreeAccess, folder: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await access.remove(folder, { signal });
    return true;
  } catch (error) {
    if (error instanceof ReplyError && !refusedForLink.test(error.reply.lines[0] ?? '')) return false;
    throw error;
  }
}

/** ftp-srv looks through a link, finds a folder, and the system then tells it that the link itself is none. */
const refusedForLink = /^ENOTDIR\b/;

/** Removes; a refusal of what is not there any more is none. */
async function removed(
  access: TreeAccess,
  path: string,
  removal: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await removal();
  } catch (error) {
    if (!(error instanceof ReplyError) || (await access.exists(path, { signal }))) throw error;
  }
}

async function listedUnlessGone(
  access: TreeAccess,
  folder: string | undefined,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  try {
    return await allOf(access.list(folder, { signal }));
  } catch (error) {
    const isRefusal = error instanceof ReplyError || error instanceof TransferError;
    if (!isRefusal || folder === undefined || (await access.exists(folder, { signal }))) throw error;
    return [];
  }
}

async function make(
  { control, timeouts }: LoginContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<ReplyError | undefined> {
  const command = outgoingPath('MKD', path);
  const reply = await control.run(command, { timeoutMs: timeouts.replyMs, signal });
  if (isCompletion(reply)) return undefined;
  const refusal = refused(command, reply);
  if (refusal.retryable) throw refusal;
  return refusal;
}
