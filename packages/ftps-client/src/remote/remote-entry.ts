// What one remote path is: by MLST where the server has it, else from the listing of its folder, else by trying.
import { parseMlstReply, type Reply } from '@ftps-kit/ftp-protocol';
import type { ReplyDeadline } from '../control/control-connection.js';
import { outgoingPath } from '../control/outgoing-command.js';
import { contentOf } from '../control/reply-content.js';
import {
  IncompleteListingError,
  NotFoundError,
  ReplyError,
  TransferError,
  isNegative,
  isUnknownCommand,
  refused,
} from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { enteringRefused } from './entering.js';
import { folderEntry, machineEntry, type Entry } from './list-entry.js';
import { listEntries } from './listing.js';
import { timeIfTold } from './modification-time.js';
import { sizeIfTold } from './remote-facts.js';
import { baseName, hasName, parentOf } from './remote-path.js';

/** Rejects with `NotFoundError` where the server shows nothing of that name. */
export async function remoteStat(context: LoginContext, path: string, signal: AbortSignal | undefined): Promise<Entry> {
  const found = await byMlst(context, path, signal);
  if (found !== undefined) return found;
  // A folder that is named without its name (`/`, `..`) is in no listing that could be had.
  if (!hasName(path)) return folderByEntering(context, path, signal);
  return fromParent(context, path, signal);
}

/** Whether the server shows something of that name; what it hides from this user does not exist. */
export async function remoteExists(
  context: LoginContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await remoteStat(context, path, signal);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

/** Whether the path leads to a folder, also through a link. Leaves the working folder as it was. */
export async function isFolder(context: LoginContext, path: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const entry = await byMlst(context, path, signal);
    if (entry !== undefined && entry.type !== 'link') return entry.type === 'directory';
    await folderByEntering(context, path, signal);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

/** undefined where the server has no MLST after all. */
async function byMlst(
  context: LoginContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Entry | undefined> {
  if (!context.features.has('MLST')) return undefined;
  const command = outgoingPath('MLST', path);
  const reply = await context.control.run(command, deadlineOf(context, signal));
  if (isUnknownCommand(reply)) return undefined;
  if (reply.code === 550) throw notFound(path, reply);
  if (isNegative(reply)) throw refused(command, reply);
  const { facts } = contentOf('MLST', 'entry', () => parseMlstReply(reply));
  // RFC 3659 §7.2: the name may be anything that leads there, also empty; ours is the one that was asked for.
  return machineEntry({ facts, name: baseName(path) });
}

/** What can be entered is a folder. */
async function folderByEntering(context: LoginContext, path: string, signal: AbortSignal | undefined): Promise<Entry> {
  const refusal = await enteringRefused(context, path, signal);
  if (refusal !== undefined) throw notFound(path, refusal);
  return folderEntry(baseName(path));
}

async function fromParent(context: LoginContext, path: string, signal: AbortSignal | undefined): Promise<Entry> {
  const parent = parentOf(path);
  const name = baseName(path);
  const listed = await listEntries(context, parent === '' ? undefined : parent, signal).catch((error: unknown) => {
    if (isNoSuchFolder(error)) throw new NotFoundError(path, { cause: error });
    // What is not among the lines that could be read may be in one that could not.
    if (error instanceof IncompleteListingError && nameIn(error.entries, name) !== undefined) return error.entries;
    throw error;
  });
  const entry = nameIn(listed, name);
  if (entry === undefined) throw new NotFoundError(path);
  if (entry.type !== 'file') return entry;
  const told = entry.modifiedPrecision === 'exact' ? undefined : await timeIfTold(context, path, signal);
  return Object.freeze({
    ...entry,
    size: entry.size ?? (await sizeIfTold(context, path, signal)),
    modifiedAt: told ?? entry.modifiedAt,
    modifiedPrecision: told === undefined ? entry.modifiedPrecision : 'exact',
  });
}

function nameIn(entries: readonly Entry[], name: string): Entry | undefined {
  return entries.find((entry) => entry.name === name);
}

function isNoSuchFolder(error: unknown): boolean {
  const refusal = error instanceof TransferError ? error.cause : error;
  return refusal instanceof ReplyError && refusal.reply.code === 550;
}

function notFound(path: string, reply: Reply): NotFoundError {
  return new NotFoundError(path, { reply });
}

function deadlineOf({ timeouts }: LoginContext, signal: AbortSignal | undefined): ReplyDeadline {
  return { timeoutMs: timeouts.replyMs, signal };
}
