// ALLO (RFC 959 §4.1.3): room for an upload, which this server needs not be asked for.
import { ReplyCode, parseAllocation } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function allo({ argument }: CommandContext): Outcome {
  parseAllocation(argument);
  return outcome(ReplyCode.CommandSuperfluous, 'No need to allocate.');
}
