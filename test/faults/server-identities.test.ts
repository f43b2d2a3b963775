// The certificates of a running server: changed under sessions that are there, chosen by name, and asked of clients.
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { expect } from 'chai';
import { fixedAccounts, type Authenticate, type LoginClient } from '@ftps-kit/ftps-server';
import { ConfigError, ServerIdentity, selectEngine } from '@ftps-kit/tls-core';
import { testCertificates, type TestIdentity } from '../support/certificates.js';
import { openssl } from '../support/peers/openssl.js';
import { requirePeer } from '../support/peers/peer.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { rejection } from '../support/rejection.js';
import { requireCapability } from '../support/requirement.js';
import { makeRevokingAuthority } from '../support/revoking-authority.js';
import { TestServer } from '../support/test-server.js';

function identity({ certPem, keyPem }: TestIdentity): ServerIdentity {
  return new ServerIdentity({ cert: certPem, key: keyPem });
}

/** The certificate that the server showed on the control connection. */
function shown(client: RawFtpClient): string | undefined {
  return client.tls.handshake.peerCertificates[0]?.fingerprint256;
}

describe('new certificates for a running server', () => {
  it('are shown from the next control connection on', async () => {
    const { server: old, renewed } = await testCertificates();
    await using server = await TestServer.start();
    await using before = await RawFtpClient.loggedIn(server);
    server.server.replaceIdentities({ cert: renewed.certPem, key: renewed.keyPem });
    await using after = await RawFtpClient.loggedIn(server);
    expect(shown(before)).to.equal(identity(old).fingerprint256);
    expect(shown(after)).to.equal(identity(renewed).fingerprint256);
    expect(server.server.fingerprint256).to.equal(identity(renewed).fingerprint256);
  });

  for (const versions of ['1.3', '1.2'] as const) {
    it(`leave sessions alone, their transfers and their binding included, TLS ${versions}`, async () => {
      const { renewed } = await testCertificates();
      await using server = await TestServer.start({ versions, files: { 'a.txt': 'content' } });
      await using client = await RawFtpClient.loggedIn(server);
      const { channel } = await client.openData();
      await client.expect(150, 'STOR b.txt');
      await channel.write(Buffer.from('first half, '));
      server.server.replaceIdentities(identity(renewed));
      await channel.write(Buffer.from('second half'));
      await channel.end();
      expect((await client.reply()).code).to.equal(226);
      channel.destroy();
      expect(server.read('b.txt')).to.equal('first half, second half');
      expect((await client.download('RETR a.txt')).reply.code).to.equal(226);
      expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(['bound', 'bound']);
    });
  }

  it('that are wrong are refused, and the old ones stay', async () => {
    const { server: old, renewed, wrongHost } = await testCertificates();
    await using server = await TestServer.start();
    const attempts = [
      () => {
        server.server.replaceIdentities([]);
      },
      () => {
        server.server.replaceIdentities({ cert: renewed.certPem, key: wrongHost.keyPem });
      },
      () => {
        server.server.replaceIdentities({ cert: 'nonsense', key: renewed.keyPem });
      },
    ];
    if (!selectEngine().capabilities.serverNames) {
      attempts.push(() => {
        server.server.replaceIdentities([identity(renewed), identity(wrongHost)]);
      });
    }
    for (const attempt of attempts) expect(attempt).to.throw(ConfigError, /identit|certificate|key/);
    await using client = await RawFtpClient.secured(server);
    expect(shown(client)).to.equal(identity(old).fingerprint256);
    expect(server.server.fingerprint256).to.equal(identity(old).fingerprint256);
  });

  it('tell in the metrics when they end', async () => {
    const { server: old, expired } = await testCertificates();
    await using server = await TestServer.start();
    const endOf = (one: TestIdentity): number => Date.parse(identity(one).certificate.validTo) / 1000;
    expect(server.server.metrics().gauges.certificateExpiresAt).to.equal(endOf(old));
    server.server.replaceIdentities(identity(expired));
    expect(server.server.metrics().gauges.certificateExpiresAt).to.equal(endOf(expired));
  });
});

describe('several certificates of a server', () => {
  before(function () {
    requireCapability(this, 'serverNames');
  });

  it('are chosen by the name that the client asks for, and data connections resume under each', async () => {
    const { server: here, wrongHost: elsewhere } = await testCertificates();
    await using server = await TestServer.start({
      tls: { identities: [identity(here), identity(elsewhere)] },
      files: { 'a.txt': 'content' },
    });
    for (const [serverName, certificate] of [
      ['localhost', here],
      ['elsewhere.test', elsewhere],
    ] as const) {
      await using client = await RawFtpClient.loggedIn(server, { serverName });
      expect(shown(client)).to.equal(identity(certificate).fingerprint256);
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('content');
      expect(server.secured.at(-1)?.handshake.serverName).to.equal(serverName);
      expect(server.lastTransfer.verdict).to.equal('bound');
    }
  });

  it('are changed together, and one more can come', async () => {
    const { server: here, wrongHost: elsewhere, renewed } = await testCertificates();
    await using server = await TestServer.start();
    server.server.replaceIdentities([identity(renewed), identity(elsewhere)]);
    await using client = await RawFtpClient.loggedIn(server, { serverName: 'elsewhere.test' });
    expect(shown(client)).to.equal(identity(elsewhere).fingerprint256);
    await using other = await RawFtpClient.loggedIn(server);
    expect(shown(other)).to.equal(identity(renewed).fingerprint256);
    expect(shown(other)).not.to.equal(identity(here).fingerprint256);
  });
});

describe('client certificates', () => {
  before(function () {
    requireCapability(this, 'clientCertificates');
  });

  /** A server that tells whom it asked its accounts for. */
  async function start(clientCertificates: 'optional' | 'required'): Promise<{
    readonly server: TestServer;
    readonly asked: LoginClient[];
  }> {
    const { caPem } = await testCertificates();
    const asked: LoginClient[] = [];
    const accounts = fixedAccounts([{ name: 'alice', password: 'opensesame', root: '/' }]);
    const authenticate: Authenticate = (credentials, client) => {
      asked.push(client);
      return accounts(credentials, client);
    };
    const server = await TestServer.start({ tls: { clientCertificates, clientCa: caPem }, authenticate });
    return { server, asked };
  }

  /** A client that comes with this certificate gets nowhere. */
  async function isTurnedAway(server: TestServer, own: ServerIdentity | undefined): Promise<void> {
    const disconnected = once(server.server, 'disconnect');
    await using client = await RawFtpClient.connect(server, { identity: own });
    await client.reply();
    await client.expect(234, 'AUTH TLS');
    // Under TLS 1.3 a client learns of it behind its own handshake.
    await rejection(client.startTls().then(() => client.login()));
    await disconnected;
  }

  function commonName(certificate: X509Certificate | undefined): string | undefined {
    return certificate?.subject;
  }

  it('that are verified reach authenticate, with the name asked for and where the client connected to', async () => {
    const { client: own } = await testCertificates();
    for (const clientCertificates of ['optional', 'required'] as const) {
      const { server, asked } = await start(clientCertificates);
      await using running = server;
      await using client = await RawFtpClient.loggedIn(running, { identity: identity(own) });
      await client.expect(257, 'PWD');
      expect(asked.map(({ certificate }) => commonName(certificate))).to.deep.equal(['CN=alice']);
      expect(asked[0]).to.deep.include({ serverName: 'localhost', id: server.logins[0]?.id });
      expect(asked[0]?.reached.port).to.equal(server.port);
    }
  });

  it('that are optional may be left out', async () => {
    const { server, asked } = await start('optional');
    await using running = server;
    await using client = await RawFtpClient.loggedIn(running);
    await client.expect(257, 'PWD');
    expect(asked.map(({ certificate }) => certificate)).to.deep.equal([undefined]);
  });

  it('that are required and missing, or of another authority, end the connection before anybody is asked', async () => {
    const { otherCa } = await testCertificates();
    const { server, asked } = await start('required');
    await using running = server;
    for (const own of [undefined, identity(otherCa.client)]) {
      await isTurnedAway(running, own);
    }
    expect(running.disconnects.map(({ error }) => error?.code)).to.deep.equal(
      Array(2).fill('FTPS_ERR_TLS_CERTIFICATE'),
    );
    expect(asked).to.deep.equal([]);
  });

  it('that are revoked while the server runs end the next login with them, and none that is there', async function () {
    requirePeer(this, openssl);
    const { caPem, identity: own, emptyList, revokingList } = await makeRevokingAuthority();
    const tls = { clientCertificates: 'required', clientCa: caPem, clientCrl: emptyList } as const;
    await using running = await TestServer.start({ tls });
    await using before = await RawFtpClient.loggedIn(running, { identity: own });
    running.server.replaceClientCrl(revokingList);
    await isTurnedAway(running, own);
    expect(running.disconnects.map(({ error }) => error)).to.have.length(1);
    expect(running.disconnects[0]?.error).to.include({ code: 'FTPS_ERR_TLS_CERTIFICATE', reason: 'CERT_REVOKED' });
    await before.expect(257, 'PWD');
  });
});
