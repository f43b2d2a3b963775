// SITE (RFC 959 §4.1.3): what this server has beyond the RFCs, by a table of its own.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';
import { siteTable } from '../site-table.js';
import { doSubcommand } from '../subcommands.js';

export function site(context: CommandContext): Outcome | Promise<Outcome> {
  return doSubcommand(
    context,
    siteTable,
    outcome(ReplyCode.ParameterNotImplemented, 'There is no such SITE command; SITE HELP lists those that there are.'),
  );
}
