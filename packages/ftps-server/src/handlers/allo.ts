// ALLO (RFC 959 §4.1.3): room for an upload. None is set aside; what surely has none is told so before it is sent.
import { ReplyCode, parseAllocation } from '@ftps-kit/ftp-protocol';
import { capability } from '../capability.js';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export async function allo({ argument, session }: CommandContext): Promise<Outcome> {
  const { sizeBytes } = parseAllocation(argument);
  const freeSpace = capability(session, 'freeSpace');
  if (freeSpace === undefined) return outcome(ReplyCode.CommandSuperfluous, 'No need to allocate.');
  const freeBytes = await freeSpace(session.workingDirectory);
  if (sizeBytes <= freeBytes) return outcome(ReplyCode.CommandOkay, `There is room for ${sizeBytes} bytes.`);
  const code = session.account.quotaBytes === undefined ? ReplyCode.InsufficientStorage : ReplyCode.StorageExceeded;
  return outcome(code, `There is room for ${freeBytes} bytes only.`);
}
