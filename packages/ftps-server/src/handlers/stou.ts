// STOU (RFC 959 §4.1.3): a file from the client, under a name that no other one has.
import { randomBytes } from 'node:crypto';
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';
import { argumentPath, nameOf } from '../paths.js';
import { isThere } from '../presence.js';
import { uploadOutcome } from '../upload-transfer.js';

export async function stou(context: CommandContext): Promise<Outcome> {
  const { session } = context;
  // RFC 3659 §5.3: "STOU (store unique) is undefined in this usage".
  if (session.takeRestart() > 0) return outcome(ReplyCode.FileUnavailable, 'A new file has nothing to restart.');
  const path = await uniquePath(context);
  return uploadOutcome(context, {
    path,
    // Somebody else may take the name before the first byte comes: then nothing is overwritten.
    modeFor: () => ({ kind: 'create' }),
    // RFC 1123 §4.1.2.9: 'The format of this message is hereby defined to be as follows: 125 FILE: pppp, 150 FILE: pppp'.
    announcement: `FILE: ${nameOf(path)}`,
  });
}

/**
 * DEVIATION RFC 959 §5.3.1: STOU takes no argument there. Clients send the name that they would like; it is taken where
 * nothing has it, and else begins the name.
 */
async function uniquePath(context: CommandContext): Promise<string> {
  const { argument, session } = context;
  const { fileSystem } = session.account;
  const wish = argumentPath({ ...context, argument: argument === '' ? 'upload' : argument });
  if (argument !== '' && !(await isThere(fileSystem, wish))) return wish;
  return `${wish}.${randomBytes(8).toString('hex')}`;
}
