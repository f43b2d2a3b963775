// HOST (RFC 7151): which of the hosts behind this address the client wants.
import { ReplyCode, isSameAddress, parseHostName } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from '../command-row.js';
import { outcome, type Outcome } from '../outcome.js';

export function host(context: CommandContext): Outcome {
  const { argument, session } = context;
  // RFC 7151 §3: "a situation in which the HOST command is issued after the user has been authenticated" is 503.
  if (session.login.state === 'logged-in') return outcome(ReplyCode.BadSequence, 'HOST comes before a login.');
  const name = parseHostName(argument);
  const isServed = name.kind === 'address' ? isOwnAddress(context, name.text) : isOwnName(context, name.text);
  if (!isServed) return outcome(ReplyCode.ParameterNotImplemented, 'This server has no such host.');
  session.host = name.text;
  return outcome(ReplyCode.ServiceReady, `This is ${name.text}.`);
}

/** RFC 7151 §3.1: an address that "does not match the literal address for the server" is 504. */
function isOwnAddress({ session, server }: CommandContext, address: string): boolean {
  const known = [session.local.address, server.settings.publicAddress(session.client)];
  return known.some((own) => own !== undefined && isSameAddress(own, address));
}

function isOwnName({ session, server }: CommandContext, name: string): boolean {
  // RFC 7151 §3.2.2: "the server-PI MUST verify that the hostname in the HOST command matches the value of the
  // 'server_name' extension."
  const serverName = session.control?.handshake.serverName;
  if (serverName !== undefined) return serverName.toLowerCase() === name;
  return server.identities().some(({ certificate }) => certificate.checkHost(name) !== undefined);
}
