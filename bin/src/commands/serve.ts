// `ftps serve`: a folder of this machine, for who knows the password.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { realpath, stat } from 'node:fs/promises';
import { ConfigError } from '@ftps-kit/ftps-client';
import {
  createFtpsServer,
  fixedAccounts,
  type FixedAccount,
  type FtpsServer,
  type ListenOptions,
} from '@ftps-kit/ftps-server';
import { ServerIdentity } from '@ftps-kit/tls-core';
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import { engineChoice, outputFlags, readPem, tlsVersions } from '../flags.js';
import type { Report } from '../report.js';
import { keptIdentity, stateFolder } from '../state-folder.js';
import { reportServerEvents } from '../server-report.js';
import { runCommand, type CommandTools } from './command.js';

const serveFlags = {
  host: {
    type: 'string',
    requiresArg: true,
    default: '127.0.0.1',
    describe: 'address to listen on; 0.0.0.0 for everybody',
  },
  port: { type: 'number', requiresArg: true, default: 2121, describe: 'port for explicit TLS; 0 for any free one' },
  'implicit-port': { type: 'number', requiresArg: true, describe: 'port for implicit TLS as well' },
  user: { type: 'string', array: true, requiresArg: true, describe: 'NAME:PASSWORD; may be given several times' },
  cert: {
    type: 'string',
    requiresArg: true,
    describe: 'certificate and intermediates, PEM. Default: self-signed, kept',
  },
  key: { type: 'string', requiresArg: true, describe: 'its private key, PEM' },
  binding: {
    type: 'string',
    choices: ['require', 'allow', 'off'],
    default: 'require',
    describe: 'must data connections resume the TLS session of their login',
  },
  'passive-ports': { type: 'string', requiresArg: true, describe: 'A-B: range of ports for data connections' },
  'public-address': { type: 'string', requiresArg: true, describe: 'IPv4 address that clients behind a NAT see' },
  'read-only': { type: 'boolean', default: false, describe: 'nothing can be changed' },
  grace: {
    type: 'number',
    requiresArg: true,
    default: 30,
    describe: 'seconds that transfers may take to end at SIGTERM',
  },
  ...outputFlags,
} as const satisfies Record<string, Options>;

type ServeArguments = InferredOptionTypes<typeof serveFlags> & { readonly dir: string };

export const serveCommand: CommandModule<object, ServeArguments> = {
  command: 'serve [dir]',
  describe: 'serve a folder',
  builder: (yargs) =>
    yargs.positional('dir', { type: 'string', default: '.', describe: 'the folder' }).options(serveFlags),
  handler: (flags) => runCommand(flags, (tools) => serve(flags, tools)),
};

async function serve(flags: ArgumentsCamelCase<ServeArguments>, { report, signal }: CommandTools): Promise<void> {
  if (!(flags.grace >= 0)) throw new ConfigError('--grace: takes a number of seconds');
  const { accounts, made } = await accountsOf(flags);
  const server = createFtpsServer({
    tls: { identities: [await identityOf(flags)], versions: tlsVersions(flags.pin) },
    authenticate: fixedAccounts(accounts),
    listen: listenOf(flags),
    binding: flags.binding,
    engine: engineChoice(flags.engine),
    passivePorts: flags.passivePorts === undefined ? undefined : portRange(flags.passivePorts),
    publicAddress: flags.publicAddress,
  });
  reportServerEvents(server, report);
  await server.listen();
  reportListening(server, report, accounts, made);
  if (!signal.aborted) await once(signal, 'abort');
  await server.close({ graceSeconds: flags.grace });
  report.say({ event: 'closed' }, 'closed');
}

/** Everything that somebody needs to connect. */
function reportListening(
  server: FtpsServer,
  report: Report,
  accounts: readonly FixedAccount[],
  made: FixedAccount | undefined,
): void {
  const { fingerprint256, engine } = server;
  for (const [at, { address, port, mode }] of server.addresses.entries()) {
    const url = `${mode === 'implicit' ? 'ftps' : 'ftpes'}://${address.includes(':') ? `[${address}]` : address}:${port}/`;
    report.say(
      {
        event: 'listening',
        host: address,
        port,
        mode,
        fingerprint256,
        engine: engine.name,
        // Once is enough for a secret.
        ...(at === 0 && made !== undefined && { user: made.name, password: made.password }),
      },
      `listening on ${report.colours.bold(url)}  (engine: ${engine.description})`,
    );
  }
  if (report.flags.json) return;
  report.say({ event: 'folder' }, `folder:      ${accounts[0]?.root ?? ''}`);
  // Nobody could log in without it, so --quiet does not silence it.
  if (made !== undefined) report.answer({ event: 'login' }, `login:       ${made.name} / ${made.password}`);
  report.say({ event: 'fingerprint' }, `fingerprint: ${fingerprint256}`);
}

/** Who may log in; without `--user` somebody with a password that nobody can guess. */
async function accountsOf(
  flags: ArgumentsCamelCase<ServeArguments>,
): Promise<{ readonly accounts: readonly FixedAccount[]; readonly made: FixedAccount | undefined }> {
  const root = await folderOf(flags.dir);
  const { readOnly } = flags;
  if (flags.user === undefined) {
    const made = { name: 'ftps', password: randomBytes(12).toString('base64url'), root, readOnly };
    return { accounts: [made], made };
  }
  const accounts = flags.user.map((text) => {
    const colon = text.indexOf(':');
    if (colon < 1) throw new ConfigError('--user: takes NAME:PASSWORD');
    return { name: text.slice(0, colon), password: text.slice(colon + 1), root, readOnly };
  });
  return { accounts, made: undefined };
}

async function folderOf(dir: string): Promise<string> {
  const found = await stat(dir).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new ConfigError(`${dir}: is not a folder`);
  return realpath(dir);
}

async function identityOf({ cert, key }: ArgumentsCamelCase<ServeArguments>): Promise<ServerIdentity> {
  if (cert === undefined && key === undefined) return keptIdentity(stateFolder());
  if (cert === undefined || key === undefined) throw new ConfigError('--cert and --key go together');
  return new ServerIdentity({ cert: await readPem('--cert', cert), key: await readPem('--key', key) });
}

function listenOf({ host, port, implicitPort }: ArgumentsCamelCase<ServeArguments>): readonly ListenOptions[] {
  const explicit: ListenOptions = { host, port, mode: 'explicit' };
  return implicitPort === undefined ? [explicit] : [explicit, { host, port: implicitPort, mode: 'implicit' }];
}

function portRange(text: string): [number, number] {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (first === undefined || last === undefined) throw new ConfigError(`--passive-ports: '${text}' is not A-B`);
  return [Number(first), Number(last)];
}
