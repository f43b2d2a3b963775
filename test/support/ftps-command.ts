// The built `ftps` command, run as a user runs it, in an environment that the machine's own configuration cannot reach.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram, type ProgramOutput, type RunOptions } from './peers/run-program.js';

/** The entry of the command: what npm links as `ftps`. */
export const ftpsProgram = fileURLToPath(new URL('../../bin/ftps.mjs', import.meta.url));

/** The user that `serve` of these tests knows. The password shows in no output, which every run checks. */
export const USER = 'alice';
export const PASSWORD = 'open sesame: ü';

/** Shared by the servers of a run, so that only the first one makes a certificate. */
const stateHome = mkdtempSync(join(tmpdir(), 'ftps-kit-state-'));
process.once('exit', () => {
  rmSync(stateHome, { recursive: true, force: true });
});

/** Runs the command to its end, with FTPS_PASSWORD set unless `env` says otherwise. Throws when a password was shown. */
export async function ftps(args: readonly string[], options: RunOptions = {}): Promise<ProgramOutput> {
  const env = { FTPS_PASSWORD: PASSWORD, ...options.env };
  const output = await runProgram(process.execPath, [ftpsProgram, ...args], { ...options, env });
  mustHoldNoSecret(output.stdout + output.stderr);
  return output;
}

/** The JSON objects in an output, a line each. Throws where a line is none. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A command that runs until somebody ends it. */
export interface RunningCommand extends AsyncDisposable {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** The first line of standard output; rejects where the command ends before. */
  readonly firstLine: Promise<string>;
  /** Resolves once standard output holds these words; rejects where the command ends before. */
  shown(words: RegExp): Promise<void>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): void;
  /** Reads no more of it, as `head` does. */
  closeStdout(): void;
}

/** Starts the command without waiting for it. Its environment is that of `ftps`. */
export function startFtps(args: readonly string[], { env, cwd }: Pick<RunOptions, 'env' | 'cwd'> = {}): RunningCommand {
  const child = spawn(process.execPath, [ftpsProgram, ...args], {
    cwd: cwd ?? stateHome,
    env: {
      PATH: process.env['PATH'],
      HOME: stateHome,
      XDG_STATE_HOME: stateHome,
      LANG: 'C.UTF-8',
      FTPS_PASSWORD: PASSWORD,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const killed = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', killed);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      process.off('exit', killed);
      resolve(code ?? signal);
    });
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const shown = (words: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (words.test(stdout)) resolve();
      };
      child.stdout.on('data', look);
      look();
      void ended.then((code) => {
        reject(new Error(`ftps ${args.join(' ')} ended (${code ?? 'unknown'}): ${stderr}`));
      });
    });
  const firstLine = shown(/\n/).then(() => stdout.slice(0, stdout.indexOf('\n')));
  firstLine.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    firstLine,
    shown,
    ended,
    kill: (signal) => {
      child.kill(signal);
    },
    closeStdout: () => {
      child.stdout.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** `ftps serve` on a free port of 127.0.0.1. */
export interface ServeCommand extends AsyncDisposable {
  readonly command: RunningCommand;
  readonly port: number;
  /** The first line, parsed. */
  readonly listening: Readonly<Record<string, unknown>>;
  /** Flags with which a client trusts it. */
  readonly trust: readonly string[];
  /** A URL for `USER`; the path stands in it as given. */
  url(path: string): string;
  /** All that it reported so far. */
  events(): Record<string, unknown>[];
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | NodeJS.Signals | null>;
}

/** Serves `folder` for `USER`, unless the flags name somebody; `flags` come on top. */
export async function startServe(folder: string, flags: readonly string[] = []): Promise<ServeCommand> {
  const namesSomebody = ['--user', '--users', '--anonymous'].some((flag) => flags.includes(flag));
  const user = namesSomebody ? [] : ['--user', `${USER}:${PASSWORD}`];
  const command = startFtps(['serve', folder, '--port', '0', '--json', ...user, ...flags]);
  // A line for each port.
  await command.shown(flags.includes('--implicit-port') ? /\n.*\n/ : /\n/);
  const listening = JSON.parse(await command.firstLine) as Record<string, unknown>;
  const port = Number(listening['port']);
  const stop = async (): Promise<number | NodeJS.Signals | null> => {
    command.kill('SIGTERM');
    const code = await command.ended;
    mustHoldNoSecret(command.stdout() + command.stderr());
    return code;
  };
  return {
    command,
    port,
    listening,
    trust: ['--fingerprint', String(listening['fingerprint256'])],
    url: (path) => `ftpes://${USER}@127.0.0.1:${port}/${path}`,
    events: () => jsonLines(command.stdout()),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

function mustHoldNoSecret(output: string): void {
  if (output.includes(PASSWORD)) throw new Error(`a password is in the output:\n${output}`);
}
