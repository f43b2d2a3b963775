// One row a subcommand of SITE (RFC 959 §4.1.3): what this server has beyond the RFCs. HELP SITE comes from here.
import type { SubcommandRow, SubcommandTable } from './command-row.js';
import { siteChmod } from './handlers/site-chmod.js';
import { siteHelp } from './handlers/site-help.js';
import { siteUtime } from './handlers/site-utime.js';

const rows = {
  CHMOD: {
    permission: 'write',
    argument: 'required',
    help: 'SITE CHMOD mode path',
    rfc: 'de facto',
    handle: siteChmod,
  },
  HELP: { argument: 'optional', help: 'SITE HELP [command]', rfc: 'RFC 959 §4.1.3', handle: siteHelp },
  UTIME: {
    permission: 'write',
    argument: 'required',
    help: 'SITE UTIME YYYYMMDDhhmm[ss] path | SITE UTIME path accessed modified created UTC',
    rfc: 'de facto',
    handle: siteUtime,
  },
} satisfies Record<string, SubcommandRow>;

export const siteTable: SubcommandTable = new Map<string, SubcommandRow>(Object.entries(rows));
