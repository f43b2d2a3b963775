// What a download asks of the server first, all in one flight where the server stands that.
import type { Reply } from '@ftps-kit/ftp-protocol';
import { isNegative } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { tryCommand } from '../login/tried-command.js';
import { timeToldIn } from '../remote/modification-time.js';
import { sizeToldIn, type RemoteFacts } from '../remote/remote-facts.js';
import type { Listening } from '../transfer/data-connection.js';
import { lostToOrder } from '../transfer/transfer-attempts.js';

/** What is wanted. */
export interface LookAhead {
  readonly path: string;
  readonly wantsSize: boolean;
  readonly wantsTime: boolean;
  /** Whether the transfer follows at once, so that the server may be asked to listen along with the rest. */
  readonly listens: boolean;
  readonly signal: AbortSignal | undefined;
}

/** What was told. */
export interface LookedAhead {
  readonly facts: RemoteFacts;
  /** Where the server listens for the transfer, where it was asked; who does not take it need not. */
  readonly listening: Promise<Listening> | undefined;
}

/**
 * Asks for size and time, where they are wanted, and for a passive port along with them. Rejects with `LostToOrderError` where the
 * login was lost to what was asked ahead of the transfer, as nothing of it has begun.
 */
export async function lookAhead(context: LoginContext, wanted: LookAhead): Promise<LookedAhead> {
  try {
    return await ask(context, wanted);
  } catch (error) {
    throw context.control.isLost && context.ahead.hasCostLogin ? lostToOrder(error) : error;
  }
}

async function ask(context: LoginContext, wanted: LookAhead): Promise<LookedAhead> {
  const { path, wantsSize, wantsTime, listens, signal } = wanted;
  const { data, ahead, traits } = context;
  // Another login of the same server may change both meanwhile.
  const pipelines = data.mayPipeline;
  const { extendedPassive } = traits;
  const size = wantsSize ? tryCommand(context, 'SIZE', path, signal) : undefined;
  if (!pipelines) await size;
  const time = wantsTime ? tryCommand(context, 'MDTM', path, signal) : undefined;
  // Alone it does better with the command.
  const asksAnyway = wantsSize || wantsTime;
  const mayListen = listens && asksAnyway && pipelines && !data.areActive;
  if (mayListen) ahead.hasten();
  const listening = mayListen && !ahead.isHolding ? data.listen(signal) : undefined;
  // Told by the transfer that takes it.
  listening?.catch(() => undefined);
  const [sizeReply, timeReply] = await Promise.all([size, time]);
  const facts = { sizeBytes: sizeToldIn(sizeReply), modifiedAt: timeToldIn(timeReply) };
  const isOdd = isOther(sizeReply, facts.sizeBytes) || isOther(timeReply, facts.modifiedAt);
  if (!pipelines || !isOdd) return { facts, listening };
  // ftp-srv does what comes in several pieces all at once, and answers first what it is done with first.
  await Promise.allSettled([listening]);
  traits.mindsPipelining = true;
  // What was taken for the reply to EPSV may have been another one.
  if (traits.extendedPassive !== 'works') traits.extendedPassive = extendedPassive;
  return ask(context, wanted);
}

/** Whether a reply that tells something does not tell what was asked for: it may be the one to another command. */
function isOther(reply: Reply | undefined, told: number | Date | undefined): boolean {
  return reply !== undefined && !isNegative(reply) && told === undefined && /[0-9]/.test(reply.lines.join(''));
}
