// A transfer in the quickest order that its server is known to stand, and in a slower one where the order was at fault.
import { AbortedError, ConnectionError } from '@ftps-kit/tls-core';
import { findStep } from '../control/coming-into-step.js';
import type { LoginContext } from '../login/login-context.js';
import { lessThan, type HeldKind } from './held-data-connection.js';
import { Transfer } from './transfer.js';
import { quickestOrder } from './transfer-order.js';
import type { TransferOutcome, TransferRequest } from './transfer-request.js';

/**
 * The login was lost to an order of commands that the server does not stand. Nothing took effect, the server's traits have it,
 * and another login may do the same work.
 */
export class LostToOrderError extends ConnectionError {}

/**
 * Runs one transfer. Resolves when the data connection has ended and the final reply is positive. However it ends, the
 * control connection is in step again, or lost.
 */
export async function runTransfer(context: LoginContext, request: TransferRequest): Promise<TransferOutcome> {
  const { control, ahead } = context;
  if (request.sends) return runUpload(context, request);
  const listening = request.listening === undefined ? await ahead.take() : undefined;
  if (control.isLost && ahead.hasCostLogin) throw lostToOrder(control.loss);
  if (listening === undefined) return attempt(context, request);
  return attempt(context, { ...request, listening: Promise.resolve(listening), isAhead: true }, listening.kind);
}

/** What was asked ahead is for reads: an upload asks in its turn, by which the server lets go of what it held for them. */
function runUpload(context: LoginContext, request: TransferRequest): Promise<TransferOutcome> {
  const { control, ahead } = context;
  if (!ahead.isHolding) return attempt(context, request);
  const listening = ahead.replace(request.signal).catch((error: unknown) => {
    throw control.isLost && ahead.hasCostLogin ? lostToOrder(error) : error;
  });
  return attempt(context, { ...request, listening });
}

async function attempt(context: LoginContext, request: TransferRequest, held?: HeldKind): Promise<TransferOutcome> {
  const { traits, control } = context;
  const order = quickestOrder(context, request);
  const first = new Transfer(context, request, order);
  let failure: unknown;
  try {
    const outcome = await first.run();
    context.data.hasServed = true;
    if (order === 'one-flight') traits.commandBehindPassive = 'works';
    return outcome;
  } catch (error) {
    failure = error;
  }
  const { fault } = first;
  if (held !== undefined && control.isLost && !first.hasShakenHands) traits.preconnect.lower(lessThan(held));
  // A server that goes takes its ports along.
  if (fault === undefined && traits.extendedPassive === 'doubtful') traits.extendedPassive = 'untried';
  const mayBlameOrder = fault !== 'unanswered' || traits.commandBehindPassive === 'untried';
  if (fault === undefined || !mayBlameOrder || failure instanceof AbortedError) throw failure;
  const learn = (): void => {
    if (fault === 'too-early') traits.wantsDataConnectionFirst = true;
    if (fault === 'unanswered') traits.commandBehindPassive = 'minded';
    if (fault === 'too-late' && held !== undefined) traits.preconnect.lower(lessThan(held));
  };
  if (control.isLost) {
    if (fault === 'unanswered') learn();
    if (fault !== 'without-port' && fault !== 'too-early') throw lostToOrder(failure);
    throw failure;
  }
  // A refusal of what was asked ahead may have been said unasked, with the reply to the command behind it.
  if (fault === 'too-late') {
    await findStep(context).catch(() => {
      throw lostToOrder(failure);
    });
  }
  const listening = fault === 'unreachable' ? context.data.listenByPasv(request.signal) : undefined;
  const second = new Transfer(context, { ...request, listening, isAhead: false }, 'connection-first');
  try {
    const outcome = await second.run();
    context.data.hasServed = true;
    learn();
    return outcome;
  } catch (error) {
    // That PASV does no better is no reason to speak of PASV.
    throw fault === 'unreachable' && !second.hasConnected && !(error instanceof AbortedError) ? failure : error;
  }
}

/** For what failed as the login was lost to such an order. */
export function lostToOrder(failure: unknown): LostToOrderError {
  const message = failure instanceof Error ? failure.message : String(failure);
  return new LostToOrderError(message, { cause: failure });
}
