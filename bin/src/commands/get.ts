// `ftps get`: a file from a server.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, FtpsClient } from '@ftps-kit/ftps-client';
import type { CommandModule } from 'yargs';
import {
  clientOptions,
  connectionFlags,
  outputFlags,
  type ConnectionArguments,
  type ConnectionFlags,
} from '../flags.js';
import { showingProgress } from '../progress-bar.js';
import { nameOf, parseRemoteUrl } from '../remote-url.js';
import { reportTransfer } from '../transfer-report.js';
import { runCommand, type CommandTools } from './command.js';

interface Positionals {
  readonly url: string;
  readonly local?: string | undefined;
}

export const getCommand: CommandModule<object, ConnectionFlags & Positionals> = {
  command: 'get <url> [local]',
  describe: 'download a file',
  builder: (yargs) =>
    yargs
      .positional('url', {
        type: 'string',
        demandOption: true,
        describe: 'such as host/path or ftpes://user@host:port/path',
      })
      .positional('local', {
        type: 'string',
        describe: 'file or folder; - for standard output. Default: the same name here',
      })
      .options({ ...connectionFlags, ...outputFlags }),
  handler: (flags) => runCommand(flags, (tools) => get(flags, tools)),
};

async function get(flags: ConnectionArguments & Positionals, { report, signal }: CommandTools): Promise<void> {
  const url = parseRemoteUrl(flags.url);
  if (url.isFolder) throw new ConfigError(`/${url.path}: is a folder; get takes one file`);
  const local = await localPath(flags.local, nameOf(url.path));
  if (local === '-' && flags.json) throw new ConfigError('--json and - both want standard output; name a file');
  await using client = await FtpsClient.connect(await clientOptions(url, flags, report, signal));
  const target = local === '-' ? process.stdout : local;
  const result = await showingProgress(report, nameOf(url.path), (onProgress) =>
    client.download(url.path, target, { signal, onProgress }),
  );
  // Standard output is the file's own then.
  if (local !== '-') reportTransfer(report, { event: 'downloaded', from: url.path, to: local }, result);
}

/** A folder gets the file under its own name. */
async function localPath(local: string | undefined, name: string): Promise<string> {
  if (local === undefined) return name;
  // Nothing but the file goes there then, under whichever name.
  if (local === '-' || local === '/dev/stdout') return '-';
  const isFolder = await stat(local).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? join(local, name) : local;
}
