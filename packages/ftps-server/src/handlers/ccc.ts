// CCC (RFC 4217 §12.3): the control connection is never cleared.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import { outcome, type Outcome } from '../outcome.js';

export function ccc(): Outcome {
  // RFC 4217 §15.3: "Using the CCC command can create security issues." And the TLS session that data connections must
  // resume would end with it. RFC 2228 §3: a server that does not allow it replies 534.
  return outcome(ReplyCode.RequestDeniedByPolicy, 'The control connection stays protected.');
}
