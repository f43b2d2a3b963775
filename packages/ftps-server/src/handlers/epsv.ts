// EPSV (RFC 2428 §3): a port of either protocol for the next transfer.
import { ReplyCode, encodeExtendedPassiveReply, ipFamily, parseEpsvArgument } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';
import { openPassive } from '../passive-mode.js';

export async function epsv(context: CommandContext): Promise<Outcome> {
  const { session } = context;
  const request = parseEpsvArgument(context.argument);
  if (request.kind === 'all') {
    session.extendedPassiveOnly = true;
    return outcome(ReplyCode.CommandOkay, 'EPSV ALL: nothing else from here on.');
  }
  const family = ipFamily(session.local.address);
  if (request.kind === 'family' && request.family !== family) {
    // RFC 2428 §3: 522 with the numbers of the protocols that are supported.
    const supported = family === 4 ? 1 : 2;
    return outcome(ReplyCode.NetworkProtocolNotSupported, `Network protocol not supported, use (${supported})`);
  }
  const { port } = await openPassive(context);
  return outcome(ReplyCode.EnteringExtendedPassiveMode, encodeExtendedPassiveReply(port));
}
