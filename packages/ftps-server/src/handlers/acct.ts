// ACCT (RFC 959 §4.1.1): a login here has no second account behind it.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import { outcome, type Outcome } from '../outcome.js';

export function acct(): Outcome {
  return outcome(ReplyCode.CommandSuperfluous, 'No account is needed.');
}
