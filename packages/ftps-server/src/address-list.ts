// Addresses and networks in CIDR form, IPv4 and IPv6, and who is among them.
import { BlockList, isIP } from 'node:net';
import { withoutZone } from '@ftps-kit/ftp-protocol';
import { ConfigError } from '@ftps-kit/tls-core';

/** `::ffff:0:0/96` holds IPv4 addresses (RFC 4291 §2.5.5.2). */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const MAPPED_BITS = 96;

/** A set of addresses. An IPv4 address that is written as an IPv6 one (`::ffff:192.0.2.1`) is the same address. */
export class AddressList {
  readonly #list = new BlockList();

  /** Takes `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`; throws `ConfigError` that begins with `field`. */
  constructor(field: string, networks: readonly string[]) {
    for (const network of networks) this.#add(field, network);
  }

  /** Whether this address is among them; what is no address never is. */
  has(address: string): boolean {
    // A zone says by which interface, which no network here can name.
    const plain = unmapped(withoutZone(address));
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  #add(field: string, network: string): void {
    const [, written = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
    const address = unmapped(written);
    const family = isIP(address);
    if (family === 0) throw new ConfigError(`${field}: '${network}' is neither an address nor a network in CIDR form`);
    const most = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? most : Number(bits) - (address === written ? 0 : MAPPED_BITS);
    if (prefix < 0 || prefix > most) throw new ConfigError(`${field}: '${network}' has no such prefix length`);
    this.#list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
}

function unmapped(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}
