// OPTS (RFC 2389 §4): options for other commands, by the table of those that have some.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { optionsTable } from '../options-table.js';
import { outcome, type Outcome } from '../outcome.js';
import { doSubcommand } from '../subcommands.js';

export function opts(context: CommandContext): Outcome | Promise<Outcome> {
  const known = [...optionsTable.keys()].join(', ');
  return doSubcommand(
    context,
    optionsTable,
    outcome(ReplyCode.ArgumentSyntaxError, `There are options for these only: ${known}.`),
  );
}
