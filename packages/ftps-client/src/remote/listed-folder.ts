// Whether what LIST gave is the listing of the folder that was asked for. It is success to some servers where there is none.
import { outgoingPath } from '../control/outgoing-command.js';
import { IncompleteListingError, refused } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { enteringRefused } from './entering.js';
import type { Entry } from './list-entry.js';
import type { ListingLine } from './listing-lines.js';
import { baseName } from './remote-path.js';

export interface Listed {
  readonly lines: readonly ListingLine[];
  readonly entries: readonly Entry[];
  /** Where some could not be read, the listing is an error anyway. */
  readonly unread: readonly string[];
}

/**
 * Rejects with `ReplyError` where there is no such folder, and with `IncompleteListingError` where the server does not list it.
 * `listRoot` is asked for the lines of the root where only those can tell.
 *
 * DEVIATION RFC 959 §4.1.3: vsftpd answers LIST of a folder that is missing, or that it may not read, with 226 and nothing, or
 * with what beside that folder has a name like it. A folder that it reads has itself and its parent in its listing.
 */
export async function mustBeOfFolder(
  context: LoginContext,
  path: string | undefined,
  { lines, entries, unread }: Listed,
  listRoot: () => Promise<readonly ListingLine[]>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { traits } = context;
  if (hasItself(lines)) {
    traits.listsFolderItself = 'yes';
    return;
  }
  if (unread.length > 0 || !isLikeNone(path, entries)) return;
  if (traits.listsFolderItself === 'untried' && traits.listOptions !== 'useless') {
    traits.listsFolderItself = hasItself(await listRoot()) ? 'yes' : 'no';
  }
  if (path !== undefined) {
    const refusal = await enteringRefused(context, path, signal);
    if (refusal !== undefined) throw refused(outgoingPath('CWD', path), refusal);
  }
  if (traits.listsFolderItself === 'yes') throw new IncompleteListingError(path, { entries: [], unread: [] });
}

/**
 * Empty; or like what vsftpd finds beside the folder, where it takes the folder's name for a pattern of how names end.
 */
function isLikeNone(path: string | undefined, entries: readonly Entry[]): boolean {
  if (entries.length === 0) return true;
  const own = path === undefined ? '' : baseName(path);
  if (!entries.some(({ name }) => name === own)) return false;
  return /[*?{]/.test(own) || entries.every(({ name }) => name.endsWith(own));
}

/** A folder's listing, as `ls -a` has it: with `.` and `..`. In the listing of another folder there may be one of them. */
function hasItself(lines: readonly ListingLine[]): boolean {
  return lines.some((line) => isFolder(line, '.')) && lines.some((line) => isFolder(line, '..'));
}

/** In the form of Unix or of DOS. */
function isFolder({ bytes }: ListingLine, name: '.' | '..'): boolean {
  const end = Buffer.from(bytes.subarray(-name.length - 1)).toString('latin1');
  return end === ` ${name}` && /^(?:d|.*<DIR>)/.test(Buffer.from(bytes).toString('latin1'));
}
