// An upload by another process, which lives until the test ends it.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export class UnfinishedUpload implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when some bytes are in the file. */
  static async begin(root: string, path: string): Promise<UnfinishedUpload> {
    const child = fork(new URL('upload-process.ts', import.meta.url), [root, path]);
    await once(child, 'message');
    return new UnfinishedUpload(child);
  }

  /** SIGKILL: the process can clear nothing. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
