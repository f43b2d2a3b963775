// Which replies cannot be meant for a command, as they speak of a transfer, or of a data connection that was made ahead of one.
import type { Reply } from '@ftps-kit/ftp-protocol';

const CLOSING_DATA_CONNECTION = 226;

/** 425 "Can't open data connection", 426 "Connection closed" (RFC 959 §4.2.2), and 522 of a data connection whose TLS failed. */
const OF_DATA_CONNECTIONS: readonly number[] = [425, 426, 522];

const MOVES_NOTHING: readonly string[] = [
  ...['CWD', 'CDUP', 'MKD', 'RMD', 'DELE', 'RNFR', 'RNTO', 'MFMT', 'MDTM', 'SIZE', 'PWD', 'TYPE', 'REST', 'RANG'],
  ...['MLST', 'NOOP', 'OPTS', 'HASH', 'XSHA256', 'XSHA512', 'XSHA1', 'XMD5', 'XCRC'],
];

/** RFC 2428 §2 has 522 for these, and some say 425 where no port can be had. */
const AGREES_ON_PORT: readonly string[] = ['EPSV', 'PASV', 'EPRT', 'PORT'];

/**
 * Whether no server answers the command with this: it is the second reply to a transfer before, or one that nobody asked for, and
 * the rest are out of step. What is said of data connections comes of its own only where one was asked for ahead (`isAhead`).
 */
export function isOfTransfer({ code }: Reply, verb: string, isAhead: boolean): boolean {
  const name = verb.toUpperCase();
  const movesNothing = MOVES_NOTHING.includes(name);
  if (code === CLOSING_DATA_CONNECTION) return movesNothing || AGREES_ON_PORT.includes(name);
  return isAhead && movesNothing && OF_DATA_CONNECTIONS.includes(code);
}
