// EPRT, EPSV and the 229 reply: addresses of any family (RFC 2428).
import { GrammarError } from './errors.js';
import { isPort, type HostPort } from './host-port.js';
import { ipFamily, withoutZone, type IpFamily } from './ip-address.js';

/** What the argument of EPSV asks for (RFC 2428 §3). */
export type ExtendedPassiveRequest =
  /** No argument: the protocol of the control connection. */
  | { readonly kind: 'default' }
  | { readonly kind: 'family'; readonly family: IpFamily }
  /** From here on the server must refuse every other way to set up a data connection. */
  | { readonly kind: 'all' };

const digits = /^[0-9]+$/;
const portPattern = /^[0-9]{1,5}$/;
// RFC 2428 §2: "The delimiter character MUST be one of the ASCII characters in range 33-126 inclusive."
const delimiterPattern = /^[!-~]$/;
// RFC 2428 §3: "<text> (<d><d><d><tcp-port><d>)"; "The first two fields contained in the parenthesis MUST be blank."
const extendedPassivePattern = /\(([!-~])\1\1([0-9]{1,5})\1\)/;

/**
 * The argument of EPRT, `|1|132.235.1.2|6275|`.
 *
 * @throws GrammarError 522 for a family other than 1 and 2 (the reply must name "(1,2)"), else 501.
 */
export function parseEprtArgument(argument: string): HostPort {
  const delimiter = argument.charAt(0);
  const fields = argument.split(delimiter);
  const [before, protocol = '', host = '', port = '', after] = fields;
  if (!delimiterPattern.test(delimiter) || fields.length !== 5 || before !== '' || after !== '') {
    throw new GrammarError('EPRT takes |protocol|address|port|');
  }
  if (ipFamily(host) !== parseProtocol(protocol, 'EPRT')) {
    throw new GrammarError('the address of EPRT is none of the protocol it names');
  }
  return { host, port: parsePort(port) };
}

/**
 * The argument of EPRT. A zone of the address stays behind: it has no form in RFC 2428, and no meaning elsewhere.
 *
 * @throws GrammarError for what is no IP address, or no port.
 */
export function encodeEprtArgument({ host: here, port }: HostPort): string {
  const host = withoutZone(here);
  const family = ipFamily(host);
  if (family === undefined) throw new GrammarError('EPRT can only name an IP address');
  if (!isPort(port)) throw new GrammarError('a port lies between 1 and 65535');
  return `|${protocolNumber(family)}|${host}|${port}|`;
}

/**
 * The argument of EPSV: none, a protocol's number, or ALL in any case.
 *
 * @throws GrammarError 522 for a protocol other than 1 and 2, else 501.
 */
export function parseEpsvArgument(argument: string | undefined): ExtendedPassiveRequest {
  if (argument === undefined || argument === '') return { kind: 'default' };
  if (argument.toUpperCase() === 'ALL') return { kind: 'all' };
  return { kind: 'family', family: parseProtocol(argument, 'EPSV') };
}

/** The argument of EPSV, undefined for none. */
export function encodeEpsvArgument(request: ExtendedPassiveRequest): string | undefined {
  switch (request.kind) {
    case 'default':
      return undefined;
    case 'all':
      return 'ALL';
    case 'family':
      return protocolNumber(request.family);
  }
}

/** The port in the text of a 229 reply; the host is that of the control connection. @throws GrammarError without one. */
export function parseExtendedPassiveReply(text: string): number {
  const port = extendedPassivePattern.exec(text)?.[2];
  if (port === undefined) throw new GrammarError('the 229 reply holds no (|||port|)');
  return parsePort(port);
}

/** The text of a 229 reply. @throws GrammarError for what is no port. */
export function encodeExtendedPassiveReply(port: number): string {
  if (!isPort(port)) throw new GrammarError('a port lies between 1 and 65535');
  return `Entering Extended Passive Mode (|||${port}|)`;
}

function protocolNumber(family: IpFamily): '1' | '2' {
  return family === 4 ? '1' : '2';
}

function parseProtocol(protocol: string, verb: string): IpFamily {
  if (protocol === '1') return 4;
  if (protocol === '2') return 6;
  // RFC 2428 §2: "The response code 522 indicates that the server does not support the requested network protocol."
  if (digits.test(protocol)) throw new GrammarError(`${verb} names an unknown network protocol`, { replyCode: 522 });
  throw new GrammarError(`${verb} takes the number of a network protocol`);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!portPattern.test(text) || !isPort(port)) throw new GrammarError('a port lies between 1 and 65535');
  return port;
}
