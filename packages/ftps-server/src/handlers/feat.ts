// FEAT (RFC 2389 §3): what this server can do beyond RFC 959, one feature a line.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext, SubcommandRow } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function feat(context: CommandContext): Outcome {
  // RFC 2640 §3.2 and RFC 3659 §6 name two features that belong to no single command.
  const features = ['UTF8', 'TVFS'];
  const add = (rows: Iterable<SubcommandRow>): void => {
    for (const { feature } of rows) {
      const line = typeof feature === 'function' ? feature(context) : feature;
      if (line !== undefined) features.push(line);
    }
  };
  for (const row of context.table.values()) {
    add([row]);
    if (row.subcommands !== undefined) add(row.subcommands.values());
  }
  return outcome(ReplyCode.SystemStatus, ['Features:', ...features.map((line) => ` ${line}`), 'End']);
}
