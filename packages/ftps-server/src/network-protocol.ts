// Which network protocol (RFC 2428 §2) the data connections of a session have: that of its control connection.
import { ReplyCode, ipFamily, withoutZone, type IpFamily } from '@ftps-kit/ftp-protocol';
import { outcome, type Outcome } from './outcome.js';
import type { Session } from './session.js';

/** RFC 2428 §2: 522 for a protocol that is not supported, with the numbers of those that are. */
export function protocolRefusal({ local }: Session, family: IpFamily): Outcome | undefined {
  const own = ipFamily(withoutZone(local.address));
  if (family === own) return undefined;
  return outcome(ReplyCode.NetworkProtocolNotSupported, `Network protocol not supported, use (${own === 4 ? 1 : 2})`);
}
