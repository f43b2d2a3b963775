// `ftps ls`: what a folder on a server holds.
import { FtpsClient, printable, type Entry } from '@ftps-kit/ftps-client';
import type { CommandModule } from 'yargs';
import {
  clientOptions,
  connectionFlags,
  outputFlags,
  type ConnectionArguments,
  type ConnectionFlags,
} from '../flags.js';
import { formatBytes } from '../format.js';
import { parseRemoteUrl } from '../remote-url.js';
import { runCommand, type CommandTools } from './command.js';

interface Positionals {
  readonly url: string;
}

export const lsCommand: CommandModule<object, ConnectionFlags & Positionals> = {
  command: 'ls <url>',
  describe: 'list a folder',
  builder: (yargs) =>
    yargs
      .positional('url', { type: 'string', demandOption: true, describe: 'such as host/folder' })
      .options({ ...connectionFlags, ...outputFlags }),
  handler: (flags) => runCommand(flags, (tools) => ls(flags, tools)),
};

async function ls(flags: ConnectionArguments & Positionals, { report, signal }: CommandTools): Promise<void> {
  const url = parseRemoteUrl(flags.url);
  await using client = await FtpsClient.connect(await clientOptions(url, flags, report, signal));
  for await (const entry of client.list(url.path === '' ? undefined : url.path, { signal })) {
    const { name, type, size, modifiedAt } = entry;
    report.answer({ event: 'entry', name, type, size, modifiedAt: modifiedAt?.toISOString() }, lineOf(entry));
  }
}

/** Time, size, name; names from a server cannot steer the terminal. */
function lineOf({ name, type, size, modifiedAt }: Entry): string {
  const time = modifiedAt?.toISOString().slice(0, 16).replace('T', ' ') ?? '';
  const bytes = type === 'directory' || size === undefined ? '' : formatBytes(size);
  const shown = printable(name) + (type === 'directory' ? '/' : '');
  return `${time.padEnd(16)}  ${bytes.padStart(8)}  ${shown}`;
}
