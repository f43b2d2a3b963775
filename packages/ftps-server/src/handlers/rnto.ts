// RNTO (RFC 959 §4.1.3): the new name.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { denial } from '../gate.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath } from '../paths.js';
import { allows } from '../permissions.js';
import { isThere } from '../presence.js';

export async function rnto(context: CommandContext): Promise<Outcome> {
  const { session, server } = context;
  const from = session.renameFrom;
  if (from === undefined) return outcome(ReplyCode.BadSequence, 'Send RNFR first.');
  session.renameFrom = undefined;
  const { account } = session;
  const to = argumentPath(context);
  // To rename over a file is to write it.
  if (!allows(account, 'write') && (await isThere(account.fileSystem, to))) return denial('write');
  await server.hashing.rename(account.fileSystem, from, to);
  return outcome(ReplyCode.FileActionOkay, 'Renamed.');
}
