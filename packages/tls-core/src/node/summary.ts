// What a finished node:tls handshake agreed on.
import { X509Certificate } from 'node:crypto';
import type tls from 'node:tls';
import type { BindingVerdict } from '../control-binding.js';
import type { Ticket } from '../ticket.js';
import type { ConnectionRole, HandshakeSummary } from '../tls-channel.js';

/** What the socket itself does not know. */
export interface SummaryContext {
  readonly role: ConnectionRole;
  readonly verdict?: BindingVerdict | undefined;
  /** The ticket that was presented. */
  readonly ticket?: Ticket | undefined;
  /** The chain that the control connection showed. */
  readonly knownPeer?: readonly X509Certificate[] | undefined;
  readonly serverName?: string | undefined;
}

export function summaryOf(tlsSocket: tls.TLSSocket, context: SummaryContext): HandshakeSummary {
  const resumed = tlsSocket.isSessionReused();
  return Object.freeze({
    role: context.role,
    protocol: protocolOf(tlsSocket),
    cipherSuite: tlsSocket.getCipher().standardName,
    group: groupOf(tlsSocket),
    resumed,
    ticketSource: resumed ? context.ticket?.source : undefined,
    verdict: context.verdict,
    earlyData: 'none',
    alpn: textOf(tlsSocket.alpnProtocol),
    serverName: context.serverName ?? textOf((tlsSocket as { servername?: unknown }).servername),
    peerCertificates: resumed ? (context.knownPeer ?? []) : chainOf(tlsSocket),
  });
}

export function protocolOf(tlsSocket: tls.TLSSocket): 'TLSv1.2' | 'TLSv1.3' {
  return tlsSocket.getProtocol() === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2';
}

/** Node has OpenSSL's older names for NIST's curves. */
const OPENSSL_NAMES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** Node tells a client only; a TLS 1.2 session that is resumed runs no key exchange. */
function groupOf(tlsSocket: tls.TLSSocket): string | undefined {
  const key = tlsSocket.getEphemeralKeyInfo();
  const name = key !== null && 'name' in key ? key.name : undefined;
  return name === undefined ? undefined : (OPENSSL_NAMES[name] ?? name);
}

function chainOf(tlsSocket: tls.TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let certificate: tls.DetailedPeerCertificate | undefined = tlsSocket.getPeerCertificate(true);
  // Node gives an empty object for no certificate.
  while (certificate !== undefined && 'raw' in certificate && chain.length < 10) {
    chain.push(new X509Certificate(certificate.raw));
    certificate = issuerOf(certificate);
  }
  return chain;
}

/** Node closes the chain with a certificate that issued itself, or leaves the issuer out where the peer did. */
function issuerOf(certificate: Partial<tls.DetailedPeerCertificate>): tls.DetailedPeerCertificate | undefined {
  const issuer = certificate.issuerCertificate;
  return issuer?.fingerprint256 === certificate.fingerprint256 ? undefined : issuer;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
