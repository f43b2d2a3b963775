import { createPrivateKey } from 'node:crypto';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { ConfigError, ServerIdentity } from '@ftps-kit/tls-core';
import { testCertificates, type TestIdentity } from '../../support/certificates.js';

const passphrase = 'opensesame';

/** The key of an identity, encrypted. */
function encrypted({ keyPem }: TestIdentity): string {
  const key = createPrivateKey(keyPem);
  return key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString();
}

describe('an identity', () => {
  it('may have an encrypted key, and keeps no passphrase', async () => {
    const { server } = await testCertificates();
    const identity = new ServerIdentity({ cert: server.certPem, key: encrypted(server), passphrase });
    expect(identity.privateKeyPem()).to.equal(
      new ServerIdentity({ cert: server.certPem, key: server.keyPem }).privateKeyPem(),
    );
    const shown = inspect(identity, { depth: 9, showHidden: true });
    expect(shown).to.include('CN=').and.not.include(passphrase).and.not.include('PRIVATE KEY');
  });

  it('with an encrypted key needs the right passphrase, and says which it is', async () => {
    const { server } = await testCertificates();
    const key = encrypted(server);
    expect(() => new ServerIdentity({ cert: server.certPem, key })).to.throw(ConfigError, /passphrase is missing/);
    expect(() => new ServerIdentity({ cert: server.certPem, key, passphrase: 'wrong' })).to.throw(
      ConfigError,
      /passphrase is wrong/,
    );
  });

  it('has a certificate and a key that belong together, both PEM', async () => {
    const { server, client } = await testCertificates();
    const cases: readonly [cert: string, key: string, words: RegExp][] = [
      [server.certPem, client.keyPem, /does not belong to the certificate/],
      ['nothing', server.keyPem, /tls\.cert: this is not a PEM certificate/],
      [server.certPem, 'nothing', /tls\.key: this is not a PEM private key/],
    ];
    for (const [cert, key, words] of cases) {
      expect(() => new ServerIdentity({ cert, key })).to.throw(ConfigError, words);
    }
  });
});
