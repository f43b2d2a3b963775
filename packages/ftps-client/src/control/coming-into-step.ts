// Behind a transfer that broke off: the server is told so, and where its replies stand is found out.
import { ConnectionError, withDeadline } from '@ftps-kit/tls-core';
import type { Timeouts } from '../client-options.js';
import type { Features } from '../login/features.js';
import { isPeersDoing } from '../transfer/transfer-failure.js';
import type { ControlConnection } from './control-connection.js';
import type { Exchange } from './exchange.js';
import { outgoing } from './outgoing-command.js';

/** The login whose replies are looked for. */
export interface StepContext {
  readonly control: ControlConnection;
  readonly features: Features;
  readonly timeouts: Timeouts;
}

/** A transfer that broke off before its final reply. */
export interface BrokenTransfer {
  readonly exchange: Exchange;
  readonly failure: Error;
  /** Whether a data connection was made, of TCP at least. */
  readonly hasConnected: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Waits for the final reply where the server has a reason to send one, else aborts the transfer. Gives whether this side gave
 * the control connection up, as the server did not hear ABOR. Never rejects: the failure that began it is the one to tell, and
 * the control connection says for itself that it is lost.
 */
export async function comeIntoStep(
  context: StepContext,
  { exchange, failure, hasConnected, signal }: BrokenTransfer,
): Promise<boolean> {
  const { control, timeouts } = context;
  let isGivenUp = false;
  try {
    // A server whose data connection nobody made would wait for it.
    if (isPeersDoing(failure) && hasConnected) {
      await control.replyTo(exchange.final, { timeoutMs: timeouts.replyMs, signal });
    } else {
      await withDeadline('close', { timeoutMs: timeouts.closeMs }, abort(context, exchange), () => {
        isGivenUp = true;
        control.destroy(
          new ConnectionError('the server did not come back from an aborted transfer', { cause: failure }),
        );
      });
    }
  } catch {
    // Told by whoever asks the control connection.
  }
  return isGivenUp;
}

/** Finds out where the replies stand, in bounded time; a server that does not come back is left, and then this rejects. */
export function findStep(context: StepContext): Promise<void> {
  const { control, timeouts } = context;
  return withDeadline('close', { timeoutMs: timeouts.closeMs }, synchronize(context), () => {
    control.destroy(new ConnectionError('the server left commands without a reply'));
  });
}

/** RFC 959 §4.1.3 has 426 for the transfer and 226 for ABOR; Pure-FTPd has one 226 for both, ftp-srv may have three. */
async function abort(context: StepContext, { final }: Exchange): Promise<void> {
  context.control.begin(outgoing('ABOR'));
  await final;
  // Not earlier: Pure-FTPd looks for ABOR, and nothing else, while it sends.
  await synchronize(context);
}

async function synchronize({ control, features }: StepContext): Promise<void> {
  const barrier = features.size > 0 ? { verb: 'FEAT', code: 211 } : { verb: 'PWD', code: 257 };
  await control.synchronize({ command: outgoing(barrier.verb), code: barrier.code });
}
