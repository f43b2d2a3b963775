/** basic-ftp 6: presents the latest session it was given, control or data, and never looks whether it resumed. */
import { Client } from 'basic-ftp';
import type { FtpTarget } from './ftp-target.js';

/** Logs in, with everything protected, and is closed when `use` is done. */
export async function withBasicFtp(
  { port, user, password, implicit, caPem }: FtpTarget & { readonly caPem: string },
  use: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client(5_000);
  try {
    await client.access({
      ...{ host: 'localhost', port, user, password },
      secure: implicit === true ? 'implicit' : true,
      secureOptions: { ca: caPem },
    });
    await use(client);
  } finally {
    client.close();
  }
}
