// SYST (RFC 959 §4.1.3): the form of LIST's lines, for clients that ask this way.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import { outcome, type Outcome } from '../outcome.js';

export function syst(): Outcome {
  return outcome(ReplyCode.SystemType, 'UNIX Type: L8');
}
