// Who asks to be let in, for authenticators that are asked without a server.
import type { LoginClient } from '@ftps-kit/ftps-server';

const endpoint = { address: '127.0.0.1', port: 2121 };

/** A client on loopback that showed no certificate. */
export const localClient: LoginClient = {
  ...endpoint,
  id: 'test',
  reached: endpoint,
  certificate: undefined,
  serverName: undefined,
  host: undefined,
};
