// HELP (RFC 959 §4.1.3): the commands, or how one is written, from the command table.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function help({ argument, table }: CommandContext): Outcome {
  if (argument !== '') {
    const row = table.get(argument.toUpperCase());
    if (row === undefined) return outcome(ReplyCode.CommandNotImplemented, 'There is no such command.');
    return outcome(ReplyCode.HelpMessage, `${row.help} (${row.rfc})`);
  }
  const lines = ['Commands:'];
  for (const verb of table.keys()) {
    const last = lines.length - 1;
    const line = `${lines[last] ?? ''} ${verb}`;
    if (last === 0 || line.length > 60) lines.push(` ${verb}`);
    else lines[last] = line;
  }
  return outcome(ReplyCode.HelpMessage, [...lines, 'End']);
}
