// What a finished handshake agreed on, from the native binding's words.
import { X509Certificate } from 'node:crypto';
import { HandshakeError } from '../errors.js';
import type { HandshakeSummary } from '../tls-channel.js';
import type { NativeConnection, NativeSummary } from './native-binding.js';

/** What OpenSSL itself does not know. */
export type SummaryContext = Pick<HandshakeSummary, 'role' | 'ticketSource' | 'verdict'> & {
  /** The chain shown on the control connection, which a resumed handshake does not repeat. */
  readonly knownPeer: readonly X509Certificate[];
};

export function summaryOf(native: NativeConnection, agreed: NativeSummary, context: SummaryContext): HandshakeSummary {
  return Object.freeze({
    role: context.role,
    protocol: agreed.tls13 ? 'TLSv1.3' : 'TLSv1.2',
    cipherSuite: agreed.cipherSuite,
    group: agreed.group,
    resumed: agreed.resumed,
    ticketSource: agreed.resumed ? context.ticketSource : undefined,
    verdict: context.verdict,
    earlyData: agreed.earlyData,
    alpn: agreed.alpn,
    serverName: agreed.serverName,
    peerCertificates: agreed.resumed ? context.knownPeer : certificates(native.peerChain()),
  });
}

export function certificates(chain: readonly Uint8Array[]): readonly X509Certificate[] {
  return chain.map((der) => new X509Certificate(der));
}

/** RFC 7627 §5.3: without it a TLS 1.2 session may be somebody else's; throws `HandshakeError`. */
export function demandExtendedMasterSecret(agreed: NativeSummary, peer: 'client' | 'server'): void {
  if (agreed.extendedMasterSecret) return;
  throw new HandshakeError(
    `the TLS handshake with the ${peer} failed: it does not know the extended master secret (RFC 7627) that TLS 1.2 needs`,
  );
}
