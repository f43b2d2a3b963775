// Why a server is trusted without showing its certificate again: what that hangs on, and when it no longer holds.
import { createHash, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { ControlTicket, SessionTrust } from './control-ticket.js';
import type { EngineName } from './engine.js';
import { TICKET_LIFETIME_SECONDS } from './limits.js';
import type { ClientPolicy } from './tls-policy.js';

/** Who connects where, and how. */
export interface TrustQuestion {
  readonly engine: EngineName;
  readonly policy: ClientPolicy;
  /** The host as the user named it. */
  readonly host: string;
}

/**
 * The digest of everything that the trust in a server hangs on, and of who we are to it: engine, the name that certificates
 * are checked for, versions, algorithms, application protocols, roots, revocation lists, pins, the switch that takes any
 * certificate, our own certificate. A TLS session resumes under exactly what it was made under, or not at all: change one of
 * these and the server shows its certificate again. Only the order of the groups is free. Nothing secret can be read off it.
 */
export function ticketScope({ engine, policy, host }: TrustQuestion): string {
  const parts = [engine, nameToCheck(policy, host), digestOf(policy)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Node's roots are long, and a policy is asked again at each connect. */
const digests = new WeakMap<ClientPolicy, string>();

function digestOf(policy: ClientPolicy): string {
  const known = digests.get(policy);
  if (known !== undefined) return known;
  const { identity, logKeys, signatureAlgorithms, serverName, groups, ...rest } = policy;
  const parts = {
    ...rest,
    // Any of them would do; which one comes first decides how many round trips a handshake takes.
    groups: [...groups].sort(),
    serverName: serverName ?? null,
    signatureAlgorithms: signatureAlgorithms ?? null,
    identity: identity?.certPem ?? null,
    // What was made in the open must not go on in secret.
    logsKeys: logKeys !== undefined,
  } satisfies Record<string, string | boolean | null | readonly string[]>;
  const sorted = Object.entries(parts).sort(([one], [other]) => (one < other ? -1 : 1));
  const digest = createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
  digests.set(policy, digest);
  return digest;
}

/**
 * The trust that a full handshake of a control connection gave. It lasts for 7 days, and never longer than any certificate of
 * the chain: `chains` are the one that was shown and, where the engine tells it, the one that was built up to the root.
 */
export function trustAfter(
  question: TrustQuestion,
  peerCertificates: readonly X509Certificate[],
  now: number,
  verified: readonly X509Certificate[] = [],
): SessionTrust {
  const ends = [...peerCertificates, ...verified].map((certificate) => Date.parse(certificate.validTo));
  const trustedUntil = Math.min(now + TICKET_LIFETIME_SECONDS * 1000, ...ends);
  // A date that cannot be read is no reason to trust.
  return {
    scope: ticketScope(question),
    peerCertificates,
    trustedUntil: Number.isNaN(trustedUntil) ? 0 : trustedUntil,
  };
}

/** Whether a control connection may offer this ticket, so that the server need not show its certificate. */
export function mayResume(kept: ControlTicket, question: TrustQuestion, now: number): boolean {
  const { policy, host } = question;
  // A list says when the next one is due, and only the check of a certificate asks for that.
  if (policy.crl.length > 0) return false;
  if (!kept.isFresh(now) || kept.trust.scope !== ticketScope(question)) return false;
  return isRightServer(kept.trust.peerCertificates[0], policy, host);
}

/** RFC 8446 §4.6.1: only "if the new SNI value is valid for the server certificate presented in the original session". */
function isRightServer(leaf: X509Certificate | undefined, policy: ClientPolicy, host: string): boolean {
  if (leaf === undefined) return false;
  if (policy.pins.length > 0) return policy.pins.includes(leaf.fingerprint256);
  if (policy.acceptAnyCertificate) return true;
  const name = nameToCheck(policy, host);
  return (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined;
}

/** A name with a dot at its end is the same name, but neither SNI nor certificates have it. */
function nameToCheck({ serverName }: ClientPolicy, host: string): string {
  return (serverName ?? host).replace(/\.$/, '').toLowerCase();
}
