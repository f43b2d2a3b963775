// PASV (RFC 959 §4.1.2): an IPv4 port for the next transfer.
import { ReplyCode, encodePassiveReply, ipFamily } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';
import { openPassive } from '../passive-mode.js';

export async function pasv(context: CommandContext): Promise<Outcome> {
  const { session, server } = context;
  if (session.extendedPassiveOnly) return outcome(ReplyCode.BadSequence, 'EPSV ALL allows nothing but EPSV.');
  const host = server.settings.publicAddress(session.client) ?? session.reached.address;
  if (ipFamily(host) !== 4) return outcome(ReplyCode.CannotOpenDataConnection, 'PASV is for IPv4; use EPSV.');
  const { port } = await openPassive(context);
  return outcome(ReplyCode.EnteringPassiveMode, encodePassiveReply({ host, port }));
}
