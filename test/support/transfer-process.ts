// A process of its own that transfers a file, with `resume`, until its data connection is held; then it waits to be killed.
import { FtpsClient, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { selectEngine } from '@ftps-kit/tls-core';
import { engineWithCuts } from './cutting-relay.js';

/** What the process is told to do, as JSON in its first argument. */
export interface HeldTransfer {
  readonly options: FtpsClientOptions;
  readonly direction: 'upload' | 'download';
  readonly local: string;
  readonly remote: string;
  /** Of an upload; default false. */
  readonly atomic?: boolean;
  /** The data connection is held after so many bytes. */
  readonly afterBytes: number;
}

const [job = ''] = process.argv.slice(2);
const { options, direction, local, remote, afterBytes, atomic } = JSON.parse(job) as HeldTransfer;
const to = direction === 'upload' ? 'to server' : 'to client';
const engine = engineWithCuts(selectEngine(), () => ({ direction: to, afterBytes, how: 'hold' }));
const client = await FtpsClient.connect({ ...options, engine });
if (direction === 'upload') await client.upload(local, remote, { resume: true, atomic });
else await client.download(remote, local, { resume: true });
