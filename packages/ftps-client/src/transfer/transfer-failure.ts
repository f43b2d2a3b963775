// Which error a transfer that went wrong rejects with: the server's reason before what it looked like from here.
import {
  AbortedError,
  ConnectionError,
  HandshakeError,
  NotResumedError,
  TimeoutError,
  TruncationError,
  type FtpsError,
  type HandshakeSummary,
} from '@ftps-kit/tls-core';
import type { Reply } from '@ftps-kit/ftp-protocol';
import type { OutgoingCommand } from '../control/outgoing-command.js';
import { ReplyError, TransferError, isCompletion, refused, replyText } from '../errors.js';
import { printable } from '../printable.js';

/** What is known of a transfer when it ends badly. */
export interface TransferState {
  readonly command: OutgoingCommand;
  readonly bytes: number;
  /** Bytes from the beginning of the file that this side has for certain; undefined where it is the server that has them. */
  readonly safeBytes: number | undefined;
  /** Whether the data connection was ready to carry bytes. */
  readonly connected: boolean;
  /** Whether the server said 1yz: it had begun. */
  readonly begun: boolean;
  readonly isProtected: boolean;
  readonly handshake: HandshakeSummary | undefined;
}

const CANNOT_OPEN_DATA_CONNECTION = 425;
const DATA_TLS_REFUSED = 522;
const STORAGE_EXCEEDED = 552;

// ProFTPD: "Unable to build data connection: Operation not permitted"; FileZilla Server: "TLS session of data connection
// not resumed."; others speak of session reuse. The two of a pair are looked for one after the other: one pattern for both
// would cost the square of a length that the server chooses.
const speaksOfPermission = /operation not permitted/i;
const PAIRS_ABOUT_RESUMPTION = [
  [/\b(?:TLS|SSL)\b/i, /\b(?:session|resum|reus)/i],
  [/session/i, /resum|reus/i],
] as const;

// DEVIATION RFC 959 §4.2.2, 426 "Connection closed; transfer aborted": ftp-srv says "550 read ECONNRESET" and
// "551 write ECONNRESET" then, or EPIPE in words, and its codes speak of the file.
const speaksOfLostConnection = /\b(?:ECONNRESET|ECONNABORTED|EPIPE)\b|socket has been ended by the other party/;

/** Failures that the peer or the network made: the server may have told the reason on the control connection. */
export function isPeersDoing(failure: unknown): boolean {
  return failure instanceof ConnectionError || failure instanceof HandshakeError || failure instanceof TruncationError;
}

/** The error for a negative final reply; `cause` is what was seen of it on the data connection. */
export function refusalOf(reply: Reply, state: TransferState, cause?: unknown): FtpsError {
  const refusal = refused(state.command, reply, cause === undefined ? undefined : { cause });
  // Behind bytes that came it is about something else. Those that were sent may have waited in the buffers of the system.
  const hasDelivered = state.command.verb !== 'STOR' && state.command.verb !== 'APPE' && state.bytes > 0;
  if (state.isProtected && !hasDelivered && isNotResumed(reply)) return notResumed(refusal, state.handshake);
  const isPermanent =
    reply.code >= 500 && reply.code !== STORAGE_EXCEEDED && !speaksOfLostConnection.test(reply.lines.join(' '));
  // A file that cannot be opened is told behind the 150 by some servers; then nothing was transferred either.
  if (!state.begun || (state.bytes === 0 && isPermanent)) return refusal;
  return new TransferError(`the server gave up ${shownOf(state)} after ${state.bytes} bytes: ${replyText(reply)}`, {
    bytes: state.bytes,
    safeBytes: state.safeBytes,
    resumable: !isPermanent && reply.code !== STORAGE_EXCEEDED,
    reply,
    cause: refusal,
  });
}

/** The error for a failure on this side's data connection; `reply` is the final one, where it came. */
export function failureOf(failure: Error, reply: Reply | undefined, state: TransferState): Error {
  if (reply !== undefined && !isCompletion(reply) && isPeersDoing(failure)) return refusalOf(reply, state, failure);
  if (!state.connected || isOwnDoing(failure)) return failure;
  return new TransferError(`${shownOf(state)} broke off after ${state.bytes} bytes: ${failure.message}`, {
    bytes: state.bytes,
    safeBytes: state.safeBytes,
    resumable: true,
    reply,
    cause: failure,
  });
}

/** Who moves many files at a time has to know which one it was. */
function shownOf({ command }: TransferState): string {
  return printable(command.shown);
}

function isOwnDoing(failure: Error): boolean {
  if (isPeersDoing(failure) || failure instanceof ReplyError) return false;
  return !(failure instanceof TimeoutError) || failure.phase === 'tls';
}

function isNotResumed(reply: Reply): boolean {
  if (reply.code === DATA_TLS_REFUSED) return true;
  return reply.code === CANNOT_OPEN_DATA_CONNECTION && speaksOfResumption(reply.lines.join(' '));
}

function speaksOfResumption(text: string): boolean {
  return (
    speaksOfPermission.test(text) || PAIRS_ABOUT_RESUMPTION.some(([first, second]) => second.test(behind(text, first)))
  );
}

/** What stands behind the first that matches; nothing where none does. */
function behind(text: string, pattern: RegExp): string {
  const found = pattern.exec(text);
  return found === null ? '' : text.slice(found.index + found[0].length);
}

function notResumed(refusal: ReplyError, handshake: HandshakeSummary | undefined): NotResumedError {
  const resumed = handshake?.resumed === true;
  const what = resumed
    ? 'the server does not take the TLS session that the data connection resumed for that of this control connection'
    : 'the server demands that data connections resume the TLS session of the control connection, and this one did not';
  const remedy =
    handshake?.protocol === 'TLSv1.2'
      ? "allow whenEmpty: 'reuse-last', or have session reuse switched off on the server"
      : "allow whenEmpty: 'reuse-last', or pin TLS 1.2 (tls: { versions: '1.2' }, or onNotResumed: 'pin-1.2'), whose sessions can be resumed any number of times";
  return new NotResumedError(
    `${what} (${replyText(refusal.reply)}): ${remedy}; vsftpd ends the control connection after this`,
    resumed ? 'foreign' : 'full-handshake',
    { cause: refusal },
  );
}

/** For a transfer that its caller wants no more. */
export function transferAborted({ verb }: OutgoingCommand, signal: AbortSignal | undefined): AbortedError {
  return new AbortedError(`${verb} was aborted`, { cause: signal?.reason });
}

/** For a data connection that does not resume where it must. */
export function notResumedHere(): NotResumedError {
  return new NotResumedError(
    'the data connection did not resume the TLS session of the control connection, so nothing proves that it leads to ' +
      "the same server; nothing was transferred (onNotResumed: 'allow' goes on all the same)",
    'full-handshake',
  );
}
