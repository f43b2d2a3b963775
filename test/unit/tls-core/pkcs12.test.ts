import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError, ServerIdentity, availableEngines, identityFromPkcs12 } from '@ftps-kit/tls-core';
import { engineSides, endBoth, handshake, newBindings } from '../../compliance/tls-engine.js';
import { testCertificates } from '../../support/certificates.js';
import { openssl } from '../../support/peers/openssl.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { executable, requirePeer } from '../../support/peers/peer.js';
import { runProgram } from '../../support/peers/run-program.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

describe('a PKCS #12 file', () => {
  let file: Uint8Array;

  before(async function () {
    requirePeer(this, openssl, opensslEngine);
    const { server, caFile } = await testCertificates();
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'identity.pfx');
      const made = await runProgram(executable('openssl'), [
        ...['pkcs12', '-export', '-in', server.certFile, '-inkey', server.keyFile, '-certfile', caFile],
        ...['-passout', 'pass:opensesame', '-out', path],
      ]);
      expect(made.code, made.stderr).to.equal(0);
      file = await readFile(path);
    });
  });

  it('holds a certificate, its intermediates and its key', async () => {
    const { server } = await testCertificates();
    const identity = identityFromPkcs12(file, 'opensesame');
    const pem = new ServerIdentity({ cert: server.certPem, key: server.keyPem });
    expect(identity.fingerprint256).to.equal(pem.fingerprint256);
    expect(identity.certPem.match(/BEGIN CERTIFICATE/g)).to.have.length(2);
    expect(identity.privateKeyPem()).to.equal(pem.privateKeyPem());
  });

  for (const engine of availableEngines()) {
    it(`is what a server shows, ${engine.name} engine`, async () => {
      const { caPem } = await testCertificates();
      const sides = await engineSides(engine, { identities: [identityFromPkcs12(file, 'opensesame')] }, { ca: caPem });
      await endBoth(await handshake(sides, newBindings(sides), 'control'));
    });
  }

  it('with a wrong passphrase, or none, is a ConfigError that says so and holds no secret', () => {
    for (const passphrase of ['closesesame', undefined]) {
      expect(() => identityFromPkcs12(file, passphrase))
        .to.throw(ConfigError, /^tls: the passphrase is wrong$/)
        .and.satisfy((error: Error) => !JSON.stringify(error).includes('sesame'));
    }
  });

  it('that is none is a ConfigError', () => {
    for (const other of [new Uint8Array(0), file.subarray(0, 100), Buffer.from('-----BEGIN CERTIFICATE-----')]) {
      expect(() => identityFromPkcs12(other, 'opensesame')).to.throw(ConfigError, /not a PKCS #12 file/);
    }
  });
});
