// Both sides of the openssl engine, for its own suites.
import { selectEngine, type ClientTlsOptions, type ServerTlsOptions } from '@ftps-kit/tls-core';
import { readExactly } from '../../support/channel-bytes.js';
import { engineSides, type EngineSides, type TlsPair } from '../tls-engine.js';

export const GREETING = Buffer.from('150 here it comes\r\n');

/** Both sides of the openssl engine. */
export async function sidesOf(
  server: Partial<ServerTlsOptions> = {},
  client: ClientTlsOptions = {},
): Promise<EngineSides> {
  return engineSides(selectEngine('openssl'), server, client);
}

/** Makes the client take notice of what the server sent, tickets and requests included. */
export async function greet({ client, server }: TlsPair): Promise<void> {
  await server.write(GREETING);
  await readExactly(client, GREETING.length);
}
