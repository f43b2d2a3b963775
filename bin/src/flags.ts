// The flags that commands share, and the client's options that they make.
import { ConfigError, type FtpsClientOptions, type TlsVersions } from '@ftps-kit/ftps-client';
import type { EngineChoice } from '@ftps-kit/tls-core';
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs';
import { findCredentials } from './credentials.js';
import { flagFile } from './flag-file.js';
import type { RemoteUrl } from './remote-url.js';
import type { Report } from './report.js';

/** Flags of every command. */
export const outputFlags = {
  json: { type: 'boolean', default: false, describe: 'one JSON object a line on standard output' },
  quiet: { type: 'boolean', alias: 'q', default: false, describe: 'say only what was asked for, and errors' },
  verbose: { type: 'boolean', alias: 'v', default: false, describe: 'show the stack of errors' },
  engine: { type: 'string', choices: ['auto', 'openssl', 'node'], default: 'auto', describe: 'the TLS engine' },
  pin: { type: 'string', choices: ['1.2', '1.3'], describe: 'use only this version of TLS' },
} as const satisfies Record<string, Options>;

/** Flags of the commands that connect to a server. */
export const connectionFlags = {
  ca: { type: 'string', requiresArg: true, describe: 'file with the trusted roots, PEM, instead of the bundled ones' },
  fingerprint: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'SHA-256 of the one certificate to trust, as `ftps serve` prints it',
  },
  insecure: { type: 'boolean', default: false, describe: 'trust any certificate: anybody may sit in between' },
  'password-file': { type: 'string', requiresArg: true, describe: 'file whose first line is the password' },
  timeout: { type: 'number', requiresArg: true, default: 30, describe: 'seconds to wait for anything' },
} as const satisfies Record<string, Options>;

/** The values of both, by their names on the command line. */
export type ConnectionFlags = InferredOptionTypes<typeof connectionFlags> & InferredOptionTypes<typeof outputFlags>;

/** The values of both, as handlers get them. */
export type ConnectionArguments = ArgumentsCamelCase<ConnectionFlags>;

/** The client's options for a URL. Throws `ConfigError` where a flag makes no sense. */
export async function clientOptions(
  url: RemoteUrl,
  flags: ConnectionArguments,
  report: Report,
  signal: AbortSignal,
): Promise<FtpsClientOptions> {
  // A timer cannot wait for longer than 2^31 ms.
  if (!(flags.timeout > 0 && flags.timeout < 2_000_000)) {
    throw new ConfigError('--timeout: takes a number of seconds above 0, and below 2000000');
  }
  const timeoutMs = Math.ceil(flags.timeout * 1000);
  const credentials = await findCredentials(url, {
    passwordFile: flags.passwordFile,
    warn: (message) => {
      report.warn(message);
    },
  });
  return {
    host: url.host,
    port: url.port,
    mode: url.mode,
    ...credentials,
    tls: {
      versions: tlsVersions(flags.pin),
      ca: flags.ca === undefined ? undefined : await flagFile('--ca', flags.ca),
      pins: flags.fingerprint,
      dangerouslyAcceptAnyCertificate: flags.insecure,
    },
    engine: engineChoice(flags.engine),
    timeouts: { connectMs: timeoutMs, tlsMs: timeoutMs, replyMs: timeoutMs, stallMs: timeoutMs },
    signal,
  };
}

export function tlsVersions(pin: string | undefined): TlsVersions {
  return pin === '1.2' || pin === '1.3' ? pin : '1.2+1.3';
}

export function engineChoice(engine: string): EngineChoice {
  return engine === 'openssl' || engine === 'node' ? engine : 'auto';
}
