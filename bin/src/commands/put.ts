// `ftps put`: files to a server.
import { basename } from 'node:path';
import { ConfigError, FtpsClient } from '@ftps-kit/ftps-client';
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import {
  clientOptions,
  connectionFlags,
  outputFlags,
  type ConnectionArguments,
  type ConnectionFlags,
} from '../flags.js';
import { showingProgress } from '../progress-bar.js';
import { nameOf, parseRemoteUrl } from '../remote-url.js';
import { standardInput } from '../standard-input.js';
import { reportTransfer } from '../transfer-report.js';
import { runCommand, type CommandTools } from './command.js';

interface Positionals {
  readonly paths: readonly string[];
}

const putFlags = {
  'may-grow': {
    type: 'boolean',
    default: false,
    describe: 'of a log, to which bytes are only added: send those that are there when it begins',
  },
} as const satisfies Record<string, Options>;

type PutFlags = InferredOptionTypes<typeof putFlags>;

export const putCommand: CommandModule<object, ConnectionFlags & PutFlags & Positionals> = {
  command: 'put <paths..>',
  describe: 'upload files: LOCAL... URL',
  builder: (yargs) =>
    yargs
      .positional('paths', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'local files (- for standard input), and last the URL; a URL that ends in / is a folder',
      })
      .options({ ...putFlags, ...connectionFlags, ...outputFlags }),
  handler: (flags) => runCommand(flags, (tools) => put(flags, tools)),
};

async function put(
  flags: ConnectionArguments & ArgumentsCamelCase<PutFlags> & Positionals,
  { report, signal }: CommandTools,
): Promise<void> {
  const locals = flags.paths.slice(0, -1);
  const [target = ''] = flags.paths.slice(-1);
  if (locals.length === 0) throw new ConfigError('put takes at least one local file, and then a URL');
  const url = parseRemoteUrl(target);
  if (locals.length > 1 && !url.isFolder) {
    throw new ConfigError(`/${url.path}: several files need a folder; end the URL with a slash`);
  }
  if (locals.includes('-') && url.isFolder) {
    throw new ConfigError(`/${url.path}: standard input needs a file name in the URL`);
  }
  const { mayGrow } = flags;
  if (mayGrow && locals.includes('-')) {
    throw new ConfigError('--may-grow: is for files; standard input is sent to its end');
  }
  const input = locals.includes('-') ? standardInput() : undefined;
  await using client = await FtpsClient.connect(await clientOptions(url, flags, report, signal));
  for (const local of locals) {
    const remote = url.isFolder ? url.path + basename(local) : url.path;
    const result = await showingProgress(report, nameOf(remote), (onProgress) =>
      client.upload(local === '-' && input !== undefined ? input : local, remote, { signal, onProgress, mayGrow }),
    );
    reportTransfer(report, { event: 'uploaded', from: local, to: remote }, result);
  }
}
