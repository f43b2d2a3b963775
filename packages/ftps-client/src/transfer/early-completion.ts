// Whether a server may call a transfer complete by now.
import type { Reply } from '@ftps-kit/ftp-protocol';
import { ConnectionError } from '@ftps-kit/tls-core';
import { ProtocolError, replyText } from '../errors.js';
import type { TransferRequest } from './transfer-request.js';

const CLOSING_DATA_CONNECTION = 226;

/** How far a transfer was when its 2yz came. */
export interface CompletedSoFar {
  /** Whether the server said 1yz. */
  readonly hasBegun: boolean;
  /** Whether the TLS handshake of the data connection came to its end. */
  readonly hasShakenHands: boolean;
  /** Whether this side, which sends, has said that this was all. */
  readonly hasEndedSending: boolean;
  /** Whether NOOP was said in the middle of it, and a 2yz other than 226 may be the reply to that. */
  readonly mayBeNoops: boolean;
}

/**
 * RFC 959 §5.4: 125 or 150 comes before any 226. Of an upload a 226 says that the server has the file to its end, and before
 * it was told of that end it cannot: what is on its way is lost, as where its data connection was cut. Where something was asked
 * ahead of the transfer, a 226 without 1yz may be the server's word about that, unless hands were shaken: then that has served.
 */
export function earlyCompletion(
  reply: Reply,
  { sends, isAhead = false }: TransferRequest,
  { hasBegun, hasShakenHands, hasEndedSending, mayBeNoops }: CompletedSoFar,
): Error | undefined {
  if (!sends) {
    if (!isAhead || hasBegun || hasShakenHands) return undefined;
    return new ConnectionError(`the server called it complete (${replyText(reply)}) before it began`);
  }
  if (hasEndedSending) return undefined;
  if (!hasBegun) return new ProtocolError('the server called the upload complete before a byte of it was sent');
  if (reply.code !== CLOSING_DATA_CONNECTION && mayBeNoops) return undefined;
  return new ConnectionError(`the server called it complete (${replyText(reply)}) before it came to its end`);
}
