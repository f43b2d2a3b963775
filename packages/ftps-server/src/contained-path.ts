// From a client's path to a real one that lies inside the root, whatever the path says.
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, posix, sep } from 'node:path';
import { FileSystemError } from './errors.js';
import { PinnedDirectory } from './pinned-directory.js';
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

/** An entry of a directory that is held open while it is worked on. */
export interface Place {
  readonly directory: PinnedDirectory;
  /** `.` where the place is the root itself. */
  readonly name: string;
  /** The entry as a path for calls of node:fs. Its last component is no link any more, unless it became one since. */
  readonly path: string;
}

/**
 * Finds places inside one directory. Symbolic links are followed as long as they stay inside; one that leaves is as if it
 * were not there. Where directories can be pinned (see `PinnedDirectory`), that holds against who swaps folders for links
 * meanwhile; elsewhere such people need another root.
 */
export class ContainedPaths {
  readonly #root: string;
  #realRoot: Promise<string> | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Does `work` at the place that `path` names, and lets go of it. Rejects with `FileSystemError`: `not-found` for what is
   * missing or outside, `name-not-allowed` for what may not be.
   */
  async at<T>(path: string, options: LocateOptions, work: (place: Place) => Promise<T>): Promise<T> {
    const place = await this.hold(path, options);
    try {
      return await work(place);
    } finally {
      await place.directory.close();
    }
  }

  /** The place that `path` names; whoever asks closes its directory. */
  async hold(path: string, options: LocateOptions): Promise<Place> {
    const target = await this.#locate(path, options);
    if (target === (await this.realRoot())) {
      const directory = await this.pin(target);
      return { directory, name: '.', path: directory.entry('.') };
    }
    const directory = await this.pin(dirname(target));
    const name = basename(target);
    return { directory, name, path: directory.entry(name) };
  }

  /** The directory that `path` names, to look into it; whoever asks closes it. */
  async holdDirectory(path: string): Promise<PinnedDirectory> {
    return this.pin(await this.#locate(path, { last: 'follow' }));
  }

  /** Pins a directory whose path was found to be inside, unless it has come to lead out of the root. */
  async pin(realPath: string): Promise<PinnedDirectory> {
    const directory = await PinnedDirectory.open(realPath).catch((error: unknown) => {
      throw fileSystemError(error);
    });
    if (isInside(await this.realRoot(), directory.realPath)) return directory;
    await directory.close();
    throw new FileSystemError('not-found', `${realPath} has come to leave the root`);
  }

  realRoot(): Promise<string> {
    this.#realRoot ??= realpath(this.#root).catch((error: unknown) => {
      this.#realRoot = undefined;
      throw fileSystemError(error);
    });
    return this.#realRoot;
  }

  async #locate(path: string, { last, mayBeMissing = false }: LocateOptions): Promise<string> {
    const clean = posix.normalize(`/${path}`);
    const root = await this.realRoot();
    if (clean === '/') return root;
    checkNames(clean);
    const target = join(root, clean);
    if (last === 'itself') return join(await this.#inside(root, dirname(target)), basename(target));
    try {
      return await this.#inside(root, target);
    } catch (error) {
      if (!mayBeMissing) throw error;
      const missing = join(await this.#inside(root, dirname(target)), basename(target));
      if (await isMissing(missing)) return missing;
      throw error;
    }
  }

  async #inside(root: string, path: string): Promise<string> {
    const real = await realpath(path).catch((error: unknown) => {
      throw fileSystemError(error);
    });
    if (!isInside(root, real)) throw new FileSystemError('not-found', `${path} leaves the root`);
    return real;
  }
}

function isInside(root: string, real: string): boolean {
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep);
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
