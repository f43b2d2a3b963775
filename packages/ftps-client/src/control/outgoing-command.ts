// A command ready to be sent: checked and encoded before anything else happens, so that a bad path costs nothing.
import { encodeCommand, type TextEncoding } from '@ftps-kit/ftp-protocol';
import { ConfigError } from '@ftps-kit/tls-core';
import { printable } from '../printable.js';

/** One command, and what of it may be shown. */
export interface OutgoingCommand {
  readonly verb: string;
  /** Its bytes, CRLF included. Throws `ConfigError` for text that the encoding does not have. */
  encode(encoding: TextEncoding): Uint8Array;
  /** For logs: the argument of PASS and ACCT is left out. */
  readonly shown: string;
  /** The argument of PASS and ACCT, which is not to be shown where a server repeats it. */
  readonly secret: string | undefined;
}

const SECRET_VERBS: readonly string[] = ['PASS', 'ACCT'];

/**
 * Throws `ConfigError` for a verb that is none, and for an argument with CR, LF or NUL, which could add a command. The error
 * calls it `name`.
 */
export function outgoing(verb: string, argument?: string, name = printable(verb)): OutgoingCommand {
  const encode = (encoding: TextEncoding): Uint8Array => {
    try {
      return encodeCommand(verb, argument, { encoding });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError(`${name} cannot be sent: ${reason}`, { cause });
    }
  };
  encode('utf-8-or-bytes');
  const secret = SECRET_VERBS.includes(verb.toUpperCase()) ? argument : undefined;
  return {
    verb,
    encode,
    shown: argument === undefined ? verb : `${verb} ${secret === undefined ? argument : '***'}`,
    secret,
  };
}

/** What some verbs want besides a path. */
export interface PathForm {
  /** In front of it, with the space between the two. */
  readonly before?: string;
  /** Whether the path stands in quotes. */
  readonly isQuoted?: boolean;
}

/** A command about a path, which no server takes for something else. Throws `ConfigError` for an empty one as well. */
export function outgoingPath(
  verb: string,
  path: string,
  { before = '', isQuoted = false }: PathForm = {},
): OutgoingCommand {
  if (typeof path !== 'string') throw new ConfigError(`${verb} needs a path that is a string`);
  if (path === '') throw new ConfigError(`${verb} needs a path`);
  const plain = plainPath(path);
  return outgoing(verb, `${before}${isQuoted ? `"${plain}"` : plain}`, `${verb} ${printable(path)}`);
}

/**
 * The same path where a tilde or a hyphen in front of it means nothing. vsftpd takes `~` for the folder where the login
 * begins, and whoever removed a folder of that name would remove everything; several take `-l` for options of LIST.
 */
function plainPath(path: string): string {
  return /^[~-]/.test(path) ? `./${path}` : path;
}
