// One row a subcommand of SITE (RFC 959 §4.1.3): what this server has beyond the RFCs. HELP SITE comes from here.
import type { SubcommandRow, SubcommandTable } from './command-row.js';
import { siteHelp } from './handlers/site-help.js';

const rows = {
  HELP: { argument: 'optional', help: 'SITE HELP [command]', rfc: 'RFC 959 §4.1.3', handle: siteHelp },
} satisfies Record<string, SubcommandRow>;

export const siteTable: SubcommandTable = new Map<string, SubcommandRow>(Object.entries(rows));
