// The other end of a benchmark's connections, in a process of its own: both ends in one would share a core.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What the far process does with its connections. */
export interface FarSideTask {
  readonly engine: 'openssl' | 'node' | 'none';
  /** `sink` reads to the end and answers with a byte; `handshakes` handshakes, answers with a byte and ends. */
  readonly work: 'sink' | 'handshakes';
  readonly keyPem: string;
  readonly certPem: string;
}

/** CPU seconds that the far process has used. */
interface CpuAnswer {
  readonly cpuSeconds: number;
}

/** Handle on the far process. */
export class FarSide implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(task: FarSideTask): Promise<FarSide> {
    const child = fork(new URL('far-process.ts', import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.send(task);
    const [message] = (await once(child, 'message')) as [{ readonly port: number }];
    return new FarSide(child, message.port);
  }

  async cpuSeconds(): Promise<number> {
    this.#child.send('cpu');
    const [message] = (await once(this.#child, 'message')) as [CpuAnswer];
    return message.cpuSeconds;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill();
    await once(this.#child, 'exit');
  }
}

/** CPU seconds that this process has used. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
