// What PORT and EPRT have in common: whom this server would connect to, and whom never.
import { ReplyCode, isSameAddress, type HostPort } from '@ftps-kit/ftp-protocol';
import { ActiveOpener } from './active-opener.js';
import type { CommandContext } from './command-row.js';
import { secureWith } from './data-connection-opener.js';
import { sendFreshTicket } from './fresh-ticket.js';
import { LAST_PRIVILEGED_PORT } from './limits.js';
import { outcome, type Outcome } from './outcome.js';

/** Why this session may not name a port at all, whatever its argument. */
export function activeModeRefusal({ server, session }: CommandContext): Outcome | undefined {
  // RFC 2428 §3: after EPSV ALL the server must reject all other ways to set up a data connection.
  if (session.extendedPassiveOnly) return outcome(ReplyCode.BadSequence, 'EPSV ALL allows nothing but EPSV.');
  if (server.settings.active !== undefined) return undefined;
  return outcome(ReplyCode.CommandNotImplemented, 'This server does not connect to clients: use EPSV or PASV.');
}

/** Remembers where the next transfer of this session goes. */
export async function openActive(context: CommandContext, to: HostPort): Promise<Outcome> {
  const { session, server } = context;
  const { id, client, local } = session;
  // RFC 2577 §3, against servers that are made to attack others (bounce): no port below 1024, and no other host than the
  // client's own; 504 is the reply it suggests.
  if (!isSameAddress(to.host, client.address) || to.port <= LAST_PRIVILEGED_PORT) {
    server.events.emit('refusal', { id, client, reason: 'bounce', detail: `${to.host} port ${to.port}` });
    return outcome(
      ReplyCode.ParameterNotImplemented,
      `Only your own address can be named, and ports above ${LAST_PRIVILEGED_PORT}.`,
    );
  }
  session.replaceOpener(
    new ActiveOpener({
      // Where the client is link-local, its own address says on which link, which EPRT cannot.
      to: { host: client.address, port: to.port },
      from: { address: local.address, port: server.settings.active?.sourcePort ?? 0 },
      secure: secureWith(context),
    }),
  );
  await sendFreshTicket(context);
  return outcome(ReplyCode.CommandOkay, 'The next transfer goes to this port.');
}
