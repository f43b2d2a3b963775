// From a policy to a node:tls SecureContext.
import { constants } from 'node:crypto';
import tls from 'node:tls';
import { ConfigError } from '../errors.js';
import type { ServerIdentity } from '../server-identity.js';
import type { TlsPolicy } from '../tls-policy.js';

// Renegotiation and compression are TLS 1.2's two old wounds; the server's order of preference counts.
const SECURE_OPTIONS =
  constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE;

/** Makes a context that speaks what `policy` says. Throws `ConfigError` where OpenSSL takes none of it. */
export function secureContext(
  policy: TlsPolicy,
  identity: ServerIdentity | undefined,
  options: tls.SecureContextOptions,
): tls.SecureContext {
  try {
    return tls.createSecureContext({
      minVersion: policy.minVersion,
      maxVersion: policy.maxVersion,
      // node:tls takes both in one list, and sorts them by the prefix TLS_ of the TLS 1.3 suites.
      ciphers: [...policy.cipherSuites, ...policy.ciphers].join(':'),
      ecdhCurve: policy.groups.join(':'),
      ...(policy.signatureAlgorithms === undefined ? {} : { sigalgs: policy.signatureAlgorithms.join(':') }),
      ...(identity === undefined ? {} : { cert: identity.certPem, key: identity.privateKeyPem() }),
      secureOptions: SECURE_OPTIONS,
      ...options,
    });
  } catch (error) {
    throw new ConfigError('tls: OpenSSL does not take these options together', { cause: error });
  }
}
