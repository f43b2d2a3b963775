/** A program that is talked to while it runs: typed at, listened to, and ended by its own process id. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface RunningProgram extends AsyncDisposable {
  /** All that it has written to stdout and stderr so far. */
  output(): string;
  /** Resolves when `words` are in its output; rejects when it ends without. */
  shown(words: RegExp): Promise<void>;
  type(text: string): void;
  /** Its standard input ends. */
  typeNoMore(): void;
  kill(signal: NodeJS.Signals): void;
  /** The exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Starts it in an environment that the machine's configuration cannot reach. */
export function startProgram(file: string, args: readonly string[], cwd: string): RunningProgram {
  const child = spawn(file, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, LANG: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const listener of listeners) listener();
    });
  }
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(() => child.exitCode);
  return {
    output: () => output,
    shown: (words) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (words.test(output)) resolve();
        };
        listeners.add(look);
        look();
        void ended.then((code) => {
          reject(new Error(`${file} ended (${code ?? 'by a signal'}) without ${String(words)}:\n${output}`));
        });
      }),
    type: (text) => {
      child.stdin.write(text);
    },
    typeNoMore: () => {
      child.stdin.end();
    },
    kill: (signal) => {
      child.kill(signal);
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
