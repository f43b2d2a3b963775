/** lftp 4.9 (GnuTLS): gives the control connection's session data to every data connection. */
import type { FtpTarget, TlsVersion } from './ftp-target.js';
import { executable, missingExecutable, type Peer } from './peer.js';
import { occurrences, runProgram, type ProgramOutput, type RunOptions } from './run-program.js';

export interface LftpOptions extends RunOptions {
  readonly tlsVersion?: TlsVersion;
}

export const lftp = {
  name: 'lftp',
  missing: () => missingExecutable('lftp'),

  /** Runs lftp's own commands after a login with everything protected; it ends with the first that fails. */
  run(
    { host, port, user, password, caFile, implicit = false }: FtpTarget,
    commands: readonly string[],
    { tlsVersion, ...options }: LftpOptions = {},
  ): Promise<ProgramOutput> {
    const script = [
      'debug 99',
      'set cmd:fail-exit yes',
      'set net:max-retries 1',
      'set net:timeout 5',
      'set net:persist-retries 0',
      'set ftp:ssl-force yes',
      'set ftp:ssl-protect-data yes',
      'set ftp:ssl-protect-list yes',
      'set ftp:passive-mode yes',
      'set ssl:verify-certificate yes',
      `set ssl:ca-file "${caFile}"`,
      ...(tlsVersion === undefined ? [] : [`set ssl:priority "NORMAL:-VERS-ALL:+VERS-TLS${tlsVersion}"`]),
      `open -u "${user}","${password}" ${implicit ? 'ftps' : 'ftp'}://${host}:${port}`,
      ...commands,
    ];
    return runProgram(executable('lftp'), ['--norc', '-c', script.join('\n')], options);
  },

  /**
   * How many connections resumed: GnuTLS has no one word for it in both TLS versions, but it logs every handshake
   * message, and a handshake in which the server sent no certificate was a resumption.
   */
  resumptions: (output: ProgramOutput): number =>
    occurrences(output, /HSK\S* SERVER HELLO \(2\) was received/g) -
    occurrences(output, /HSK\S* CERTIFICATE \(11\) was received/g),
} satisfies Peer & Record<string, unknown>;
