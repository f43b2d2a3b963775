import { expect } from 'chai';
import fc from 'fast-check';
import { isSameAddress } from '@ftps-kit/ftp-protocol';
import {
  ProxyHeaderError,
  ProxyHeaderParser,
  type ProxyHeader,
} from '../../../packages/ftps-server/src/proxy-header.js';
import { everySplit } from '../../support/every-split.js';
import { SIGNATURE, binaryHeader, ipv4Block, lineHeader } from '../../support/proxy-headers.js';

const tcp4 = { client: '192.0.2.7', reached: '198.51.100.1', clientPort: 40_000, reachedPort: 21 };
const tcp6 = { client: '2001:db8::7', reached: '2001:db8::1:0', clientPort: 1, reachedPort: 65_535 };

const proxied4: ProxyHeader = {
  kind: 'proxied',
  client: { address: '192.0.2.7', port: 40_000 },
  reached: { address: '198.51.100.1', port: 21 },
};
const proxied6: ProxyHeader = {
  kind: 'proxied',
  client: { address: '2001:db8::7', port: 1 },
  reached: { address: '2001:db8::1:0', port: 65_535 },
};
const ipv6Block = Buffer.from(
  '20010db8000000000000000000000007' + '20010db8000000000000000000010000' + '0001ffff',
  'hex',
);
const tlvs = Buffer.concat([Buffer.from([0x02, 0, 4]), Buffer.from('host'), Buffer.from([0x04, 0, 3, 0, 0, 0])]);

/** Feeds `pieces` as a socket would give them to a reader that asks for what the parser wants: the header, and the rest. */
function parse(pieces: readonly Uint8Array[]): { header: ProxyHeader | undefined; rest: string } {
  const parser = new ProxyHeaderParser();
  let header: ProxyHeader | undefined;
  const rest: Uint8Array[] = [];
  for (const piece of pieces) {
    let at = 0;
    while (header === undefined && at < piece.length) {
      const next = piece.subarray(at, at + parser.wants);
      header = parser.push(next);
      at += next.length;
    }
    rest.push(piece.subarray(at));
  }
  return { header, rest: Buffer.concat(rest).toString('latin1') };
}

const good: readonly (readonly [what: string, bytes: Uint8Array, header: ProxyHeader])[] = [
  ['version 1 over IPv4', lineHeader(tcp4), proxied4],
  ['version 1 over IPv6', lineHeader(tcp6), proxied6],
  ['version 1 of unknown', Buffer.from('PROXY UNKNOWN\r\n'), { kind: 'local' }],
  ['version 1 of unknown, with more', Buffer.from('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'), { kind: 'local' }],
  ['version 2 over IPv4', binaryHeader({ address: ipv4Block(tcp4) }), proxied4],
  ['version 2 over IPv4 with TLVs', binaryHeader({ address: ipv4Block(tcp4), tlvs }), proxied4],
  ['version 2 over IPv6', binaryHeader({ family: 0x21, address: ipv6Block }), proxied6],
  ['version 2, the proxy itself', binaryHeader({ versionAndCommand: 0x20, family: 0 }), { kind: 'local' }],
  [
    'version 2, the proxy itself, with an address that does not count',
    binaryHeader({ versionAndCommand: 0x20, address: ipv4Block(tcp4) }),
    { kind: 'local' },
  ],
  ['version 2 of no family', binaryHeader({ family: 0, tlvs }), { kind: 'local' }],
  ['version 2 over a Unix socket', binaryHeader({ family: 0x31, address: Buffer.alloc(216) }), { kind: 'local' }],
];

const bad: readonly (readonly [what: string, bytes: Uint8Array, says: RegExp])[] = [
  ['TLS', Buffer.from('160301020001000100fc0303', 'hex'), /no PROXY protocol header/],
  ['FTP', Buffer.from('AUTH TLS\r\nUSER x\r\n'), /no PROXY protocol header/],
  ['a line in lower case', Buffer.from('proxy UNKNOWN\r\n'), /no PROXY protocol header/],
  ['a word that begins like it', Buffer.from('PROXYED UNKNOWN\r\n'), /does not begin with PROXY/],
  ['a protocol of no name', Buffer.from('PROXY UDP4 192.0.2.7 192.0.2.8 1 2\r\n'), /does not name two addresses/],
  ['an address of the other family', Buffer.from('PROXY TCP4 2001:db8::7 192.0.2.8 1 2\r\n'), /two addresses/],
  ['an address that is none', Buffer.from('PROXY TCP4 192.0.2.777 192.0.2.8 1 2\r\n'), /two addresses/],
  ['a port beyond 65535', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.8 65536 2\r\n'), /names no port/],
  ['a port with a zero in front', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.8 01 2\r\n'), /names no port/],
  ['one port', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.8 1\r\n'), /names no port/],
  ['a word too many', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.8 1 2 3\r\n'), /two addresses/],
  ['a line without an end', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}`), /longer than 107/],
  ['another version', binaryHeader({ versionAndCommand: 0x11, address: ipv4Block(tcp4) }), /0x11 are unknown/],
  ['another command', binaryHeader({ versionAndCommand: 0x22, address: ipv4Block(tcp4) }), /0x22 are unknown/],
  ['no room for its addresses', binaryHeader({ address: Buffer.alloc(11) }), /no room for its addresses/],
  ['a length beyond the bound', binaryHeader({ tlvs: Buffer.alloc(5_000) }), /longer than 4096/],
];

describe('the header of the PROXY protocol', () => {
  for (const [what, bytes, header] of good) {
    it(`is read, and nothing behind it, however it is cut: ${what}`, () => {
      const behind = Buffer.from('AUTH TLS\r\n');
      for (const pieces of everySplit(Buffer.concat([bytes, behind]))) {
        expect(parse(pieces)).to.deep.equal({ header, rest: 'AUTH TLS\r\n' });
      }
    });
  }

  for (const [what, bytes, says] of bad) {
    it(`is refused, however it is cut: ${what}`, () => {
      for (const pieces of everySplit(bytes.subarray(0, 130))) {
        expect(() => parse(pieces), `in ${pieces.length} pieces`).to.throw(ProxyHeaderError, says);
      }
    });
  }

  it('is refused at the first byte that cannot belong to one', () => {
    expect(() => parse([Buffer.from('P')])).not.to.throw();
    expect(() => parse([Buffer.from('PASV')])).to.throw(ProxyHeaderError);
    expect(() => parse([SIGNATURE.subarray(0, 5), Buffer.from('x')])).to.throw(ProxyHeaderError);
  });

  it('names any address of IPv6 so that it is the same one', () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(groups, (client) => {
        const address = Buffer.alloc(36);
        client.forEach((group, at) => address.writeUInt16BE(group, 2 * at));
        const { header } = parse([binaryHeader({ family: 0x21, address })]);
        const written = client.map((group) => group.toString(16)).join(':');
        return header?.kind === 'proxied' && isSameAddress(header.client.address, written);
      }),
    );
  });

  it('is read or refused with its own error, whatever comes', () => {
    const start = fc.constantFrom(Buffer.alloc(0), SIGNATURE, Buffer.from('PROXY '), Buffer.from('PROXY TCP4 '));
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (first, then) => {
        try {
          parse([Buffer.concat([first, then])]);
        } catch (error) {
          if (!(error instanceof ProxyHeaderError)) throw error;
        }
      }),
    );
  });
});
