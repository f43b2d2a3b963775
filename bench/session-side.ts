// Handle on a process of `server-sessions`.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export type SessionTask =
  | { readonly do: 'serve'; readonly engine: 'openssl' | 'node'; readonly cert: string; readonly key: string }
  | { readonly do: 'log in'; readonly engine: 'openssl' | 'node'; readonly port: number; readonly count: number }
  | { readonly do: 'weigh' };

/** Bytes that a process holds. */
export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
  /** Sessions that the server has meanwhile. */
  readonly sessions: number;
}

export class SessionSide implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(new URL('session-process.ts', import.meta.url), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...process.execArgv, '--expose-gc'],
    });
  }

  serve(
    engine: 'openssl' | 'node',
    identity: { readonly cert: string; readonly key: string },
  ): Promise<{ port: number }> {
    return this.#ask({ do: 'serve', engine, ...identity }) as Promise<{ port: number }>;
  }

  async logIn(engine: 'openssl' | 'node', port: number, count: number): Promise<void> {
    await this.#ask({ do: 'log in', engine, port, count });
  }

  weigh(): Promise<Memory> {
    return this.#ask({ do: 'weigh' }) as Promise<Memory>;
  }

  async #ask(task: SessionTask): Promise<unknown> {
    this.#child.send(task);
    const [answer] = (await Promise.race([once(this.#child, 'message'), this.#died()])) as [unknown];
    return answer;
  }

  async #died(): Promise<never> {
    await once(this.#child, 'exit');
    throw new Error('a process of the benchmark has died');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill();
    await once(this.#child, 'exit');
  }
}
