// One row a command that OPTS (RFC 2389 §4) has options for.
import type { SubcommandRow, SubcommandTable } from './command-row.js';
import { optsHash } from './handlers/opts-hash.js';
import { optsMlst } from './handlers/opts-mlst.js';
import { optsUtf8 } from './handlers/opts-utf8.js';

const rows = {
  HASH: { argument: 'optional', help: 'OPTS HASH [algorithm]', rfc: 'draft-bryan-ftpext-hash §3.2', handle: optsHash },
  MLST: { argument: 'optional', help: 'OPTS MLST facts', rfc: 'RFC 3659 §7.9', handle: optsMlst },
  UTF8: { argument: 'optional', help: 'OPTS UTF8 ON', rfc: 'RFC 2389 §4', handle: optsUtf8 },
} satisfies Record<string, SubcommandRow>;

export const optionsTable: SubcommandTable = new Map<string, SubcommandRow>(Object.entries(rows));
