// The errors that FTP itself adds to those of tls-core: what the server said, and what became of the bytes.
import { replyKind, type Reply } from '@ftps-kit/ftp-protocol';
import { FtpsError } from '@ftps-kit/tls-core';
import type { OutgoingCommand } from './control/outgoing-command.js';
import { saysNoRoom } from './login/login-reply.js';
import { printable } from './printable.js';
import type { Entry } from './remote/list-entry.js';

/** The server broke the RFC: text that is no reply, a reply nobody asked for, a reply without what it must hold. */
export class ProtocolError extends FtpsError {
  readonly code: 'FTPS_ERR_PROTOCOL' | 'FTPS_ERR_INCOMPLETE_LISTING' = 'FTPS_ERR_PROTOCOL';
}

/** Lines of a listing could not be read, or the server left it out, so that nobody knows what else is in the folder. */
export class IncompleteListingError extends ProtocolError {
  override readonly code = 'FTPS_ERR_INCOMPLETE_LISTING';
  /** What could be read. */
  readonly entries: readonly Entry[];
  /** The lines that could not, as they came. */
  readonly unread: readonly string[];

  constructor(path: string | undefined, { entries, unread }: Pick<IncompleteListingError, 'entries' | 'unread'>) {
    const folder = path === undefined ? 'the working folder' : printable(path);
    const first = printable((unread[0] ?? '').slice(0, MAX_SHOWN_CHARACTERS));
    const rest = unread.length === 1 ? '' : `, nor ${unread.length - 1} more`;
    super(
      unread.length === 0
        ? `the server did not list ${folder}, which it may not be allowed to read, and called that complete`
        : `the listing of ${folder} is incomplete: a line of it cannot be read${rest}: ${first}`,
    );
    this.entries = entries;
    this.unread = unread;
  }
}

/** The server answered a command with 4yz or 5yz, or with a reply that leads nowhere, such as 3yz where it should be done. */
export class ReplyError extends FtpsError {
  readonly code: 'FTPS_ERR_REPLY' | 'FTPS_ERR_LOGIN' = 'FTPS_ERR_REPLY';
  /** The command, without its argument. */
  readonly verb: string;
  readonly reply: Reply;

  constructor(verb: string, reply: Reply, message: string, options?: ErrorOptions) {
    super(`${message}: ${replyText(reply)}`, options);
    this.verb = verb;
    this.reply = reply;
  }

  /**
   * Whether the same command may succeed later. RFC 959 §4.2: 4yz is "a temporary condition"; a greeting may say in words that
   * there are too many connections.
   */
  get retryable(): boolean {
    return replyKind(this.reply.code) === 'transient-negative' || (this.verb === GREETING && saysNoRoom(this.reply));
  }
}

/** What stands for the command where the server refuses before there was any. */
export const GREETING = '(greeting)';

/** The login came to a dead end: a wrong user or password, or the server wants what was not given, or has too many logins. */
export class LoginError extends ReplyError {
  override readonly code = 'FTPS_ERR_LOGIN';
  readonly #mayPass: boolean;

  constructor(
    verb: string,
    reply: Reply,
    message: string,
    { mayPass = false, ...options }: ErrorOptions & { readonly mayPass?: boolean } = {},
  ) {
    super(verb, reply, message, options);
    this.#mayPass = mayPass;
  }

  /**
   * Whether the same user and password may be taken later: the server says that it has too many logins, or it has taken them
   * before and refuses them for the first time since, without saying why.
   */
  override get retryable(): boolean {
    return this.#mayPass || saysNoRoom(this.reply);
  }
}

/** The server shows nothing of that name to this user; `reply` where it said so itself, and its listing did not. */
export class NotFoundError extends FtpsError {
  readonly code = 'FTPS_ERR_NOT_FOUND';
  readonly path: string;
  readonly reply: Reply | undefined;

  constructor(path: string, { reply, ...options }: ErrorOptions & { readonly reply?: Reply | undefined } = {}) {
    const said = reply === undefined ? '' : ` (${replyText(reply)})`;
    super(`the server shows no such file or folder: ${printable(path)}${said}`, options);
    this.path = path;
    this.reply = reply;
  }
}

/** The server does not have what the call needs, by its own list of features. Nothing was changed. */
export class UnsupportedError extends FtpsError {
  readonly code = 'FTPS_ERR_UNSUPPORTED';
}

/** What a {@link TransferError} may carry besides its message. */
export interface TransferErrorOptions extends ErrorOptions {
  /** Bytes that moved before it ended. */
  readonly bytes: number;
  /**
   * How many bytes from the beginning of the file the receiving side has for certain; of a download, those that were written and
   * are kept, or were handed to a stream. undefined where only the server knows, as after an upload that broke off: SIZE tells.
   */
  readonly safeBytes?: number | undefined;
  /** Whether a later attempt may help, which goes on behind what is safe. */
  readonly resumable: boolean;
  /** The server's last word on the transfer, where it came. */
  readonly reply?: Reply | undefined;
}

/**
 * A transfer began and did not come to a good end; `cause` is what ended it: a `TruncationError`, a `ConnectionError`,
 * a `TimeoutError` of the phase `stall`, a `ReplyError`.
 */
export class TransferError extends FtpsError {
  readonly code: 'FTPS_ERR_TRANSFER' | 'FTPS_ERR_VERIFICATION' | 'FTPS_ERR_REMOTE_CHANGED' | 'FTPS_ERR_RENAME' =
    'FTPS_ERR_TRANSFER';
  readonly bytes: number;
  readonly safeBytes: number | undefined;
  readonly resumable: boolean;
  readonly reply: Reply | undefined;

  constructor(message: string, { bytes, safeBytes, resumable, reply, ...options }: TransferErrorOptions) {
    super(message, options);
    this.bytes = bytes;
    this.safeBytes = safeBytes;
    this.resumable = resumable;
    this.reply = reply;
  }
}

/** Says of a transfer that failed what the receiving side has for certain by now. */
export function tellSafeBytes(error: TransferError, safeBytes: number): void {
  Object.assign(error, { safeBytes });
}

/**
 * What the check found: the sizes differ, the hashes differ, the remote file was changed between two pieces of a download, or the
 * server did not answer what was demanded.
 */
export type VerificationFailure = 'size-differs' | 'hash-differs' | 'changed' | 'not-checked';

/** The server called the transfer complete, and the check afterwards says otherwise. */
export class VerificationError extends TransferError {
  override readonly code = 'FTPS_ERR_VERIFICATION';
  readonly reason: VerificationFailure;

  constructor(
    message: string,
    { reason, ...options }: TransferErrorOptions & { readonly reason: VerificationFailure },
  ) {
    super(message, options);
    this.reason = reason;
  }
}

/** The remote file changed between two attempts, and what came of the first version cannot be taken back. */
export class RemoteChangedError extends TransferError {
  override readonly code = 'FTPS_ERR_REMOTE_CHANGED';
}

/** An upload is whole and checked, but the server did not rename it; `wholeAt` is the name it has there. */
export class RenameError extends TransferError {
  override readonly code = 'FTPS_ERR_RENAME';
  /** Where the whole file lies, on the server. */
  readonly wholeAt: string;

  constructor(message: string, { wholeAt, ...options }: TransferErrorOptions & { readonly wholeAt: string }) {
    super(message, options);
    this.wholeAt = wholeAt;
  }
}

/** This side's file or stream failed: not found, not readable, disk full. `cause` is the system's error. */
export class LocalFileError extends FtpsError {
  readonly code = 'FTPS_ERR_LOCAL_FILE';
  /** The file, or undefined where a stream was given. */
  readonly path: string | undefined;

  constructor(message: string, path: string | undefined, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/**
 * A call within `FtpsPool.run` found no login: there can be no more of them, and each is held by work that waits for another,
 * with a stream open on its own. Nothing was sent.
 */
export class PoolExhaustedError extends FtpsError {
  readonly code = 'FTPS_ERR_POOL_EXHAUSTED';

  constructor() {
    super(
      'no login of the pool can come free: each is held by work that has a stream open there and waits for another login; ' +
        'give the pool more logins, or let less of such work run at a time',
    );
  }
}

/** How much of a line is shown in a message. */
const MAX_SHOWN_CHARACTERS = 200;

/** A reply as one line for a person. */
export function replyText({ code, lines }: Reply): string {
  return `${code} ${printable(lines.join(' ')).trim()}`.trimEnd();
}

/** The error for a command that the server refused. */
export function refused(command: OutgoingCommand, reply: Reply, options?: ErrorOptions): ReplyError {
  return new ReplyError(command.verb, reply, `the server refused ${printable(command.shown)}`, options);
}

/** Whether the server does not know the command at all: RFC 959 §4.2.2 has 500 and 502 for that, 504 for this use of it. */
export function isUnknownCommand(reply: Reply): boolean {
  return reply.code === 500 || reply.code === 502 || reply.code === 504;
}

/** What was thrown, as an error: JavaScript throws anything. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Whether the server refused. */
export function isNegative(reply: Reply): boolean {
  return reply.code >= 400;
}

/** Whether the server did it: RFC 959 §4.2 has 2yz for that alone, and a 3yz waits for something more. */
export function isCompletion(reply: Reply): boolean {
  return replyKind(reply.code) === 'completion';
}

/** A `LocalFileError` for what a file operation or a stream threw; errors of ftps-kit pass as they are. */
export function localFailure(what: string, path: string | undefined, error: unknown): FtpsError {
  if (error instanceof FtpsError) return error;
  const reason = error instanceof Error ? reasonOf(error) : String(error);
  return new LocalFileError(`${what}: ${reason}`, path, { cause: error });
}

/**
 * As `localFailure`, for what the caller's own stream, sink or function failed with. An error of another client, as of a
 * download that is uploaded elsewhere, is this side's failure here, and says nothing of this transfer's server.
 */
export function callersFailure(what: string, path: string | undefined, error: unknown): FtpsError {
  if (!(error instanceof FtpsError) || error instanceof LocalFileError) return localFailure(what, path, error);
  return new LocalFileError(`${what}: ${error.message}`, path, { cause: error });
}

/** What a path that is a folder fails with, where a file is wanted: the same as the system's own refusal. */
export function folderError(): Error {
  return Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a folder';
    case 'ENOTDIR':
      return 'a part of the path is no folder';
    case 'ENOSPC':
      return 'the disk is full';
    case 'EROFS':
      return 'the file system is read-only';
    case 'EDQUOT':
      return 'the disk quota is used up';
    case 'EFBIG':
      return 'the file is larger than the file system, or a limit of this process, allows';
    case 'ENAMETOOLONG':
      return 'the name is too long';
    case 'ELOOP':
      return 'too many symbolic links';
    default:
      return error.message;
  }
}
