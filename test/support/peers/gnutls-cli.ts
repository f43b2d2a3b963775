/** gnutls-cli 3.7: the other TLS stack's view of a server; with --resume it connects twice and says whether it resumed. */
import type { FtpTarget, TlsVersion } from './ftp-target.js';
import { executable, missingExecutable, type Peer } from './peer.js';
import { occurrences, runProgram, type ProgramOutput, type RunOptions } from './run-program.js';

export interface GnutlsOptions extends RunOptions {
  readonly tlsVersion?: TlsVersion;
}

export const gnutlsCli = {
  name: 'gnutls-cli',
  missing: () => missingExecutable('gnutls-cli'),

  /** Runs `gnutls-cli --starttls-proto=ftp` (or without, when implicit); the input is what is typed, lines ending in CRLF. */
  run(
    { host, port, caFile, implicit = false }: Pick<FtpTarget, 'host' | 'port' | 'caFile' | 'implicit'>,
    args: readonly string[] = [],
    { tlsVersion, ...options }: GnutlsOptions = {},
  ): Promise<ProgramOutput> {
    return runProgram(
      executable('gnutls-cli'),
      [
        ...['--port', `${port}`, `--x509cafile=${caFile}`],
        ...(implicit ? [] : ['--starttls-proto=ftp']),
        ...(tlsVersion === undefined ? [] : [`--priority=NORMAL:-VERS-ALL:+VERS-TLS${tlsVersion}`]),
        ...args,
        host,
      ],
      { input: 'QUIT\r\n', ...options },
    );
  },

  /** How many handshakes resumed; with --resume at most one. */
  resumptions: (output: ProgramOutput): number => occurrences(output, /This is a resumed session/g),
} satisfies Peer & Record<string, unknown>;
