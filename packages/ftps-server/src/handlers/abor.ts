// ABOR (RFC 959 §4.1.3): nothing moves any more. A transfer that was under way is over and has had its own reply by now.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function abor({ session }: CommandContext): Outcome {
  session.takeOpener()?.close();
  return outcome(ReplyCode.ClosingDataConnection, 'No transfer is under way any more.');
}
