// RFC 7151, HOST: which of the hosts behind an address a client wants.
import { expect } from 'chai';
import { ServerIdentity, developmentIdentity } from '@ftps-kit/tls-core';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { forEachServed } from '../support/served-client.js';
import { TestServer } from '../support/test-server.js';

describe('RFC 7151', () => {
  describe('in clear', () => {
    let client: RawFtpClient;

    forEachServed('greeted', (served) => {
      ({ client } = served);
    });

    const replies: readonly (readonly [command: string, code: number, why: string])[] = [
      ['HOST localhost', 220, '§3.2 a host that the certificate is for'],
      ['host LOCALHOST', 220, '§3.1 names and the verb are the same in any case'],
      ['HOST 127.0.0.1', 220, '§3.1 the address that the client connected to'],
      ['HOST ftp.example.org', 504, '§3.2 a host that is unknown'],
      ['HOST 192.0.2.1', 504, '§3.1 an address that is not this server’s'],
      ['HOST [2001:db8::1]', 504, '§3.1 an IPv6 address that is not this server’s'],
      ['HOST 127.0.0.1:2112', 501, '§3.1 a port is no part of it'],
      ['HOST [::1]:2112', 501, '§3.1 nor behind an IPv6 address'],
      ['HOST ::1', 501, '§3.1 an IPv6 address needs its brackets'],
      ['HOST -a.example', 501, '§3.1 what is no name'],
      ['HOST a b', 501, '§3.1 nor two of them'],
      ['HOST', 501, '§3.1 none at all'],
    ];
    for (const [command, code, why] of replies) {
      it(`${why}: ${command} is ${code}`, async () => {
        expect((await client.command(command)).code).to.equal(code);
        await client.expect(200, 'NOOP');
      });
    }

    it('§3.3 FEAT lists HOST', async () => {
      expect((await client.command('FEAT')).lines).to.include(' HOST');
    });
  });

  it('§3.2.2 under TLS, HOST has to be what the client asked TLS for', async () => {
    await using server = await TestServer.start();
    await using client = await RawFtpClient.secured(server);
    expect((await client.command('HOST 192.0.2.1')).code).to.equal(504);
    expect((await client.command('HOST other.example')).code).to.equal(504);
    await client.expect(220, 'HOST localhost');
    await client.login();
  });

  it('§3.2.2 which of the hosts of a certificate is asked for is said in clear by HOST, and under TLS by TLS alone', async () => {
    const { cert, key } = await developmentIdentity({ hosts: ['localhost', 'other.example'] });
    await using server = await TestServer.start({ tls: { identities: [new ServerIdentity({ cert, key })] } });
    const { host, port, implicit, user, password } = server;
    await using client = await RawFtpClient.greeted({ host, port, implicit, user, password, caPem: cert });
    await client.expect(220, 'HOST other.example');
    await client.expect(234, 'AUTH TLS');
    const { handshake } = await client.startTls();
    expect(handshake.serverName).to.equal('localhost');
    expect((await client.command('HOST other.example')).code).to.equal(504);
    await client.expect(220, 'HOST localhost');
  });

  it('§3 the last of several before the login holds, and behind it HOST is 503', async () => {
    await using server = await TestServer.start();
    await using client = await RawFtpClient.secured(server);
    await client.expect(220, 'HOST 127.0.0.1');
    await client.expect(220, 'HOST localhost');
    await client.expect(331, 'USER alice');
    await client.expect(220, 'HOST localhost');
    await client.login();
    expect((await client.command('HOST localhost')).code).to.equal(503);
  });

  it('§3.2 who authenticates is told which host it is for: by HOST, or by the name in TLS', async () => {
    const hosts: (string | undefined)[] = [];
    await using server = await TestServer.start({
      authenticate: (_credentials, { host }) => {
        hosts.push(host);
        return undefined;
      },
    });
    await using client = await RawFtpClient.secured(server);
    await client.expect(331, 'USER alice');
    await client.expect(530, 'PASS x');
    await client.expect(220, 'HOST 127.0.0.1');
    await client.expect(331, 'USER alice');
    await client.expect(530, 'PASS x');
    expect(hosts).to.deep.equal(['localhost', '127.0.0.1']);
  });

  it('§4 a HOST that came in clear does not hold under TLS: anybody may have said it', async () => {
    const hosts: (string | undefined)[] = [];
    await using server = await TestServer.start({
      authenticate: (_credentials, { host }) => {
        hosts.push(host);
        return undefined;
      },
    });
    await using client = await RawFtpClient.connect(server);
    await client.reply();
    await client.expect(220, 'HOST 127.0.0.1');
    await client.expect(234, 'AUTH TLS');
    await client.startTls();
    await client.expect(331, 'USER alice');
    await client.expect(530, 'PASS x');
    expect(hosts).to.deep.equal(['localhost']);
  });
});
