// When a transfer's command goes out: which orders there are, the quickest that a server stands, and what of one was at fault.
import type { Reply } from '@ftps-kit/ftp-protocol';
import { TimeoutError } from '@ftps-kit/tls-core';
import type { LoginContext } from '../login/login-context.js';
import { isPeersDoing } from './transfer-failure.js';
import type { TransferRequest } from './transfer-request.js';

const CANNOT_OPEN_DATA_CONNECTION = 425;
const BAD_SEQUENCE = 503;

/** What a server says that has no use for the data connection: also 426 "Connection closed", and 522 of its TLS. */
const OF_DATA_CONNECTION: readonly number[] = [421, CANNOT_OPEN_DATA_CONNECTION, 426, BAD_SEQUENCE, 522];

/**
 * When the transfer command goes out: behind the data connection; while it is made; or right behind EPSV, in one flight with
 * it. Each saves something over the one before, and asks more of the server.
 */
export type TransferOrder = 'connection-first' | 'command-first' | 'one-flight';

/**
 * The command was refused because the data connection was not there yet (`too-early`), EPSV gave no port to connect to
 * (`without-port`) or one that cannot be reached (`unreachable`), the command was lost (`unanswered`), or what was asked for ahead
 * of the transfer was of no use any more (`too-late`).
 */
export type OrderFault = 'too-early' | 'without-port' | 'unreachable' | 'unanswered' | 'too-late';

/** What is known of a transfer that failed. */
export interface FailedAttempt {
  /** Whether its command was sent. */
  readonly isSent: boolean;
  /** Whether a data connection was made, of TCP at least. */
  readonly hasConnected: boolean;
  /** Whether the server said 1yz, or sent something. */
  readonly hasBegun: boolean;
  /** Whether the TLS handshake of the data connection came to its end. */
  readonly hasShakenHands: boolean;
  /** Whether ABOR was said before any final reply: what came then may be the reply to that. */
  readonly isAborted: boolean;
  /** Why it failed; undefined where its command was never sent. */
  readonly failure: Error | undefined;
  readonly finalReply: Reply | undefined;
  /** Whether the failure is the final reply. */
  readonly isRefused: boolean;
  /** Whether EPSV gave no port. */
  readonly isWithoutPort: boolean;
  /** Whether the server said nothing to the command, as long as one waits for that. */
  readonly isUnanswered: boolean;
  /** Whether this side gave the control connection up, as the server did not hear ABOR. */
  readonly isGivenUp: boolean;
}

/** The quickest order that the server is known to stand. */
export function quickestOrder({ data, traits }: LoginContext, request: TransferRequest): TransferOrder {
  const { sends, restartAt = 0, listening } = request;
  // A data connection that fails must leave the old file alone: some servers empty it at once.
  if (sends || !data.mayPipeline || traits.wantsDataConnectionFirst) return 'connection-first';
  // Nor where REST leads it: a server that did the two at once would send the beginning of the file for the rest of it.
  if (restartAt > 0) return 'connection-first';
  return listening === undefined && data.mayCommandBehindPassive ? 'one-flight' : 'command-first';
}

/** What of its order may have been at fault where a transfer failed; nothing took effect then. undefined: nothing. */
export function faultOf(
  order: TransferOrder,
  attempt: FailedAttempt,
  { control, traits }: LoginContext,
  { isAhead }: TransferRequest,
): OrderFault | undefined {
  if (isAhead === true && isTooLate(attempt)) return 'too-late';
  const { hasConnected, hasBegun, finalReply, isRefused } = attempt;
  const isLostOtherwise = control.isLost && !attempt.isGivenUp;
  // 4yz may be the answer to ABOR; 5yz is a reason of its own.
  const isRefusal = (finalReply?.code ?? 0) >= 500;
  const isDoubtful = traits.extendedPassive === 'doubtful';
  if (isDoubtful && !hasConnected && !isRefusal && !isLostOtherwise) return 'unreachable';
  if (order === 'connection-first') return undefined;
  const isLostAtOnce = control.isLost && finalReply === undefined && !hasBegun;
  if (attempt.isUnanswered || (isLostAtOnce && order === 'one-flight')) return 'unanswered';
  if (attempt.isWithoutPort) return 'without-port';
  const code = isRefused && !hasBegun ? finalReply?.code : undefined;
  return code === BAD_SEQUENCE || (code === CANNOT_OPEN_DATA_CONNECTION && !hasConnected) ? 'too-early' : undefined;
}

/**
 * Whether a data connection that was asked for ahead of a read came to nothing. What the server says of the file is another matter,
 * and so is what it says once hands were shaken.
 */
function isTooLate(attempt: FailedAttempt): boolean {
  const { isSent, hasShakenHands, isAborted, failure, finalReply, isRefused } = attempt;
  if (hasShakenHands) return false;
  if (!isSent) return true;
  const isOfDataConnection = finalReply !== undefined && OF_DATA_CONNECTION.includes(finalReply.code);
  if (isRefused) return isOfDataConnection;
  const hasBroken = isPeersDoing(failure) || failure instanceof TimeoutError;
  return hasBroken && (isAborted || isOfDataConnection || (finalReply?.code ?? 0) < 500);
}
