import { isIP } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { ipFamily, isSameAddress, withoutZone } from '@ftps-kit/ftp-protocol';

describe('ipFamily', () => {
  const agreesWithNode = (text: string) => {
    expect(ipFamily(text) ?? 0, text).to.equal(isIP(text));
  };

  it('takes what Node takes for an address, and nothing else', () => {
    for (const text of [
      '0.0.0.0',
      '255.255.255.255',
      '1.2.3.4',
      '01.2.3.4',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.256',
      '::',
      '::1',
      '1::',
      '1::8',
      '1:2:3:4:5:6:7:8',
      '1:2:3:4:5:6:7::',
      '::2:3:4:5:6:7:8',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1::2::3',
      ':::',
      ':1',
      '1:',
      ':1::',
      '12345::',
      'g::',
      '::ffff:1.2.3.4',
      '1:2:3:4:5:6:1.2.3.4',
      '1.2.3.4::',
      '::1.2.3.4:5',
      '[::1]',
      '',
      ' ::1',
      '::1\n',
      '1.2.3.4\n',
    ]) {
      agreesWithNode(text);
    }
    fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{0,20}$/)), agreesWithNode));
  });

  it('takes no zone', () => {
    expect(ipFamily('fe80::1%eth0')).to.equal(undefined);
  });
});

describe('isSameAddress', () => {
  it('sees through spelling and through IPv4 in IPv6', () => {
    expect(isSameAddress('::1', '0:0:0::0001')).to.equal(true);
    expect(isSameAddress('FE80::A', 'fe80::a')).to.equal(true);
    expect(isSameAddress('192.0.2.1', '::ffff:192.0.2.1')).to.equal(true);
    expect(isSameAddress('192.0.2.1', '::ffff:c000:201')).to.equal(true);
  });

  it('tells two hosts apart, and takes no text that is no address', () => {
    expect(isSameAddress('192.0.2.1', '192.0.2.2')).to.equal(false);
    expect(isSameAddress('192.0.2.1', '::192.0.2.1')).to.equal(false);
    expect(isSameAddress('localhost', 'localhost')).to.equal(false);
  });

  it('tells one link from another where both addresses name theirs, and takes one without for any of them', () => {
    expect(isSameAddress('fe80::1%eth0', 'fe80:0::1%eth0')).to.equal(true);
    expect(isSameAddress('fe80::1%eth0', 'fe80::1')).to.equal(true);
    expect(isSameAddress('fe80::1', 'fe80::1%3')).to.equal(true);
    expect(isSameAddress('fe80::1%eth0', 'fe80::1%eth1')).to.equal(false);
    expect(isSameAddress('fe80::1%eth0', 'fe80::2%eth0')).to.equal(false);
    for (const none of ['192.0.2.1%eth0', 'fe80::1%', 'fe80::1%a%a', '%eth0']) {
      expect(isSameAddress(none, none), none).to.equal(false);
    }
  });
});

describe('withoutZone', () => {
  it('leaves the zone out, and anything else as it is', () => {
    expect(withoutZone('fe80::1%eth0')).to.equal('fe80::1');
    for (const address of ['fe80::1', '192.0.2.1', '192.0.2.1%eth0', 'fe80::1%', '']) {
      expect(withoutZone(address)).to.equal(address);
    }
  });
});
