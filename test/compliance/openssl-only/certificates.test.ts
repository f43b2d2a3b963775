// Certificates: which one a server shows, and those of clients, in the handshake or behind it.
import { expect } from 'chai';
import {
  CertificateError,
  ConfigError,
  HandshakeError,
  ServerIdentity,
  developmentIdentity,
  type ClientTlsOptions,
  type ServerTlsOptions,
} from '@ftps-kit/tls-core';
import { testCertificates, type TestIdentity } from '../../support/certificates.js';
import { readAll, readExactly } from '../../support/channel-bytes.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { requirePeer } from '../../support/peers/peer.js';
import { rejection } from '../../support/rejection.js';
import { tcpPair } from '../../support/tcp-pair.js';
import { controlConnection, endBoth, handshake, newBindings } from '../tls-engine.js';
import { GREETING, sidesOf } from './openssl-sides.js';

function identityOf({ certPem, keyPem }: TestIdentity): ServerIdentity {
  return new ServerIdentity({ cert: certPem, key: keyPem });
}

describe('the openssl engine alone', () => {
  before(function () {
    requirePeer(this, opensslEngine);
  });

  describe('client certificates', () => {
    it('in the handshake: shown and verified, not shown, or refused', async () => {
      const { caPem, client, otherCa } = await testCertificates();
      const shown = identityOf(client);
      for (const versions of ['1.2', '1.3'] as const) {
        for (const clientCertificates of ['optional', 'required'] as const) {
          const sides = await sidesOf({ clientCertificates, clientCa: caPem, versions }, { identity: shown });
          const bindings = newBindings(sides);
          const control = await controlConnection(sides, bindings);
          const data = await handshake(sides, bindings, 'data');
          for (const { server } of [control, data]) {
            expect(server.handshake.peerCertificates[0]?.fingerprint256).to.equal(shown.fingerprint256);
          }
          expect(data.server.handshake.verdict).to.equal('bound');
          for (const pair of [data, control]) await endBoth(pair);
        }
        const optional = await sidesOf({ clientCertificates: 'optional', clientCa: caPem, versions });
        const without = await handshake(optional, newBindings(optional), 'control');
        expect(without.server.handshake.peerCertificates).to.have.length(0);
        await endBoth(without);
        for (const [identity, reason] of [
          [undefined, 'NO_CERTIFICATE'],
          [identityOf(otherCa.client), 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
        ] as const) {
          const sides = await sidesOf({ clientCertificates: 'required', clientCa: caPem, versions }, { identity });
          const tcp = await tcpPair();
          const connecting = sides.connector
            .connect(tcp.client, { role: 'control', host: 'localhost', binding: sides.connector.newBinding() })
            .then((channel) => channel.read(Buffer.alloc(1)));
          const refusal = rejection(connecting);
          const accepting = sides.acceptor.accept(tcp.server, {
            role: 'control',
            binding: sides.acceptor.newBinding(),
          });
          expect(await rejection(accepting))
            .to.be.instanceOf(CertificateError)
            .with.property('reason')
            .that.is.oneOf([reason, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']);
          expect(await refusal).to.be.instanceOf(HandshakeError);
        }
      }
    });

    it('after the handshake: resolves with the verified chain, leaf first', async () => {
      const { caPem, client } = await testCertificates();
      const shown = identityOf(client);
      const sides = await sidesOf({ clientCa: caPem }, { identity: shown });
      const control = await controlConnection(sides, newBindings(sides));
      expect(control.server.handshake.peerCertificates).to.have.length(0);
      const reading = Promise.all([readAll(control.client), readAll(control.server)]);
      const chain = await control.server.requestClientCertificate();
      expect(chain.map(({ subject }) => subject)).to.deep.equal(['CN=alice', 'CN=ftps-kit test CA']);
      expect(chain[0]?.fingerprint256).to.equal(shown.fingerprint256);
      await control.server.issueTicket();
      await Promise.all([control.client.end(), control.server.end()]);
      await reading;
    });

    it('after the handshake: rejects with why, and the connection goes on', async () => {
      const { caPem, otherCa } = await testCertificates();
      const cases: readonly [ClientTlsOptions, Partial<ServerTlsOptions>, string][] = [
        [{ identity: identityOf(otherCa.client) }, { clientCa: caPem }, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
        [{}, { clientCa: caPem }, 'POST_HANDSHAKE_AUTH_NOT_OFFERED'],
      ];
      for (const [client, server, reason] of cases) {
        const sides = await sidesOf(server, client);
        const control = await controlConnection(sides, newBindings(sides));
        const reading = readExactly(control.client, GREETING.length);
        const error = await rejection(control.server.requestClientCertificate());
        expect(error)
          .to.be.instanceOf(CertificateError)
          .with.property('reason')
          .that.is.oneOf([reason, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']);
        await control.server.write(GREETING);
        expect((await reading).equals(GREETING)).to.equal(true);
        await endBoth(control);
      }
    });

    it('after the handshake: is no use without roots, under TLS 1.2, and on the wrong side', async () => {
      const { caPem, client } = await testCertificates();
      const identity = identityOf(client);
      const cases: readonly [Partial<ServerTlsOptions>, unknown][] = [
        [{}, ConfigError],
        [{ clientCa: caPem, versions: '1.2' }, HandshakeError],
      ];
      for (const [server, kind] of cases) {
        const sides = await sidesOf(server, { identity });
        const control = await controlConnection(sides, newBindings(sides));
        expect(await rejection(control.server.requestClientCertificate())).to.be.instanceOf(kind);
        expect(await rejection(control.client.requestClientCertificate())).to.be.instanceOf(ConfigError);
        expect(await rejection(control.client.issueTicket())).to.be.instanceOf(ConfigError);
        await endBoth(control);
      }
    });

    it('after the handshake: the request dies with the connection', async () => {
      const { caPem, client } = await testCertificates();
      const sides = await sidesOf({ clientCa: caPem }, { identity: identityOf(client) });
      const control = await controlConnection(sides, newBindings(sides));
      const asking = rejection(control.server.requestClientCertificate());
      control.client.destroy();
      expect(await asking).to.be.instanceOf(Error);
      control.server.destroy();
    });
  });

  it('chooses the identity by the name the client asks for, wildcards included; the first serves the others', async () => {
    const [first, wild, exact] = await Promise.all(
      [['localhost'], ['*.example.test'], ['ftp.example.org']].map(
        async (hosts) => new ServerIdentity(await developmentIdentity({ hosts })),
      ),
    );
    if (first === undefined || wild === undefined || exact === undefined) throw new Error('no identities');
    const sides = await sidesOf({ identities: [first, wild, exact] }, { dangerouslyAcceptAnyCertificate: true });
    const shown = async (host: string): Promise<string | undefined> => {
      const pair = await handshake(sides, newBindings(sides), 'control', { host });
      await endBoth(pair);
      return pair.client.handshake.peerCertificates[0]?.fingerprint256;
    };
    expect(await shown('a.example.test')).to.equal(wild.fingerprint256);
    expect(await shown('ftp.example.org')).to.equal(exact.fingerprint256);
    expect(await shown('a.b.example.test')).to.equal(first.fingerprint256);
    expect(await shown('192.0.2.1')).to.equal(first.fingerprint256);
  });
});
