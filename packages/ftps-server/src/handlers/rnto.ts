// RNTO (RFC 959 §4.1.3): the new name.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath, requireWriting } from '../paths.js';

export async function rnto(context: CommandContext): Promise<Outcome> {
  requireWriting(context);
  const { session } = context;
  const from = session.renameFrom;
  if (from === undefined) return outcome(ReplyCode.BadSequence, 'Send RNFR first.');
  session.renameFrom = undefined;
  await session.account.fileSystem.rename(from, argumentPath(context));
  return outcome(ReplyCode.FileActionOkay, 'Renamed.');
}
