// For each test of a block a server of its own and one client on it, and the end of both.
import { RawFtpClient } from './raw-ftp-client.js';
import { TestServer, type TestServerOptions } from './test-server.js';

/** What a test of the block finds. */
export interface ServedClient {
  readonly server: TestServer;
  readonly client: RawFtpClient;
}

/**
 * Starts a server before each test and brings a client as far as `arrival` says; `use` gets both. They end behind the test,
 * the server also where no client came.
 */
export function forEachServed(
  arrival: 'greeted' | 'secured' | 'loggedIn',
  use: (served: ServedClient) => void,
  options: TestServerOptions = {},
): void {
  let server: TestServer | undefined;
  let client: RawFtpClient | undefined;

  beforeEach(async () => {
    server = client = undefined;
    server = await TestServer.start(options);
    client = await RawFtpClient[arrival](server);
    use({ server, client });
  });

  afterEach(async () => {
    await client?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });
}
