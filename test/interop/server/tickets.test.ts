// The tickets of a login, as OpenSSL's and GnuTLS's own tools see them.
import { expect } from 'chai';
import { availableEngines } from '@ftps-kit/tls-core';
import { gnutlsCli } from '../../support/peers/gnutls-cli.js';
import { openssl } from '../../support/peers/openssl.js';
import { requirePeer } from '../../support/peers/peer.js';
import { TestServer } from '../../support/test-server.js';

describe('the tickets of a control connection', () => {
  it('are two under TLS 1.3, says s_client, which also verifies the certificate', async function () {
    requirePeer(this, openssl);
    await using server = await TestServer.start({ versions: '1.3' });
    const output = await openssl.run(server);
    expect(output.stdout).to.match(/Verification: OK/);
    expect(output.stdout).to.match(/New, TLSv1\.3/);
    expect(openssl.tickets(output), output.stdout).to.equal(2);
  });

  for (const { name } of availableEngines()) {
    it(`are a session in the handshake under TLS 1.2, ${name} engine`, async function () {
      requirePeer(this, openssl);
      await using server = await TestServer.start({ versions: '1.2', engine: name });
      const output = await openssl.run(server);
      // The openssl engine names entries of its store by session id, as clients without tickets need it.
      const session = name === 'node' ? /TLS session ticket lifetime hint: \d+/ : /Session-ID: [0-9A-F]{64}\s/;
      expect(output.stdout).to.match(session);
      expect(openssl.tickets(output)).to.equal(0);
    });
  }

  it('are two under implicit TLS as well', async function () {
    requirePeer(this, openssl);
    await using server = await TestServer.start({ mode: 'implicit' });
    expect(openssl.tickets(await openssl.run(server))).to.equal(2);
  });

  for (const { name } of availableEngines()) {
    const returns = name === 'openssl';
    it(`${returns ? 'let' : 'do not let'} gnutls-cli come back to its next login, ${name} engine`, async function () {
      requirePeer(this, gnutlsCli);
      await using server = await TestServer.start({ engine: name });
      const output = await gnutlsCli.run(server, ['--resume', '--waitresumption']);
      expect(gnutlsCli.resumptions(output), output.stdout).to.equal(returns ? 1 : 0);
      expect(server.secured.map(({ handshake }) => handshake.resumed)).to.deep.equal([false, returns]);
    });
  }

  it('are not given for a version below TLS 1.2, which is refused', async function () {
    requirePeer(this, openssl);
    await using server = await TestServer.start();
    const output = await openssl.run(server, ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0']);
    expect(output.code).not.to.equal(0);
    expect(server.secured).to.deep.equal([]);
  });
});
