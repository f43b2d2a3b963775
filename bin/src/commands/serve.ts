// `ftps serve`: a folder of this machine, for who knows the password.
import { once } from 'node:events';
import { ConfigError } from '@ftps-kit/ftps-client';
import { createFtpsServer, type FtpsServer, type ListenOptions } from '@ftps-kit/ftps-server';
import { ServerIdentity } from '@ftps-kit/tls-core';
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import { flagFile } from '../flag-file.js';
import { engineChoice, outputFlags, tlsVersions } from '../flags.js';
import { jsonLine } from '../json-line.js';
import { rereadAtHangup, type Rereadable } from '../read-again.js';
import type { Report } from '../report.js';
import { accountFlags, servedAccounts, type ServedAccounts } from '../served-accounts.js';
import { reportServerEvents } from '../server-report.js';
import { keptIdentity, stateFolder } from '../state-folder.js';
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
  ...accountFlags,
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
  grace: {
    type: 'number',
    requiresArg: true,
    default: 30,
    describe: 'seconds that transfers may take to end at SIGTERM',
  },
  ...outputFlags,
} as const satisfies Record<string, Options>;

type ServeArguments = InferredOptionTypes<typeof serveFlags> & { readonly dir?: string | undefined };

export const serveCommand: CommandModule<object, ServeArguments> = {
  command: 'serve [dir]',
  describe: 'serve a folder',
  builder: (yargs) =>
    yargs.positional('dir', { type: 'string', describe: 'the folder; without it the current one' }).options(serveFlags),
  handler: (flags) => runCommand(flags, (tools) => serve(flags, tools)),
};

async function serve(flags: ArgumentsCamelCase<ServeArguments>, { report, signal }: CommandTools): Promise<void> {
  if (!(flags.grace >= 0)) throw new ConfigError('--grace: takes a number of seconds');
  const accounts = await servedAccounts(flags);
  const server = createFtpsServer({
    tls: { identities: [await identityOf(flags)], versions: tlsVersions(flags.pin) },
    authenticate: accounts.authenticate,
    listen: listenOf(flags),
    binding: flags.binding,
    engine: engineChoice(flags.engine),
    passivePorts: flags.passivePorts === undefined ? undefined : portRange(flags.passivePorts),
    publicAddress: flags.publicAddress,
  });
  for (const warning of accounts.users?.report.warnings ?? []) report.warn(warning);
  reportServerEvents(server, report);
  // Before anybody can know that it listens: without this the signal would end the process.
  const stopRereading = rereadAtHangup(rereadables(flags, server, accounts, report), report);
  try {
    await server.listen();
    reportListening(server, report, accounts);
    if (!signal.aborted) await once(signal, 'abort');
    await server.close({ graceSeconds: flags.grace });
  } finally {
    // Not before the last transfer is over, which the signal would cut.
    stopRereading();
  }
  report.say({ event: 'closed' }, 'closed');
}

/** Everything that somebody needs to connect. */
function reportListening(server: FtpsServer, report: Report, { root, users, made }: ServedAccounts): void {
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
  report.say({ event: 'folder' }, `folder:      ${root}`);
  if (users !== undefined) report.say({ event: 'users' }, `users:       ${users.report.users} in ${users.path}`);
  // Nobody could log in without it, so --quiet does not silence it.
  if (made !== undefined) report.answer({ event: 'login' }, `login:       ${made.name} / ${made.password}`);
  report.say({ event: 'fingerprint' }, `fingerprint: ${fingerprint256}`);
}

async function identityOf({ cert, key }: ArgumentsCamelCase<ServeArguments>): Promise<ServerIdentity> {
  if (cert === undefined && key === undefined) return keptIdentity(stateFolder());
  if (cert === undefined || key === undefined) throw new ConfigError('--cert and --key go together');
  return new ServerIdentity({ cert: await flagFile('--cert', cert), key: await flagFile('--key', key) });
}

/** What SIGHUP reads again. */
function rereadables(
  flags: ArgumentsCamelCase<ServeArguments>,
  server: FtpsServer,
  { users }: ServedAccounts,
  report: Report,
): readonly Rereadable[] {
  const things: Rereadable[] = [];
  if (users !== undefined) {
    things.push({
      name: 'the users file',
      readAgain: async () => {
        const { users: count, removed, warnings } = await users.reload();
        for (const warning of warnings) report.warn(warning);
        const gone = removed.map((name) => jsonLine(name)).join(', ');
        const text = `users read again: ${count}${gone === '' ? '' : `; no more: ${gone}`}`;
        return { event: { event: 'users', users: count, removed }, text };
      },
    });
  }
  if (flags.cert !== undefined) {
    things.push({
      name: 'the certificate',
      readAgain: async () => {
        server.replaceIdentities(await identityOf(flags));
        const { fingerprint256 } = server;
        return { event: { event: 'certificate', fingerprint256 }, text: `certificate read again: ${fingerprint256}` };
      },
    });
  }
  return things;
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
