/** A server as a child process: started, known to be ready when its port answers, and ended by its own process id. */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { answers } from '../ports.js';
import { descendants, signalTree } from './process-tree.js';

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

export interface ServerProcess {
  readonly pid: number;
  /** What it has written to stdout and stderr so far. */
  output(): string;
  /** Ends it and all that it started; resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it at once, for the exit of this process. */
  kill(): void;
}

/** Starts a server and waits until 127.0.0.1:`port` answers; rejects with its own words when it ends instead. */
export async function startServerProcess(
  { command, args, env, cwd }: ServerCommand,
  port: number,
  readyTimeoutMs = 30_000,
): Promise<ServerProcess> {
  const child = spawn(command, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let ended: string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  child.once('error', (error) => (ended = error.message));
  const exit = new Promise<void>((resolve) => {
    child.once('error', () => {
      resolve();
    });
    child.once('exit', (code, signal) => {
      ended = `exit code ${code ?? signal ?? 'unknown'}`;
      resolve();
    });
  });
  const pid = child.pid ?? 0;
  const kill = (): void => {
    if (ended === undefined && pid > 0) signalTree(pid, 'SIGKILL');
  };
  const stop = async (): Promise<void> => {
    if (ended !== undefined) return;
    const below = descendants(pid);
    signalTree(pid, 'SIGTERM');
    const patience = setTimeout(kill, 2_000);
    await exit;
    clearTimeout(patience);
    for (const id of below) signalTree(id, 'SIGKILL');
  };

  const failBy = Date.now() + readyTimeoutMs;
  while (!(await answers(port))) {
    if (ended !== undefined) throw new Error(`${command} ended before it listened (${ended}): ${output}`);
    if (Date.now() > failBy) {
      await stop();
      throw new Error(`${command} does not listen on port ${port} after ${readyTimeoutMs} ms: ${output}`);
    }
    await delay(10);
  }
  return { pid, output: () => output, stop, kill };
}
