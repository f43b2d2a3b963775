// One row a command: the gate, FEAT, HELP and the handler all come from here.
import { encodeMlstFeature } from '@ftps-kit/ftp-protocol';
import { hasCapability } from './capability.js';
import { facts, member, open, tls, transfer } from './command-gates.js';
import type { CommandRow, CommandTable } from './command-row.js';
import { directoryCommands, olderDirectoryCommands } from './directory-commands.js';
import { abor } from './handlers/abor.js';
import { acct } from './handlers/acct.js';
import { allo } from './handlers/allo.js';
import { appe } from './handlers/appe.js';
import { auth } from './handlers/auth.js';
import { ccc } from './handlers/ccc.js';
import { clnt } from './handlers/clnt.js';
import { dele } from './handlers/dele.js';
import { eprt } from './handlers/eprt.js';
import { epsv } from './handlers/epsv.js';
import { feat } from './handlers/feat.js';
import { help } from './handlers/help.js';
import { host } from './handlers/host.js';
import { list } from './handlers/list.js';
import { mdtm } from './handlers/mdtm.js';
import { mfct } from './handlers/mfct.js';
import { mff, mffFeature } from './handlers/mff.js';
import { mfmt } from './handlers/mfmt.js';
import { mlsd } from './handlers/mlsd.js';
import { mlst } from './handlers/mlst.js';
import { mode } from './handlers/mode.js';
import { nlst } from './handlers/nlst.js';
import { noop } from './handlers/noop.js';
import { opts } from './handlers/opts.js';
import { pass } from './handlers/pass.js';
import { pasv } from './handlers/pasv.js';
import { pbsz } from './handlers/pbsz.js';
import { port } from './handlers/port.js';
import { prot } from './handlers/prot.js';
import { quit } from './handlers/quit.js';
import { rang } from './handlers/rang.js';
import { rein } from './handlers/rein.js';
import { rest } from './handlers/rest.js';
import { retr } from './handlers/retr.js';
import { rnfr } from './handlers/rnfr.js';
import { rnto } from './handlers/rnto.js';
import { site } from './handlers/site.js';
import { size } from './handlers/size.js';
import { stat } from './handlers/stat.js';
import { stor } from './handlers/stor.js';
import { stou } from './handlers/stou.js';
import { stru } from './handlers/stru.js';
import { syst } from './handlers/syst.js';
import { type } from './handlers/type.js';
import { user } from './handlers/user.js';
import { hashCommands } from './hash-commands.js';
import { mlstFacts } from './listing.js';
import { optionsTable } from './options-table.js';
import { siteTable } from './site-table.js';

const rows: Readonly<Record<string, CommandRow>> = {
  AUTH: { ...open, argument: 'required', feature: 'AUTH TLS', help: 'AUTH TLS', rfc: 'RFC 4217 §4', handle: auth },
  PBSZ: { ...tls, argument: 'required', feature: 'PBSZ', help: 'PBSZ 0', rfc: 'RFC 4217 §9', handle: pbsz },
  PROT: { ...tls, argument: 'required', feature: 'PROT', help: 'PROT P', rfc: 'RFC 4217 §9', handle: prot },
  CCC: { ...tls, argument: 'none', help: 'CCC', rfc: 'RFC 4217 §12.3', handle: ccc },
  USER: { ...tls, argument: 'required', help: 'USER name', rfc: 'RFC 959 §4.1.1', handle: user },
  PASS: { ...tls, argument: 'optional', help: 'PASS password', rfc: 'RFC 959 §4.1.1', handle: pass },
  FEAT: { ...open, argument: 'none', help: 'FEAT', rfc: 'RFC 2389 §3', handle: feat },
  OPTS: {
    ...open,
    argument: 'required',
    subcommands: optionsTable,
    help: 'OPTS command [options]',
    rfc: 'RFC 2389 §4',
    handle: opts,
  },
  CLNT: { ...open, argument: 'required', feature: 'CLNT', help: 'CLNT name', rfc: 'de facto', handle: clnt },
  SYST: { ...open, argument: 'none', help: 'SYST', rfc: 'RFC 959 §4.1.3', handle: syst },
  HELP: { ...open, argument: 'optional', help: 'HELP [command]', rfc: 'RFC 959 §4.1.3', handle: help },
  NOOP: { ...open, argument: 'optional', help: 'NOOP', rfc: 'RFC 959 §4.1.3', handle: noop },
  HOST: { ...open, argument: 'required', feature: 'HOST', help: 'HOST name', rfc: 'RFC 7151 §3', handle: host },
  REIN: { ...open, argument: 'none', help: 'REIN', rfc: 'RFC 959 §4.1.1', handle: rein },
  QUIT: { ...open, argument: 'none', help: 'QUIT', rfc: 'RFC 959 §4.1.1', handle: quit },
  ...directoryCommands,
  LIST: {
    ...transfer,
    permission: 'list',
    argument: 'optional',
    help: 'LIST [path]',
    rfc: 'RFC 959 §4.1.3',
    handle: list,
  },
  NLST: {
    ...transfer,
    permission: 'list',
    argument: 'optional',
    help: 'NLST [path]',
    rfc: 'RFC 959 §4.1.3',
    handle: nlst,
  },
  MLSD: {
    ...transfer,
    permission: 'list',
    argument: 'optional',
    help: 'MLSD [path]',
    rfc: 'RFC 3659 §7',
    handle: mlsd,
  },
  MLST: {
    ...member,
    permission: 'list',
    argument: 'optional',
    feature: ({ session }) => encodeMlstFeature(mlstFacts(session)),
    help: 'MLST [path]',
    rfc: 'RFC 3659 §7',
    handle: mlst,
  },
  TYPE: { ...member, argument: 'required', help: 'TYPE A | TYPE I', rfc: 'RFC 959 §5.3.2', handle: type },
  STRU: { ...member, argument: 'required', help: 'STRU F', rfc: 'RFC 959 §5.3.2', handle: stru },
  MODE: { ...member, argument: 'required', help: 'MODE S', rfc: 'RFC 959 §5.3.2', handle: mode },
  PASV: { ...member, argument: 'none', help: 'PASV', rfc: 'RFC 959 §4.1.2', handle: pasv },
  EPSV: {
    ...member,
    argument: 'optional',
    feature: 'EPSV',
    help: 'EPSV [1 | 2 | ALL]',
    rfc: 'RFC 2428 §3',
    handle: epsv,
  },
  PORT: { ...member, argument: 'required', help: 'PORT h1,h2,h3,h4,p1,p2', rfc: 'RFC 959 §4.1.2', handle: port },
  EPRT: {
    ...member,
    argument: 'required',
    feature: ({ server }) => (server.settings.active === undefined ? undefined : 'EPRT'),
    help: 'EPRT |protocol|address|port|',
    rfc: 'RFC 2428 §2',
    handle: eprt,
  },
  REST: {
    ...member,
    argument: 'required',
    feature: 'REST STREAM',
    help: 'REST offset',
    rfc: 'RFC 3659 §5',
    handle: rest,
  },
  RETR: {
    ...transfer,
    permission: 'read',
    argument: 'required',
    help: 'RETR path',
    rfc: 'RFC 959 §4.1.3',
    handle: retr,
  },
  STOR: {
    ...transfer,
    permission: 'write',
    argument: 'required',
    help: 'STOR path',
    rfc: 'RFC 959 §4.1.3',
    handle: stor,
  },
  STOU: {
    ...transfer,
    permission: 'write',
    argument: 'optional',
    help: 'STOU [name]',
    rfc: 'RFC 959 §4.1.3',
    handle: stou,
  },
  ABOR: { ...member, argument: 'none', duringTransfer: 'aborts', help: 'ABOR', rfc: 'RFC 959 §4.1.3', handle: abor },
  STAT: {
    ...member,
    argument: 'optional',
    duringTransfer: 'overtakes',
    help: 'STAT [path]',
    rfc: 'RFC 959 §4.1.3',
    handle: stat,
  },
  APPE: {
    ...transfer,
    permission: 'write',
    argument: 'required',
    help: 'APPE path',
    rfc: 'RFC 959 §4.1.3',
    handle: appe,
  },
  ALLO: {
    ...member,
    permission: 'write',
    argument: 'required',
    help: 'ALLO bytes',
    rfc: 'RFC 959 §4.1.3',
    handle: allo,
  },
  ACCT: { ...member, argument: 'required', help: 'ACCT account', rfc: 'RFC 959 §4.1.1', handle: acct },
  DELE: {
    ...member,
    permission: 'delete',
    argument: 'required',
    help: 'DELE path',
    rfc: 'RFC 959 §4.1.3',
    handle: dele,
  },
  RNFR: {
    ...member,
    permission: 'rename',
    argument: 'required',
    help: 'RNFR path',
    rfc: 'RFC 959 §4.1.3',
    handle: rnfr,
  },
  RNTO: {
    ...member,
    permission: 'rename',
    argument: 'required',
    help: 'RNTO path',
    rfc: 'RFC 959 §4.1.3',
    handle: rnto,
  },
  SIZE: { ...facts, argument: 'required', feature: 'SIZE', help: 'SIZE path', rfc: 'RFC 3659 §4', handle: size },
  MDTM: { ...facts, argument: 'required', feature: 'MDTM', help: 'MDTM path', rfc: 'RFC 3659 §3', handle: mdtm },
  MFMT: {
    ...member,
    permission: 'write',
    argument: 'required',
    feature: 'MFMT',
    help: 'MFMT YYYYMMDDHHMMSS path',
    rfc: 'draft-somers-ftp-mfxx §3',
    handle: mfmt,
  },
  MFCT: {
    ...member,
    permission: 'write',
    argument: 'required',
    feature: ({ session }) => (hasCapability(session, 'setCreated') ? 'MFCT' : undefined),
    help: 'MFCT YYYYMMDDHHMMSS path',
    rfc: 'draft-somers-ftp-mfxx §4',
    handle: mfct,
  },
  MFF: {
    ...member,
    permission: 'write',
    argument: 'required',
    feature: mffFeature,
    help: 'MFF fact=value;[fact=value;…] path',
    rfc: 'draft-somers-ftp-mfxx §5',
    handle: mff,
  },
  RANG: {
    ...member,
    argument: 'required',
    feature: 'RANG STREAM',
    help: 'RANG first last',
    rfc: 'draft-bryan-ftp-range §3',
    handle: rang,
  },
  ...hashCommands,
  SITE: {
    ...member,
    argument: 'required',
    subcommands: siteTable,
    help: 'SITE command [argument]',
    rfc: 'RFC 959 §4.1.3',
    handle: site,
  },
  ...olderDirectoryCommands,
};

export const commandTable: CommandTable = new Map(Object.entries(rows));
