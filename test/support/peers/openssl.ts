/** openssl s_client 3.0: shows tickets, resumption and verification, and types FTP commands into the TLS session. */
import type { FtpTarget, TlsVersion } from './ftp-target.js';
import { executable, missingExecutable, type Peer } from './peer.js';
import { occurrences, runProgram, type ProgramOutput, type RunOptions } from './run-program.js';

export interface OpensslOptions extends RunOptions {
  readonly tlsVersion?: TlsVersion;
}

export const openssl = {
  name: 'openssl',
  missing: () => missingExecutable('openssl'),

  /**
   * Runs `openssl s_client -starttls ftp` (or without, when implicit). The input is what is typed, lines ending in LF;
   * it has to end in QUIT, because s_client stays until the server closes.
   */
  run(
    { host, port, caFile, implicit = false }: Pick<FtpTarget, 'host' | 'port' | 'caFile' | 'implicit'>,
    args: readonly string[] = [],
    { tlsVersion, ...options }: OpensslOptions = {},
  ): Promise<ProgramOutput> {
    return runProgram(
      executable('openssl'),
      [
        ...['s_client', '-connect', `${host}:${port}`, '-CAfile', caFile, '-verify_return_error', '-verify_ip', host],
        ...['-crlf', '-ign_eof', ...(implicit ? [] : ['-starttls', 'ftp'])],
        ...(tlsVersion === undefined ? [] : [tlsVersion === '1.2' ? '-tls1_2' : '-tls1_3']),
        ...args,
      ],
      { input: 'QUIT\n', ...options },
    );
  },

  /** How many handshakes s_client calls "Reused". */
  resumptions: (output: ProgramOutput): number => occurrences(output, /^Reused, /gm),

  /** How many tickets came after a TLS 1.3 handshake. */
  tickets: (output: ProgramOutput): number => occurrences(output, /Post-Handshake New Session Ticket arrived/g),
} satisfies Peer & Record<string, unknown>;
