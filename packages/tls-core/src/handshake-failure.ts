// Why a handshake failed, in words for a person, from Node's and OpenSSL's codes.
import { CertificateError, ConnectionError, FtpsError, HandshakeError } from './errors.js';

const NO_COMMON_VERSION = /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/;
const NO_TLS = /WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|BAD_RECORD_TYPE/;

/** Codes that OpenSSL and Node give for a handshake that did not come to an end, by what they start with. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [NO_COMMON_VERSION, 'there is no TLS version that both sides allow'],
  [
    /NO_SHARED_CIPHER|NO_CIPHERS|NO_SUITABLE|SHARED_SIG|HANDSHAKE_FAILURE/,
    'there is no cipher suite, group or signature algorithm that both sides allow',
  ],
  [/NO_APPLICATION_PROTOCOL/, 'the sides want different application protocols (ALPN)'],
  [/TOO_MUCH_(SKIPPED_)?EARLY_DATA/, 'it sent more early data than it was allowed'],
  [NO_TLS, 'what came is not TLS'],
  [
    /UNKNOWN_CA|CERTIFICATE_UNKNOWN|BAD_CERTIFICATE|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|UNSUPPORTED_CERTIFICATE/,
    'it refused our certificate',
  ],
  [/NO_EXTENDED_MASTER_SECRET/, 'it does not know the extended master secret (RFC 7627) that TLS 1.2 needs'],
  [/CERTIFICATE_REQUIRED|PEER_DID_NOT_RETURN/, 'a client certificate is required'],
];

/** The typed error for a handshake that failed with `peer`; without `error` the peer just went away. */
export function handshakeFailure(peer: 'client' | 'server', error?: Error): FtpsError {
  if (error === undefined) return new HandshakeError(`the ${peer} closed the connection during the TLS handshake`);
  if (error instanceof FtpsError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new HandshakeError(`the ${peer} closed the connection during the TLS handshake`, { cause: error });
  }
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') {
    return new CertificateError(`the ${peer} shows no certificate, and one is required`, 'NO_CERTIFICATE', {
      cause: error,
    });
  }
  if ('certificateReason' in error && typeof error.certificateReason === 'string') {
    const text = 'certificateText' in error ? String(error.certificateText) : error.message;
    return new CertificateError(`the ${peer}'s certificate is refused: ${text}`, error.certificateReason, {
      cause: error,
    });
  }
  if (isCertificateReason(code)) {
    return new CertificateError(`the ${peer}'s certificate is refused: ${textOf(error)}`, code, { cause: error });
  }
  const reason = REASONS.find(([pattern]) => pattern.test(code))?.[1] ?? 'the TLS library refused it';
  return new HandshakeError(`the TLS handshake with the ${peer} failed: ${reason} (${code})`, {
    cause: error,
    isNoTls: NO_TLS.test(code),
    isNoCommonVersion: NO_COMMON_VERSION.test(code),
  });
}

/**
 * The typed error for what broke TLS after the handshake. Under TLS 1.3 a client learns only then that the server refused
 * its certificate (RFC 8446 §4.4.2.4); everything else is a broken connection.
 */
export function recordFailure(peer: 'client' | 'server', error: Error): FtpsError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  if (/ALERT.*(CERTIFICATE|UNKNOWN_CA)/.test(code)) return handshakeFailure(peer, error);
  return new ConnectionError(`the TLS connection with the ${peer} broke (${code})`, { cause: error });
}

/** Verification results are named like CERT_HAS_EXPIRED, everything else starts with ERR_SSL_ or is a system error. */
function isCertificateReason(code: string): boolean {
  return (
    code === 'ERR_TLS_CERT_ALTNAME_INVALID' ||
    (/CERT|ISSUER|SIGNATURE|CRL|CHAIN/.test(code) && !code.startsWith('ERR_'))
  );
}

function textOf(error: Error): string {
  // Node's text on names goes on for lines; its first sentence says it.
  return error.message.split('\n')[0] ?? error.message;
}
