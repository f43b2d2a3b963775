// QUIT (RFC 959 §4.1.1): the end.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import { outcome, type Outcome } from '../outcome.js';

export function quit(): Outcome {
  return outcome(ReplyCode.ServiceClosing, 'Goodbye.', 'close');
}
