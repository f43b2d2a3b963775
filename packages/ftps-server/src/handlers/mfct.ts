// MFCT (draft-somers-ftp-mfxx §4): sets when a file was created, UTC.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import { capability, notCapable } from '../capability.js';
import type { CommandContext } from '../command-row.js';
import { createdFact, parseTimeAndPath } from '../modify-facts.js';
import { outcome, type Outcome } from '../outcome.js';

export async function mfct(context: CommandContext): Promise<Outcome> {
  const setCreated = capability(context.session, 'setCreated');
  if (setCreated === undefined) return notCapable();
  const { time, path, name } = parseTimeAndPath(context);
  await setCreated(path, time);
  const stat = await context.session.account.fileSystem.stat(path);
  return outcome(ReplyCode.FileStatus, `${createdFact(stat)} ${name}`);
}
