// EPSV (RFC 2428 §3): a port of either protocol for the next transfer.
import { ReplyCode, encodeExtendedPassiveReply, parseEpsvArgument } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { protocolRefusal } from '../network-protocol.js';
import { outcome, type Outcome } from '../outcome.js';
import { openPassive } from '../passive-mode.js';

export async function epsv(context: CommandContext): Promise<Outcome> {
  const { session } = context;
  const request = parseEpsvArgument(context.argument);
  if (request.kind === 'all') {
    session.extendedPassiveOnly = true;
    return outcome(ReplyCode.CommandOkay, 'EPSV ALL: nothing else from here on.');
  }
  if (request.kind === 'family') {
    const refusal = protocolRefusal(session, request.family);
    if (refusal !== undefined) return refusal;
  }
  const { port } = await openPassive(context);
  return outcome(ReplyCode.EnteringExtendedPassiveMode, encodeExtendedPassiveReply(port));
}
