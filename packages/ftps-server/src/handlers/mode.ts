// MODE (RFC 959 §5.3.2): only streams.
import { ReplyCode, parseTransferMode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function mode({ argument }: CommandContext): Outcome {
  if (parseTransferMode(argument) !== 'stream') {
    return outcome(ReplyCode.ParameterNotImplemented, 'Only MODE S is implemented.');
  }
  return outcome(ReplyCode.CommandOkay, 'Mode is S.');
}
