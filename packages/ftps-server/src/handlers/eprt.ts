// EPRT (RFC 2428 §2): the client waits for the data connection at a port of any network protocol.
import { ipFamily, parseEprtArgument } from '@ftps-kit/ftp-protocol';
import { activeModeRefusal, openActive } from '../active-mode.js';
import type { CommandContext } from '../command-row.js';
import { protocolRefusal } from '../network-protocol.js';
import type { Outcome } from '../outcome.js';

export function eprt(context: CommandContext): Outcome | Promise<Outcome> {
  const refusal = activeModeRefusal(context);
  if (refusal !== undefined) return refusal;
  const to = parseEprtArgument(context.argument);
  return protocolRefusal(context.session, ipFamily(to.host) ?? 4) ?? openActive(context, to);
}
