// REIN (RFC 959 §4.1.1): back to where the connection was when it came, TLS included (RFC 4217 §13).
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function rein({ session, server }: CommandContext): Outcome {
  const { name, capabilities } = server.settings.engine;
  if (session.security === 'protected' && !capabilities.returnsToClear) {
    return outcome(
      ReplyCode.CommandNotImplemented,
      `The ${name} engine cannot end TLS and keep the connection: open another one.`,
    );
  }
  return outcome(ReplyCode.ServiceReady, 'Ready for another user.', 'reinitialize');
}
