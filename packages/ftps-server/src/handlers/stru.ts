// STRU (RFC 959 §5.3.2): only files.
import { ReplyCode, parseFileStructure } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function stru({ argument }: CommandContext): Outcome {
  parseFileStructure(argument);
  return outcome(ReplyCode.CommandOkay, 'Structure is F.');
}
