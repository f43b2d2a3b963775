// MFMT (draft-somers-ftp-mfxx §3): sets when a file was modified, UTC.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { modifiedFact, parseTimeAndPath } from '../modify-facts.js';
import { outcome, type Outcome } from '../outcome.js';

export async function mfmt(context: CommandContext): Promise<Outcome> {
  const { session, server } = context;
  const { time, path, name } = parseTimeAndPath(context);
  const stat = await server.hashing.setModified(session.account.fileSystem, path, time);
  return outcome(ReplyCode.FileStatus, `${modifiedFact(stat)} ${name}`);
}
