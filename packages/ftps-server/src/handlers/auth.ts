// AUTH TLS (RFC 4217 §4): the control connection becomes a protected one.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

// RFC 4217 §17 registers TLS and TLS-C; SSL is what old clients still say, and it means the same handshake.
const MECHANISMS = ['TLS', 'TLS-C', 'SSL'];

export function auth({ argument, session }: CommandContext): Outcome {
  if (session.security !== 'clear') return outcome(ReplyCode.BadSequence, 'TLS is on already.');
  if (!MECHANISMS.includes(argument.toUpperCase())) {
    return outcome(ReplyCode.ParameterNotImplemented, 'Only AUTH TLS is known.');
  }
  return outcome(ReplyCode.SecurityExchangeComplete, 'Begin with TLS.', 'upgrade');
}
