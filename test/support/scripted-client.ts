// Our client on a scripted server, with time limits short enough that a hang fails a test and not the run.
import { FtpsClient, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { testCertificates } from './certificates.js';
import { scriptedServer, type Script, type ScriptedServer } from './scripted-server.js';

const timeouts = { connectMs: 10_000, tlsMs: 10_000, replyMs: 10_000, stallMs: 10_000, closeMs: 500 };

/** Options for a login on `server` as alice; without TLS unless `tls` is true. */
export async function scriptedOptions(server: ScriptedServer, tls = false): Promise<FtpsClientOptions> {
  const { caPem } = await testCertificates();
  const account = { host: '127.0.0.1', port: server.port, user: 'alice', password: 'secret', timeouts };
  return tls ? { ...account, tls: { ca: caPem } } : { ...account, dangerouslyPlain: true };
}

export interface ScriptedCase {
  /** What the server says and does after the login. */
  readonly script: Script;
  readonly tls?: boolean;
  readonly features?: string[];
  readonly options?: Partial<FtpsClientOptions>;
}

/** Logs in on a server that plays a login and then `script`, does `work`, and fails where either side does. */
export async function withScriptedClient(
  { script, tls = false, features, options = {} }: ScriptedCase,
  work: (client: FtpsClient, server: ScriptedServer) => Promise<void>,
): Promise<void> {
  const server = await scriptedServer(async (peer) => {
    await peer.login({ tls, ...(features && { features }) });
    await script(peer);
  });
  const client = await FtpsClient.connect({ ...(await scriptedOptions(server, tls)), ...options });
  await thenClosed(client, server, () => work(client, server));
}

/** Does the work, and closes both sides, however it ends. */
export async function thenClosed(
  client: FtpsClient,
  server: ScriptedServer,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    // Where the script failed first, that is the reason.
    const reason = server.failure ?? error;
    await Promise.allSettled([client.close(), server.close()]);
    throw reason;
  }
  await client.close();
  await server.close();
}
