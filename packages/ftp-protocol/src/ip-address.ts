// IP addresses as text, read strictly, so that two spellings of one host can be told to be the same.

/** Which of the two protocols; their numbers on the wire are 1 and 2 (RFC 2428 §2). */
export type IpFamily = 4 | 6;

const decimalByte = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ipv4Pattern = new RegExp(`^${Array.from({ length: 4 }, () => decimalByte).join('\\.')}$`);
const ipv6GroupPattern = /^[0-9A-Fa-f]{1,4}$/;
/** RFC 4291 §2.5.5.2. */
const mappedPrefix = [0, 0, 0, 0, 0, 0xffff];

/** 4 or 6 for an address in its usual text form (RFC 4291 §2.2 for IPv6), without a zone; undefined for anything else. */
export function ipFamily(address: string): IpFamily | undefined {
  if (ipv4Pattern.test(address)) return 4;
  return parseIpv6(address) === undefined ? undefined : 6;
}

/**
 * Whether two addresses are one host: `::1` and `0:0::1` are, and so are `192.0.2.1` and `::ffff:192.0.2.1`, as an IPv4
 * peer appears on a socket that listens for both. Two zones that differ are two hosts (RFC 4007 §6); where only one address
 * names its zone, as FTP cannot, the zone says nothing. False when either is no address.
 */
export function isSameAddress(one: string, other: string): boolean {
  const canonical = addressGroups(withoutZone(one))?.join(':');
  if (canonical === undefined || canonical !== addressGroups(withoutZone(other))?.join(':')) return false;
  const [zone, otherZone] = [zoneOf(one), zoneOf(other)];
  return zone === '' || otherZone === '' || zone === otherZone;
}

/** The address alone: `fe80::1` for `fe80::1%eth0` (RFC 4007 §11), which says on which link of this machine that is. */
export function withoutZone(address: string): string {
  return address.slice(0, address.length - zoneOf(address).length);
}

/** `%eth0` of `fe80::1%eth0`, or nothing. Addresses of IPv4 have none. */
function zoneOf(address: string): string {
  return /^[^%]*:[^%]*(%[^%]+)$/.exec(address)?.[1] ?? '';
}

/** The eight 16-bit groups of an address, an IPv4 one as it is mapped into IPv6; undefined where it is none. */
export function addressGroups(address: string): readonly number[] | undefined {
  const ipv4 = parseIpv4(address);
  return ipv4 === undefined ? parseIpv6(address) : [...mappedPrefix, ...ipv4];
}

/** The two 16-bit groups of an IPv4 address. */
function parseIpv4(text: string): readonly number[] | undefined {
  const match = ipv4Pattern.exec(text);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1).map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** The eight groups of an IPv6 address. */
function parseIpv6(text: string): readonly number[] | undefined {
  if (text.length > 45) return undefined;
  const [before = '', after, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  // An IPv4 tail may only stand at the very end.
  const head = parseGroups(before, after === undefined);
  const tail = after === undefined ? [] : parseGroups(after, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  // "::" stands for one or more groups of zeros.
  if (after === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

function parseGroups(text: string, mayEndInIpv4: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const ipv4 = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(...ipv4);
    else if (ipv6GroupPattern.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
