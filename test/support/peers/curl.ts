/** curl 7.88 (OpenSSL): resumes with the control connection's latest ticket, as often as it needs. */
import type { FtpTarget, TlsVersion } from './ftp-target.js';
import { executable, missingExecutable, type Peer } from './peer.js';
import { occurrences, runProgram, type ProgramOutput, type RunOptions } from './run-program.js';

export interface CurlOptions extends RunOptions {
  readonly tlsVersion?: TlsVersion;
}

export const curl = {
  name: 'curl',
  missing: () => missingExecutable('curl'),

  /** The URL of a path below the login folder. */
  url({ host, port, implicit = false }: FtpTarget, path = ''): string {
    return `${implicit ? 'ftps' : 'ftp'}://${host}:${port}/${path}`;
  },

  /** Runs `curl -v` with everything protected; `args` name URLs and what to do with them. */
  run(
    target: FtpTarget,
    args: readonly string[],
    { tlsVersion, ...options }: CurlOptions = {},
  ): Promise<ProgramOutput> {
    const version = { '1.2': ['--tlsv1.2', '--tls-max', '1.2'], '1.3': ['--tlsv1.3'] };
    return runProgram(
      executable('curl'),
      [
        ...['-q', '-sS', '-v', '--noproxy', '*', '--ssl-reqd', '--cacert', target.caFile],
        ...['-u', `${target.user}:${target.password}`],
        ...(tlsVersion === undefined ? [] : version[tlsVersion]),
        ...args,
      ],
      options,
    );
  },

  /** How many connections offered a session to resume; curl does not say whether the server took it. */
  resumptions: (output: ProgramOutput): number => occurrences(output, /SSL re-using session ID/g),
} satisfies Peer & Record<string, unknown>;
