// What to do about an error, in the words of the command line.
import { CertificateError, HandshakeError, NotResumedError } from '@ftps-kit/ftps-client';

/** undefined where the error's message says it already, or nobody knows. */
export function remedyOf(error: unknown): string | undefined {
  if (error instanceof CertificateError) return certificateRemedy(error.reason);
  if (error instanceof NotResumedError) return 'with --pin 1.2 most servers and clients agree';
  // What a port for explicit TLS says to TLS from the first byte on: its greeting.
  if (error instanceof HandshakeError && error.message.includes('what came is not TLS'))
    return 'a port that begins in clear and takes AUTH TLS wants ftpes://, not ftps://';
  return undefined;
}

/** `reason` is OpenSSL's or Node's name for why. */
function certificateRemedy(reason: string): string {
  switch (reason) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'connect by a name that the certificate is for, or trust it by --fingerprint';
    case 'CERT_HAS_EXPIRED':
      return 'have it renewed on the server, or trust it by --fingerprint';
    case 'PIN_MISMATCH':
      return 'somebody sits in between, or the server has a new certificate: ask whoever runs it for the fingerprint';
    default:
      return 'if it is the right one, trust it by --fingerprint (`ftps serve` prints it), or its issuer by --ca';
  }
}
