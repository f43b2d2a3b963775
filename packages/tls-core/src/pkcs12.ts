// PKCS #12 (.pfx, .p12): the format in which Windows and many authorities hand out a certificate with its key.
import { ConfigError } from './errors.js';
import { nativeBinding } from './openssl/native-binding.js';
import { ServerIdentity } from './server-identity.js';

/**
 * The identity in a PKCS #12 file: its certificate, the intermediates beside it, and the private key, for either engine
 * (RFC 7292). `passphrase` defaults to the empty one. Needs the native binding, since Node itself reads no such file.
 *
 * Throws `ConfigError` where the file is none, the passphrase is wrong, a key or a certificate is missing in it, or there is
 * no native binding on this machine.
 */
export function identityFromPkcs12(file: Uint8Array, passphrase = ''): ServerIdentity {
  const { readPfx } = nativeBinding();
  let pems: ReturnType<typeof readPfx>;
  try {
    pems = readPfx(file, passphrase);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = code.includes('MAC_VERIFY')
      ? 'the passphrase is wrong'
      : 'this is not a PKCS #12 file with a certificate and its key';
    throw new ConfigError(`tls: ${why}`, { cause: error });
  }
  return new ServerIdentity({ cert: pems.certPem, key: pems.keyPem });
}
