// RFC 2428, FTP over IPv6 and through NAT: EPSV.
import { expect } from 'chai';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { requireIpv6 } from '../support/requirement.js';
import { forEachServed } from '../support/served-client.js';
import { TestServer } from '../support/test-server.js';

describe('RFC 2428', () => {
  let client: RawFtpClient;

  forEachServed(
    'loggedIn',
    (served) => {
      ({ client } = served);
    },
    { files: { 'a.txt': 'a' } },
  );

  it('§3 EPSV is answered with 229 and (|||port|), nothing in the first two fields', async () => {
    expect(text(await client.expect(229, 'EPSV'))).to.match(/\(\|\|\|\d{1,5}\|\)/);
  });

  it('§3 EPSV 1 opens a port for a control connection over IPv4', async () => {
    await client.expect(229, 'EPSV 1');
  });

  it('§3 a protocol that this connection has not is 522, with the numbers of those that it has', async () => {
    expect(text(await client.expect(522, 'EPSV 2'))).to.match(/\(1\)/);
    expect((await client.command('EPSV 3')).code).to.equal(522);
  });

  it('§3 an argument that is none is 501', async () => {
    for (const argument of ['x', '-1', '1 2']) {
      expect((await client.command(`EPSV ${argument}`)).code, argument).to.equal(501);
    }
  });

  it('§3 after EPSV ALL every other way to a data connection is refused, and EPSV goes on', async () => {
    await client.expect(200, 'EPSV ALL');
    expect((await client.command('PASV')).code).to.equal(503);
    for (const command of ['PORT 127,0,0,1,10,10', 'EPRT |1|127.0.0.1|2570|']) {
      expect((await client.command(command)).code, command).to.be.within(500, 503);
    }
    expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('a');
  });

  it('§4 the data connection of EPSV is at the address of the control connection', async () => {
    expect((await client.download('RETR a.txt')).reply.code).to.equal(226);
  });

  it('§3 over IPv6, EPSV serves and PASV, which can only name IPv4, is refused', async function () {
    requireIpv6(this);
    await using running = await TestServer.start({ listenHost: '::1', files: { 'a.txt': 'six' } });
    await using member = await RawFtpClient.loggedIn(running);
    expect((await member.command('PASV')).code).to.equal(425);
    expect(text(await member.expect(522, 'EPSV 1'))).to.match(/\(2\)/);
    expect((await member.download('RETR a.txt')).bytes.toString()).to.equal('six');
    expect(running.lastTransfer.verdict).to.equal('bound');
  });
});
