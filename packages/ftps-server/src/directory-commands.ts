// The rows of the commands for directories, under their own names and the older ones.
import { member } from './command-gates.js';
import type { CommandRow } from './command-row.js';
import { cdup } from './handlers/cdup.js';
import { cwd } from './handlers/cwd.js';
import { mkd } from './handlers/mkd.js';
import { pwd } from './handlers/pwd.js';
import { rmd } from './handlers/rmd.js';

export const directoryCommands = {
  CWD: { ...member, argument: 'required', help: 'CWD path', rfc: 'RFC 959 §4.1.1', handle: cwd },
  CDUP: { ...member, argument: 'none', help: 'CDUP', rfc: 'RFC 959 §4.1.1', handle: cdup },
  PWD: { ...member, argument: 'none', help: 'PWD', rfc: 'RFC 959 §4.1.3', handle: pwd },
  MKD: {
    ...member,
    permission: 'makeDirectories',
    argument: 'required',
    help: 'MKD path',
    rfc: 'RFC 959 §4.1.3',
    handle: mkd,
  },
  RMD: { ...member, permission: 'delete', argument: 'required', help: 'RMD path', rfc: 'RFC 959 §4.1.3', handle: rmd },
} satisfies Record<string, CommandRow>;

const older = { rfc: 'RFC 1123 §4.1.3.1' } as const;

/** The same under the names that they had before RFC 959. */
export const olderDirectoryCommands = {
  XCWD: { ...directoryCommands.CWD, ...older, help: 'XCWD path' },
  XCUP: { ...directoryCommands.CDUP, ...older, help: 'XCUP' },
  XMKD: { ...directoryCommands.MKD, ...older, help: 'XMKD path' },
  XPWD: { ...directoryCommands.PWD, ...older, help: 'XPWD' },
  XRMD: { ...directoryCommands.RMD, ...older, help: 'XRMD path' },
} satisfies Record<string, CommandRow>;
