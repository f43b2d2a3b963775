// What PASV and EPSV have in common: a port opens, and waits for this client.
import type { CommandContext } from './command-row.js';
import { PassiveOpener } from './data-connection-opener.js';
import { sendFreshTicket } from './fresh-ticket.js';

/** Opens a port for the next transfer of this session; the one before is closed. */
export async function openPassive(context: CommandContext): Promise<PassiveOpener> {
  const { session, server } = context;
  const { acceptor, events, passivePorts, settings } = server;
  const { binding, client, id, local } = session;
  session.takeOpener()?.close();
  const opener = new PassiveOpener(await passivePorts.listen(local.address), {
    clientAddress: client.address,
    // RFC 4217 §8: PROT may still come behind PASV. Whatever stands now, nothing but PROT P moves a file.
    secure: (transport, signal) =>
      acceptor.accept(transport, { role: 'data', binding, timeoutMs: settings.limits.tlsTimeoutMs, signal }),
    onStranger: (address) => {
      events.emit('refusal', { id, client, reason: 'stranger', detail: `data connection from ${address}` });
    },
  });
  session.replaceOpener(opener);
  await sendFreshTicket(context);
  return opener;
}
