/** Python's ftplib: stock, which never resumes, and with the session of the control connection handed to each data connection. */
import { fileURLToPath } from 'node:url';
import type { FtpTarget, TlsVersion } from './ftp-target.js';
import { findExecutable, missingExecutable, type Peer } from './peer.js';
import { runProgram, type ProgramOutput, type RunOptions } from './run-program.js';

const script = fileURLToPath(new URL('./ftplib_client.py', import.meta.url));

/** What is done after the login, and before QUIT. */
export type PythonStep =
  | readonly ['nlst' | 'mlsd' | 'list' | 'pwd' | 'noop']
  /** From here on the server connects to it. */
  | readonly ['active']
  | readonly ['retr', name: string, offset?: number]
  | readonly ['stor' | 'appe', name: string, sizeBytes: number]
  | readonly ['cwd' | 'mkd' | 'rmd' | 'delete' | 'size', path: string]
  | readonly ['rename', from: string, to: string];

/** What the script says of one step; after a step that failed comes one named `pwd`, to see whether the login lives on. */
export interface PythonLine {
  readonly step: string;
  readonly ok: boolean;
  readonly reply?: string;
  readonly lines?: readonly string[];
  readonly bytes?: number;
  readonly sha256?: string;
  /** The class of the exception, such as `error_perm`, and its text, which begins with the reply code. */
  readonly error?: string;
  readonly message?: string;
  /** Whether the data connection of this step resumed; absent when none was opened. */
  readonly sessionReused?: boolean;
  /** `TLSv1.3` or so, of the data connection if there was one, else of the control connection. */
  readonly version?: string;
}

export interface PythonOptions extends RunOptions {
  readonly mode: 'stock' | 'session';
  readonly tlsVersion?: TlsVersion;
}

export interface PythonOutput extends ProgramOutput {
  readonly lines: readonly PythonLine[];
}

export const pythonFtplib = {
  name: 'Python ftplib',
  missing: () => (findExecutable('/usr/bin/python3') === undefined ? missingExecutable('python3') : undefined),

  /** Logs in, PBSZ 0, PROT P, the steps, QUIT; exit code 1 when a step failed. */
  async run(
    { host, port, user, password, caFile, implicit = false }: FtpTarget,
    steps: readonly PythonStep[],
    { mode, tlsVersion, ...options }: PythonOptions,
  ): Promise<PythonOutput> {
    const settings = { host, port, user, password, caFile, implicit, mode, tlsVersion, steps, timeoutSeconds: 10 };
    const python = findExecutable('/usr/bin/python3') ?? 'python3';
    const output = await runProgram(python, ['-I', script, JSON.stringify(settings)], options);
    const lines = output.stdout.split('\n').filter((line) => line !== '');
    return { ...output, lines: lines.map((line) => JSON.parse(line) as PythonLine) };
  },

  /** How many data connections resumed, as `SSLSocket.session_reused` says. */
  resumptions: ({ lines }: PythonOutput): number => lines.filter((line) => line.sessionReused === true).length,
} satisfies Peer & Record<string, unknown>;
