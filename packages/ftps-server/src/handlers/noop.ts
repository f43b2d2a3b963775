// NOOP (RFC 959 §4.1.3): still there.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import { outcome, type Outcome } from '../outcome.js';

export function noop(): Outcome {
  return outcome(ReplyCode.CommandOkay, 'OK.');
}
