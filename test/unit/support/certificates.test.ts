// The test certificates are what their names say, or the tests that present them prove nothing.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { expect } from 'chai';
import { testCertificates, type TestCertificates, type TestIdentity } from '../../support/certificates.js';

describe('the test certificates', () => {
  let made: TestCertificates;
  const parsed = ({ certPem }: TestIdentity): X509Certificate => new X509Certificate(certPem);
  const signs = (caPem: string, identity: TestIdentity): boolean => {
    const ca = new X509Certificate(caPem);
    return parsed(identity).checkIssued(ca) && parsed(identity).verify(ca.publicKey);
  };

  before(async () => {
    made = await testCertificates();
  });

  it('name this machine in the server certificates, and another host in the wrong one', () => {
    for (const identity of [made.server, made.renewed, made.expired, made.selfSigned, made.otherCa.server]) {
      expect(parsed(identity).checkHost('localhost')).to.equal('localhost');
      expect(parsed(identity).checkIP('127.0.0.1')).to.equal('127.0.0.1');
      expect(parsed(identity).checkIP('::1')).to.equal('::1');
    }
    expect(parsed(made.wrongHost).checkHost('localhost')).to.be.undefined;
    expect(parsed(made.wrongHost).checkIP('127.0.0.1')).to.be.undefined;
  });

  it('are signed by the trusted authority, the other one, or nobody', () => {
    const { caPem, server, renewed, wrongHost, expired, client, otherCa, selfSigned } = made;
    expect([server, renewed, wrongHost, expired, client].map((identity) => signs(caPem, identity))).to.not.include(
      false,
    );
    expect([otherCa.server, otherCa.client, selfSigned].map((identity) => signs(caPem, identity))).to.not.include(true);
    expect([otherCa.server, otherCa.client].map((identity) => signs(otherCa.caPem, identity))).to.not.include(false);
  });

  it('are in their time, but for the one that is expired', () => {
    const now = new Date();
    for (const identity of [made.server, made.client, made.selfSigned]) {
      expect(new Date(parsed(identity).validFrom)).to.be.below(now);
      expect(new Date(parsed(identity).validTo)).to.be.above(now);
    }
    expect(new Date(parsed(made.expired).validTo)).to.be.below(now);
  });

  it('fit their keys, also as files, and are the same for the whole run', async () => {
    for (const { certPem, keyPem, certFile, keyFile } of [made.server, made.client, made.otherCa.server]) {
      expect(() => createSecureContext({ cert: certPem, key: keyPem })).not.to.throw();
      expect(await readFile(certFile, 'utf8')).to.equal(certPem);
      expect(await readFile(keyFile, 'utf8')).to.equal(keyPem);
    }
    expect(await testCertificates()).to.equal(made);
  });
});
