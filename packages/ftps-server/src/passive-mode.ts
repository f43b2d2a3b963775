// What PASV and EPSV have in common: a port opens, and waits for this client.
import type { CommandContext } from './command-row.js';
import { secureWith } from './data-connection-opener.js';
import { admitsDataConnection } from './data-peer.js';
import { sendFreshTicket } from './fresh-ticket.js';
import { tellLimit } from './limit-event.js';
import { PassiveOpener } from './passive-opener.js';
import { NoFreePortError } from './passive-ports.js';

/** Opens a port for the next transfer of this session; the one before is closed: a session has one at a time. */
export async function openPassive(context: CommandContext): Promise<PassiveOpener> {
  const { session, server } = context;
  const { events, settings } = server;
  const { client, id, local } = session;
  session.takeOpener()?.close();
  const port = await server.passivePorts.listen(local.address, client.address).catch((error: unknown) => {
    if (error instanceof NoFreePortError) tellLimit(server, session, error.limit, error.message);
    throw error;
  });
  const opener = new PassiveOpener(port, {
    admits: (address) => admitsDataConnection(context, address),
    timeoutMs: settings.limits.passivePortTimeoutMs,
    // RFC 4217 §8: PROT may still come behind PASV. Whatever stands now, nothing but PROT P moves a file.
    secure: secureWith(context),
    onStranger: (address) => {
      events.emit('refusal', { id, client, reason: 'stranger', detail: `data connection from ${address}` });
    },
    onTimeout: ({ message }) => {
      tellLimit(server, session, 'passivePortTimeoutMs', message);
    },
  });
  session.replaceOpener(opener);
  await sendFreshTicket(context);
  return opener;
}
