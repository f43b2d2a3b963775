// A ticket for the data connection that is about to come: clients that use each ticket once never run dry.
import type { CommandContext } from './command-row.js';

/**
 * Sends a ticket on the control connection, ahead of the reply that leads to a data connection (RFC 8446 §4.6.1). Does
 * nothing where the engine cannot, and under TLS 1.2, where a session is resumed any number of times.
 */
export async function sendFreshTicket({ session, server }: CommandContext): Promise<void> {
  const { control } = session;
  if (control === undefined || !server.settings.engine.capabilities.ticketsOnDemand) return;
  if (control.handshake.protocol === 'TLSv1.3') await control.issueTicket();
}
