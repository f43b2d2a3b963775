/** Runs a program to its end without blocking the event loop, in an environment that the machine's configuration cannot reach. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RunOptions {
  /** What it reads from stdin; default: nothing, closed at once. */
  readonly input?: string | Uint8Array;
  /** It is killed after this time; default 60,000. */
  readonly timeoutMs?: number;
  /** Added to an environment of PATH, HOME and LANG. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: its HOME, an empty folder that is removed afterwards. */
  readonly cwd?: string;
  readonly signal?: AbortSignal;
}

export interface ProgramOutput {
  /** The exit code, or null when a signal (the timeout's too) ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves however the program ends; rejects only when it cannot be started. */
export async function runProgram(
  file: string,
  args: readonly string[],
  { input, timeoutMs = 60_000, env, cwd, signal }: RunOptions = {},
): Promise<ProgramOutput> {
  const home = await mkdtemp(join(tmpdir(), 'ftps-kit-home-'));
  try {
    return await new Promise<ProgramOutput>((resolve, reject) => {
      const child = execFile(
        file,
        args,
        {
          cwd: cwd ?? home,
          env: { PATH: process.env['PATH'], HOME: home, XDG_CONFIG_HOME: home, LANG: 'C.UTF-8', ...env },
          timeout: timeoutMs,
          killSignal: 'SIGKILL',
          maxBuffer: 256 * 1024 * 1024,
          ...(signal && { signal }),
        },
        (error, stdout, stderr) => {
          if (error && child.pid === undefined) reject(new Error(`${file} could not be started`, { cause: error }));
          else resolve({ code: child.exitCode, stdout, stderr });
        },
      );
      // A program may end without reading all of its input.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** How often words occur in what a program wrote. */
export function occurrences({ stdout, stderr }: ProgramOutput, words: RegExp): number {
  return [...`${stdout}\n${stderr}`.matchAll(words)].length;
}
