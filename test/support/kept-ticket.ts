// Tickets for tests of what keeps them: no server would take them.
import { randomBytes } from 'node:crypto';
import { ControlTicket, Ticket } from '@ftps-kit/tls-core';

/** One that lasts for a day from `receivedAt`; `session` tells it from others. */
export function keptTicket(session: string, receivedAt: number, lifetimeSeconds = 86_400): ControlTicket {
  const ticket = new Ticket({
    session: Buffer.from(session),
    protocol: 'TLSv1.3',
    source: 'control',
    receivedAt,
    lifetimeSeconds,
  });
  return new ControlTicket(ticket, {
    scope: 'a scope',
    peerCertificates: [],
    trustedUntil: receivedAt + 7 * 86_400_000,
  });
}

export function sessionOf(ticket: ControlTicket | undefined): string | undefined {
  return ticket === undefined ? undefined : Buffer.from(ticket.ticket.sessionForEngine()).toString();
}

export function newKey(): string {
  return randomBytes(32).toString('hex');
}
