// STAT (RFC 959 §4.1.3): how things stand, in the middle of a transfer too; with a path, a listing on the control connection.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { tellLimit } from '../limit-event.js';
import { unixLine } from '../listing.js';
import { linesOf } from '../listing-transfer.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath, nameOf } from '../paths.js';
import { requirePermission } from '../permissions.js';

export function stat(context: CommandContext): Outcome | Promise<Outcome> {
  return context.argument === '' ? status(context) : listing(context);
}

function status({ session }: CommandContext): Outcome {
  const { transfer } = session;
  return outcome(ReplyCode.SystemStatus, [
    'Status:',
    `Connected from ${session.client.address}, logged in as ${session.account.name}.`,
    `TYPE ${session.type === 'ascii' ? 'A' : 'I'}, PROT ${session.protection}.`,
    transfer === undefined
      ? 'No transfer is under way.'
      : `${transfer.command} ${transfer.path}: ${transfer.bytes()} bytes so far.`,
    'End of status.',
  ]);
}

async function listing(context: CommandContext): Promise<Outcome> {
  const { session, server } = context;
  requirePermission(session.account, 'list');
  const { fileSystem } = session.account;
  const { maxStatusEntries } = server.settings.limits;
  const path = argumentPath(context);
  const found = await fileSystem.stat(path);
  const isDirectory = found.type === 'directory';
  const entries = isDirectory ? fileSystem.list(path) : [{ ...found, name: nameOf(path) }];
  const now = new Date();
  const lines: string[] = [];
  for await (const line of linesOf(entries, (entry) => unixLine(entry, now))) {
    if (lines.push(line) > maxStatusEntries) {
      tellLimit(server, session, 'maxStatusEntries', `a directory has more than ${maxStatusEntries} entries`);
      return outcome(ReplyCode.FileBusy, `The directory has more than ${maxStatusEntries} entries: use LIST.`);
    }
  }
  const code = isDirectory ? ReplyCode.DirectoryStatus : ReplyCode.FileStatus;
  return outcome(code, [`Status of ${path}:`, ...lines, 'End of status.']);
}
