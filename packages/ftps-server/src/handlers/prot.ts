// PROT (RFC 4217 §9): whether data connections are protected. They must be.
import { ReplyCode, isTlsProtectionLevel, parseProtectionLevel } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function prot({ argument, session }: CommandContext): Outcome {
  const level = parseProtectionLevel(argument);
  // RFC 4217 §9: PBSZ must come before PROT.
  if (!session.protectionBufferSet) return outcome(ReplyCode.BadSequence, 'Send PBSZ 0 first.');
  if (!isTlsProtectionLevel(level)) {
    return outcome(ReplyCode.ProtectionLevelNotSupported, 'With TLS there are only PROT C and PROT P.');
  }
  if (level === 'C') return outcome(ReplyCode.RequestDeniedByPolicy, 'Data connections must be protected: use PROT P.');
  session.protection = level;
  return outcome(ReplyCode.CommandOkay, 'Data connections are protected.');
}
