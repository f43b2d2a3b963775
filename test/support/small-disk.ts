// A disk of two megabytes, to be filled.
import { execFileSync } from 'node:child_process';
import { requireHere } from './requirement.js';

export class SmallDisk implements Disposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Mounts it at a folder that is there. Only root may, and not in every container. */
  static mount(context: Mocha.Context, folder: string): SmallDisk {
    let reason: string | undefined;
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'pipe' });
    } catch (error) {
      reason = `no disk can be mounted (${error instanceof Error ? error.message.trim() : String(error)})`;
    }
    requireHere(context, reason === undefined, reason ?? '');
    return new SmallDisk(folder);
  }

  resize(megabytes: number): void {
    execFileSync('mount', ['-o', `remount,size=${megabytes}m`, this.#folder], { stdio: 'ignore' });
  }

  [Symbol.dispose](): void {
    execFileSync('umount', [this.#folder], { stdio: 'ignore' });
  }
}
