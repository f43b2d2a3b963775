// Our client on our own server, as alice.
import { FtpsClient, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import type { TestServer } from './test-server.js';

/** What logs in there. */
export function ownOptions({ host, port, user, password, caPem, implicit }: TestServer): FtpsClientOptions {
  return { host, port, user, password, mode: implicit ? 'implicit' : 'explicit', tls: { ca: caPem } };
}

export function connectTo(server: TestServer, options: Partial<FtpsClientOptions> = {}): Promise<FtpsClient> {
  return FtpsClient.connect({ ...ownOptions(server), ...options });
}
