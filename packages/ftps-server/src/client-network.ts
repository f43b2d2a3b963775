// Whom a limit per address counts as one.
import { addressGroups, withoutZone } from '@ftps-kit/ftp-protocol';

/**
 * The network that is counted as one client: an IPv4 address, or the /64 of an IPv6 address, of which a single subscriber
 * has 2^64 (RFC 4291 §2.5.4).
 */
export function clientNetwork(address: string): string {
  // A zone says by which interface, and nothing of the network.
  const groups = addressGroups(withoutZone(address));
  if (groups === undefined) return address;
  // RFC 4291 §2.5.5.2: IPv4 addresses stand behind ::ffff.
  const isIpv4 = groups.slice(0, 6).join(':') === '0:0:0:0:0:65535';
  return (isIpv4 ? groups : groups.slice(0, 4)).join(':');
}
