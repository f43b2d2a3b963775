// The argument of HOST (RFC 7151 §3.1): a name, or the literal form of an address.
import { GrammarError } from './errors.js';
import { ipFamily } from './ip-address.js';

/** What HOST names; a name in lower case, an address without brackets. */
export interface HostName {
  readonly kind: 'name' | 'address';
  readonly text: string;
}

// RFC 7151 §3.1: sub-domain = let-dig [ldh-str]. RFC 1034 §3.1: labels have 63 octets or less, names 255 or less.
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const namePattern = new RegExp(`^${label}(?:\\.${label})*$`);
const maxNameLength = 253;

/**
 * The argument of HOST. A port behind it is no part of the grammar.
 *
 * @throws GrammarError 501 for anything else.
 */
export function parseHostName(argument: string): HostName {
  const text = argument.toLowerCase();
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1];
  // RFC 7151 §3.1: an IPv6 address "is required to be enclosed in square brackets".
  if (bracketed !== undefined && ipFamily(bracketed) === 6) return { kind: 'address', text: bracketed };
  if (ipFamily(text) === 4) return { kind: 'address', text };
  if (text.length <= maxNameLength && namePattern.test(text)) return { kind: 'name', text };
  throw new GrammarError('HOST takes a host name, an IPv4 address, or an IPv6 address in square brackets');
}
