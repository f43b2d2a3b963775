// PORT (RFC 959 §4.1.2): the client waits for the data connection at an IPv4 port.
import { ReplyCode, ipFamily, parsePortArgument } from '@ftps-kit/ftp-protocol';
import { activeModeRefusal, openActive } from '../active-mode.js';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function port(context: CommandContext): Outcome | Promise<Outcome> {
  const refusal = activeModeRefusal(context);
  if (refusal !== undefined) return refusal;
  const to = parsePortArgument(context.argument);
  if (ipFamily(context.session.local.address) !== 4) {
    return outcome(ReplyCode.ParameterNotImplemented, 'PORT is for IPv4; use EPRT or EPSV.');
  }
  return openActive(context, to);
}
