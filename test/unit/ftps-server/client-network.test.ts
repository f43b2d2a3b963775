import { expect } from 'chai';
import { clientNetwork } from '../../../packages/ftps-server/src/client-network.js';

describe('the network that is counted as one client', () => {
  it('is an IPv4 address, however it is written', () => {
    expect(clientNetwork('192.0.2.1')).to.equal(clientNetwork('::ffff:192.0.2.1'));
    expect(clientNetwork('192.0.2.1')).not.to.equal(clientNetwork('192.0.2.2'));
    expect(clientNetwork('::ffff:192.0.2.1')).not.to.equal(clientNetwork('::ffff:192.0.2.2'));
  });

  it('is the /64 of an IPv6 address, with or without a zone', () => {
    expect(clientNetwork('2001:db8:0:1::1')).to.equal(clientNetwork('2001:db8:0:1:ffff:ffff:ffff:ffff'));
    expect(clientNetwork('2001:db8:0:1::1')).not.to.equal(clientNetwork('2001:db8:0:2::1'));
    expect(clientNetwork('fe80::1%eth0')).to.equal(clientNetwork('fe80::2'));
  });

  it('is what is no address by itself', () => {
    expect(clientNetwork('')).to.equal('');
  });
});
