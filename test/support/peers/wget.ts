/** GNU wget 1.21 (GnuTLS): resumes when asked with --ftps-resume-ssl, and every run here asks. */
import type { FtpTarget, TlsVersion } from './ftp-target.js';
import { executable, missingExecutable, type Peer } from './peer.js';
import { occurrences, runProgram, type ProgramOutput, type RunOptions } from './run-program.js';

export interface WgetOptions extends RunOptions {
  readonly tlsVersion?: TlsVersion;
  /** Default true. */
  readonly resume?: boolean;
}

export const wget = {
  name: 'wget',
  missing: () => missingExecutable('wget'),

  /** The URL of a path below the login folder; wget has one scheme for both kinds of TLS. */
  url({ host, port }: FtpTarget, path = ''): string {
    return `ftps://${host}:${port}/${path}`;
  },

  /** Runs `wget --debug` with everything protected; `args` name URLs and what to do with them. */
  run(
    { user, password, caFile, implicit = false }: FtpTarget,
    args: readonly string[],
    { tlsVersion, resume = true, ...options }: WgetOptions = {},
  ): Promise<ProgramOutput> {
    const version = { '1.2': 'TLSv1_2', '1.3': 'TLSv1_3' };
    return runProgram(
      executable('wget'),
      [
        ...['--no-config', '--no-hsts', '--no-proxy', '--debug', '--tries=1', '--timeout=10'],
        ...[`--ca-certificate=${caFile}`, `--user=${user}`, `--password=${password}`],
        ...(implicit ? ['--ftps-implicit'] : []),
        ...(resume ? ['--ftps-resume-ssl'] : []),
        ...(tlsVersion === undefined ? [] : [`--secure-protocol=${version[tlsVersion]}`]),
        ...args,
      ],
      options,
    );
  },

  /** How many data connections offered the control connection's session; wget does not say whether the server took it. */
  resumptions: (output: ProgramOutput): number => occurrences(output, /Resuming SSL session in data connection/g),
} satisfies Peer & Record<string, unknown>;
