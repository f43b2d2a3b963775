// PWD (RFC 959 §4.1.3): the working directory.
import { ReplyCode, quotePath } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function pwd({ session }: CommandContext): Outcome {
  return outcome(ReplyCode.PathnameCreated, `${quotePath(session.workingDirectory)} is the working directory.`);
}
