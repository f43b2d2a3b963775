// PBSZ (RFC 4217 §9): required before PROT, and always 0 with TLS.
import { ReplyCode, parseProtectionBufferSize } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function pbsz({ argument, session }: CommandContext): Outcome {
  parseProtectionBufferSize(argument);
  session.protectionBufferSet = true;
  return outcome(ReplyCode.CommandOkay, 'PBSZ=0');
}
