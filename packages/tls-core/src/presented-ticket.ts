// Which ticket a client's connection presents, and what the handshake of a control connection leaves in its binding.
import type { X509Certificate } from 'node:crypto';
import { systemClock } from './clock.js';
import type { ClientBinding } from './control-binding.js';
import type { SessionTrust } from './control-ticket.js';
import type { TlsConnectOptions } from './engine.js';
import { ConfigError } from './errors.js';
import { mayResume, trustAfter, type TrustQuestion } from './session-trust.js';
import type { Ticket } from './ticket.js';
import type { HandshakeSummary } from './tls-channel.js';

/** What is offered to the server. */
export interface PresentedTicket {
  readonly ticket: Ticket | undefined;
  /** Of a control connection that offers one: why the server is trusted if it takes it. */
  readonly trust: SessionTrust | undefined;
}

const NOTHING: PresentedTicket = { ticket: undefined, trust: undefined };

/**
 * The ticket for this connection. Throws `NotResumedError` where a data connection has none and must not go without, and
 * `ConfigError` where one is to present a ticket that its binding does not have.
 */
export function ticketToPresent(options: TlsConnectOptions, question: TrustQuestion): PresentedTicket {
  const { role, binding, ticket: kept } = options;
  if (role === 'data') {
    if (kept !== undefined)
      throw new ConfigError('a data connection presents tickets of its own control connection only');
    return { ticket: binding.ticketForDataConnection(), trust: undefined };
  }
  if (kept === undefined || !mayResume(kept, question, systemClock())) return NOTHING;
  return { ticket: kept.ticket, trust: kept.trust };
}

/** What a control connection agreed on. */
export interface ControlHandshake {
  readonly handshake: HandshakeSummary;
  readonly presented: PresentedTicket;
  readonly question: TrustQuestion;
  /** The chain as it was built up to the root, where the engine tells it. */
  readonly verified?: readonly X509Certificate[] | undefined;
}

/** Tells the binding whom its control connection is with, and why that is believed. */
export function settleControl(
  binding: ClientBinding,
  { handshake, presented, question, verified }: ControlHandshake,
): void {
  const { peerCertificates, resumed } = handshake;
  binding.peerCertificates = peerCertificates;
  if (!resumed) {
    // Where revocation is asked for, nothing is kept: see `mayResume`.
    const keeps = question.policy.crl.length === 0;
    binding.trust = keeps ? trustAfter(question, peerCertificates, systemClock(), verified) : undefined;
    return;
  }
  // Not from now on: however often it was resumed, the certificate was seen at the first handshake only.
  binding.trust = presented.trust;
  const { ticket } = presented;
  // RFC 5246 §7.3: under TLS 1.2 the same session goes on, and the server need not send it again. It is this connection's own
  // now, and so that of its data connections. Under TLS 1.3 there is a new one, whose tickets come on this connection.
  if (ticket?.protocol === 'TLSv1.2' && binding.tickets.size === 0) binding.tickets.insert(ticket);
}
