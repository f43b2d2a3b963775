// Certificates that their authority has revoked: the server's, and in both handshakes the client's.
import { expect } from 'chai';
import {
  CertificateError,
  ConfigError,
  ControlTicket,
  HandshakeError,
  availableEngines,
  parseServerPolicy,
  selectEngine,
  ticketScope,
  type ServerTlsOptions,
  type TlsVersions,
} from '@ftps-kit/tls-core';
import {
  controlConnection,
  endBoth,
  engineSides,
  handshake,
  newBindings,
  testIdentity,
  type EngineSides,
} from '../../compliance/tls-engine.js';
import { readExactly } from '../../support/channel-bytes.js';
import { openssl } from '../../support/peers/openssl.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { requirePeer } from '../../support/peers/peer.js';
import { rejection } from '../../support/rejection.js';
import { makeRevokingAuthority, type RevokingAuthority } from '../../support/revoking-authority.js';
import { tcpPair } from '../../support/tcp-pair.js';

let revoking: RevokingAuthority;

describe('a revocation list of a client', () => {
  before(async function () {
    requirePeer(this, openssl);
    revoking = await makeRevokingAuthority();
  });

  for (const engine of availableEngines()) {
    const connect = async (crl: string): Promise<void> => {
      const { caPem: ca, identity } = revoking;
      const sides = await engineSides(engine, { identities: [identity] }, { ca, crl });
      await endBoth(await handshake(sides, newBindings(sides), 'control'));
    };

    it(`that names the server's certificate refuses it, ${engine.name} engine`, async () => {
      const error = await rejection(connect(revoking.revokingList));
      expect(error).to.be.instanceOf(CertificateError).with.property('reason', 'CERT_REVOKED');
    });

    it(`takes effect at once: no session that began without one is resumed, ${engine.name} engine`, async () => {
      const { caPem: ca, identity, emptyList, revokingList } = revoking;
      // The other engine's server does not resume control connections at all.
      const { acceptor } = await engineSides(availableEngines()[0] ?? engine, { identities: [identity] });
      const sidesWith = async (crl: readonly string[]): Promise<EngineSides> => {
        const { connector } = await engineSides(engine, {}, { ca, crl });
        return { acceptor, connector };
      };
      const without = await sidesWith([]);
      const bindings = newBindings(without);
      await endBoth(await controlConnection(without, bindings));
      const [ticket, other] = bindings.client.takeForNextConnect();
      const resumed = await controlConnection(without, newBindings(without), other);
      expect(resumed.client.handshake.resumed).to.equal(true);
      await endBoth(resumed);

      const revoked = await sidesWith([revokingList]);
      const error = await rejection(handshake(revoked, newBindings(revoked), 'control', { ticket }));
      expect(error).to.be.instanceOf(CertificateError).with.property('reason', 'CERT_REVOKED');

      const listed = await sidesWith([emptyList]);
      const asked = newBindings(listed);
      await endBoth(await controlConnection(listed, asked));
      // A list says when the next one is due: that is asked at each connect.
      expect(asked.client.takeForNextConnect()).to.deep.equal([]);
      if (other === undefined) throw new Error('the server gave too few tickets');
      const scope = ticketScope({ engine: engine.name, policy: listed.connector.policy, host: 'localhost' });
      const forged = new ControlTicket(other.ticket, { ...other.trust, scope });
      const pair = await handshake(listed, newBindings(listed), 'control', { ticket: forged });
      expect(pair.client.handshake.resumed).to.equal(false);
      await endBoth(pair);
    });

    it(`that does not name it lets it pass, ${engine.name} engine`, async () => {
      await connect(revoking.emptyList);
    });
  }
});

/** How the server's side of a login ended that may be refused there, and what its client heard of it. */
async function loginOf(sides: EngineSides): Promise<{ readonly refusal?: unknown; readonly heard?: unknown }> {
  const bindings = newBindings(sides);
  const tcp = await tcpPair();
  const connecting = sides.connector.connect(tcp.client, {
    role: 'control',
    host: 'localhost',
    binding: bindings.client,
  });
  // Under TLS 1.3 a client learns of the refusal behind its own handshake.
  const hearing = connecting
    .then((client) => readExactly(client, 3))
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  try {
    const server = await sides.acceptor.accept(tcp.server, { role: 'control', binding: bindings.server });
    await server.write(Buffer.from('220'));
    expect(await hearing).to.equal(undefined);
    await endBoth({ client: await connecting, server });
    return {};
  } catch (refusal) {
    return { refusal, heard: await hearing };
  }
}

describe('a revocation list of a server', () => {
  before(async function () {
    requirePeer(this, openssl, opensslEngine);
    revoking = await makeRevokingAuthority();
  });

  async function sidesWith(options: Partial<ServerTlsOptions>, versions: TlsVersions = '1.3'): Promise<EngineSides> {
    const { caPem: clientCa, identity } = revoking;
    return engineSides(selectEngine('openssl'), { clientCa, ...options }, { identity, versions });
  }

  for (const versions of ['1.2', '1.3'] as const) {
    for (const engine of availableEngines()) {
      it(`refuses a client certificate that it names, and tells the client so (TLS ${versions}, ${engine.name} engine)`, async () => {
        const { identity, caPem: clientCa, revokingList: clientCrl } = revoking;
        const { acceptor } = await sidesWith({ clientCertificates: 'optional', clientCa, clientCrl });
        const { connector } = await engineSides(engine, {}, { identity, versions });
        const { refusal, heard } = await loginOf({ acceptor, connector });
        expect(refusal).to.be.instanceOf(CertificateError).with.property('reason', 'CERT_REVOKED');
        expect(heard)
          .to.be.instanceOf(HandshakeError)
          .with.property('message')
          .that.includes('refused our certificate');
      });
    }

    it(`lets pass what it does not name, and nobody once its time is over (TLS ${versions})`, async () => {
      const { emptyList, expiredList } = revoking;
      const required = { clientCertificates: 'required' } as const;
      expect(await loginOf(await sidesWith({ ...required, clientCrl: emptyList }, versions))).to.deep.equal({});
      const { refusal } = await loginOf(await sidesWith({ ...required, clientCrl: expiredList }, versions));
      expect(refusal).to.be.instanceOf(CertificateError).with.property('reason', 'CRL_HAS_EXPIRED');
    });
  }

  it('refuses a certificate that is asked for after the handshake, and the connection goes on', async () => {
    const sides = await sidesWith({ clientCrl: revoking.revokingList });
    const control = await controlConnection(sides, newBindings(sides));
    const reading = readExactly(control.client, 3);
    const error = await rejection(control.server.requestClientCertificate());
    expect(error).to.be.instanceOf(CertificateError).with.property('reason', 'CERT_REVOKED');
    await control.server.write(Buffer.from('200'));
    expect((await reading).toString()).to.equal('200');
    await endBoth(control);
  });

  it('is replaced from the next control connection on, whatever identity is shown, and not by a wrong one', async () => {
    const sides = await sidesWith({ clientCertificates: 'required', clientCrl: revoking.emptyList });
    const before = await controlConnection(sides, newBindings(sides));
    sides.acceptor.replaceClientCrl([revoking.revokingList]);
    for (const wrong of ['nothing of the kind', revoking.caPem]) {
      expect(() => {
        sides.acceptor.replaceClientCrl(wrong);
      }).to.throw(ConfigError);
    }
    sides.acceptor.replaceIdentities([await testIdentity()]);
    const { refusal } = await loginOf(sides);
    expect(refusal).to.be.instanceOf(CertificateError).with.property('reason', 'CERT_REVOKED');
    await endBoth(before);
    sides.acceptor.replaceClientCrl(revoking.emptyList);
    expect(await loginOf(sides)).to.deep.equal({});
  });

  it('is of no use without the roots that issued it, nor to an engine that asks for no certificates', async () => {
    const { emptyList: clientCrl, caPem: clientCa } = revoking;
    const identities = [await testIdentity()];
    expect(() => parseServerPolicy({ identities, clientCrl })).to.throw(ConfigError, 'tls.clientCa');
    const rootless = await engineSides(selectEngine('openssl'));
    const portable = await engineSides(selectEngine('node'));
    for (const { acceptor } of [rootless, portable]) {
      expect(() => {
        acceptor.replaceClientCrl(clientCrl);
      }).to.throw(ConfigError);
    }
    const policy = parseServerPolicy({ identities, clientCa, clientCrl });
    expect(() => selectEngine('node').acceptor(policy)).to.throw(ConfigError, 'tls.clientCrl');
  });
});
