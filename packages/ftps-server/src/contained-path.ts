// From a client's path to a real one that lies inside the root, whatever the path says.
import { lstat, realpath } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { FileSystemError } from './errors.js';
import { fileSystemError } from './system-error.js';

/** Device names that Windows finds in every directory, with any extension. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** How the last component of a path is treated. */
export interface LocateOptions {
  /** `follow` a symbolic link to what it points at, or take the link `itself` (to remove or rename it). */
  readonly last: 'follow' | 'itself';
  /** Whether nothing needs to be there yet. Default false. */
  readonly mayBeMissing?: boolean;
}

/**
 * Finds real paths inside one directory. Symbolic links are followed as long as they stay inside; one that leaves is as
 * if it were not there. Between this check and the use of its result somebody who may write to the root by other means
 * can swap a directory for a link: Node has no openat(2) to close that gap, so give such people another root.
 */
export class ContainedPaths {
  readonly #root: string;
  #realRoot: Promise<string> | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** Rejects with `FileSystemError`: `not-found` for what is missing or outside, `name-not-allowed` for what may not be. */
  async locate(path: string, { last, mayBeMissing = false }: LocateOptions): Promise<string> {
    const clean = posix.normalize(`/${path}`);
    const root = await this.realRoot();
    if (clean === '/') return root;
    checkNames(clean);
    const parent = await this.#inside(root, join(root, posix.dirname(clean)));
    const target = join(parent, posix.basename(clean));
    if (last === 'itself') return target;
    try {
      return await this.#inside(root, target);
    } catch (error) {
      if (mayBeMissing && (await isMissing(target))) return target;
      throw error;
    }
  }

  realRoot(): Promise<string> {
    this.#realRoot ??= realpath(this.#root).catch((error: unknown) => {
      this.#realRoot = undefined;
      throw fileSystemError(error);
    });
    return this.#realRoot;
  }

  async #inside(root: string, path: string): Promise<string> {
    const real = await realpath(path).catch((error: unknown) => {
      throw fileSystemError(error);
    });
    const prefix = root.endsWith(sep) ? root : root + sep;
    if (real !== root && !real.startsWith(prefix)) throw new FileSystemError('not-found', `${path} leaves the root`);
    return real;
  }
}

/** Nothing is there at all: not even a link that points nowhere, which a new file would be written through. */
async function isMissing(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch (error) {
    return fileSystemError(error).kind === 'not-found';
  }
}

function checkNames(path: string): void {
  if (path.includes('\0')) throw new FileSystemError('name-not-allowed', 'a path holds NUL');
  if (process.platform !== 'win32') return;
  for (const name of path.split('/')) {
    if (/[\\:*?"<>|]/.test(name) || WINDOWS_DEVICE.test(name) || /[. ]$/.test(name)) {
      throw new FileSystemError('name-not-allowed', `Windows does not allow the name ${JSON.stringify(name)}`);
    }
  }
}
