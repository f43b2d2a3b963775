// Where the next transfer begins (RFC 3659 §5).
import { GrammarError } from '@ftps-kit/ftp-protocol';
import type { Session } from './session.js';

/**
 * The offset that REST set, which serves one transfer. Throws `GrammarError` (504) for one in TYPE A: it would count the
 * bytes of line ends that the file does not have. RFC 3659 §5.3: errors of REST "should be reported when the following
 * transfer command is issued".
 */
export function takeRestart(session: Session): number {
  const offset = session.takeRestart();
  if (offset === 0 || session.type === 'image') return offset;
  throw new GrammarError('a transfer can be restarted in TYPE I only', { replyCode: 504 });
}
