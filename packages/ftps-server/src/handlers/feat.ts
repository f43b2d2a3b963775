// FEAT (RFC 2389 §3): what this server can do beyond RFC 959, from the command table.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function feat(context: CommandContext): Outcome {
  // RFC 2640 §3.2 and RFC 3659 §6 name two features that belong to no single command.
  const features = ['UTF8', 'TVFS'];
  for (const { feature } of context.table.values()) {
    if (feature !== undefined) features.push(typeof feature === 'string' ? feature : feature(context));
  }
  return outcome(ReplyCode.SystemStatus, ['Features:', ...features.map((line) => ` ${line}`), 'End']);
}
