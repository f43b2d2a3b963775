// The six numbers of PORT and of the 227 reply (RFC 959 §4.1.2, §5.3.2).
import { GrammarError } from './errors.js';
import { ipFamily } from './ip-address.js';

/** Where a data connection is to go. */
export interface HostPort {
  /** An IPv4 or IPv6 address as text. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

const number = '([0-9]{1,3})';
const sixNumbers = Array.from({ length: 6 }, () => number).join(',');
const argumentPattern = new RegExp(`^${sixNumbers}$`);
const passivePattern = new RegExp(`(?<![0-9])${sixNumbers}(?![0-9])`);

/**
 * The argument of PORT, `h1,h2,h3,h4,p1,p2`.
 *
 * @throws GrammarError 501 for anything but six numbers of 0 to 255, and for port 0.
 */
export function parsePortArgument(argument: string): HostPort {
  return toHostPort(argumentPattern.exec(argument), 'PORT takes six numbers of 0 to 255');
}

/** The argument of PORT. @throws GrammarError for what is no IPv4 address, or no port. */
export function encodePortArgument(endpoint: HostPort): string {
  return encodeSixNumbers(endpoint);
}

/**
 * The address in the text of a 227 reply. It may be unreachable (0.0.0.0, or one behind a NAT); that is for the caller.
 *
 * @throws GrammarError when there are no six numbers in it, or one is out of range.
 */
export function parsePassiveReply(text: string): HostPort {
  // RFC 1123 §4.1.2.6: the format of the 227 reply differs between servers, parentheses included; a client has to scan it
  // for the host and port numbers.
  return toHostPort(passivePattern.exec(text), 'the 227 reply holds no six numbers of 0 to 255');
}

/** The text of a 227 reply. @throws GrammarError for what is no IPv4 address, or no port. */
export function encodePassiveReply(endpoint: HostPort): string {
  // RFC 959 §4.2.2: "227 Entering Passive Mode (h1,h2,h3,h4,p1,p2)."
  return `Entering Passive Mode (${encodeSixNumbers(endpoint)}).`;
}

/** Whether `port` can be the port of a data connection: a whole number from 1 to 65535. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function toHostPort(match: RegExpExecArray | null, message: string): HostPort {
  const numbers = match?.slice(1).map(Number) ?? [];
  // DEVIATION RFC 959 §5.3.2: <number> is "1 through 255" there; a 0 is in many an address and port.
  if (numbers.length !== 6 || numbers.some((value) => value > 255)) throw new GrammarError(message);
  const [high = 0, low = 0] = numbers.slice(4);
  const port = high * 256 + low;
  if (!isPort(port)) throw new GrammarError('port 0 cannot be connected to');
  return { host: numbers.slice(0, 4).join('.'), port };
}

function encodeSixNumbers({ host, port }: HostPort): string {
  if (ipFamily(host) !== 4) throw new GrammarError('PORT and PASV can only name an IPv4 address');
  if (!isPort(port)) throw new GrammarError('a port lies between 1 and 65535');
  return `${host.replaceAll('.', ',')},${port >> 8},${port & 0xff}`;
}
