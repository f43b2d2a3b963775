// Where a session's data connections may come from.
import { isSameAddress } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from './command-row.js';

/** The client's own address, unless `sameAddress` is off; behind a proxy that carries data connections too, any of the proxies. */
export function admitsDataConnection(
  { session, server }: Pick<CommandContext, 'session' | 'server'>,
  address: string,
): boolean {
  const { proxyProtocol, sameAddress } = server.settings;
  if (session.proxied && proxyProtocol?.dataConnections === 'relayed') return proxyProtocol.trusted.has(address);
  return !sameAddress || isSameAddress(address, session.client.address);
}
