// A directory held open while something is done in it, so that it is done in this one whatever its path means by then.
import { constants, existsSync } from 'node:fs';
import { open, readlink, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Linux: opens to name it, and not to read it, which needs no permission on the directory itself. */
const O_PATH = 0o10000000;
const PIN_FLAGS = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const DESCRIPTORS = '/proc/self/fd';

/**
 * Node has no openat(2). On Linux the path of an open descriptor below /proc does the same: nobody can swap a folder for a
 * link between the check of a path and its use. Elsewhere, or where /proc is missing, the path itself has to do.
 */
export class PinnedDirectory {
  /** The directory, as a path for calls of node:fs. */
  readonly path: string;
  /** Where it really lay when it was pinned. */
  readonly realPath: string;
  readonly #handle: FileHandle | undefined;

  private constructor(path: string, realPath: string, handle: FileHandle | undefined) {
    this.path = path;
    this.realPath = realPath;
    this.#handle = handle;
  }

  /** `realPath` has no symbolic link in it; what has become one meanwhile may lead elsewhere: see `realPath` for where. */
  static async open(realPath: string): Promise<PinnedDirectory> {
    if (!canPin()) return new PinnedDirectory(realPath, realPath, undefined);
    const handle = await open(realPath, PIN_FLAGS);
    const path = `${DESCRIPTORS}/${handle.fd}`;
    try {
      return new PinnedDirectory(path, await readlink(path), handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** One of its entries, as a path for calls of node:fs; `.` is the directory itself. */
  entry(name: string): string {
    return name === '.' ? `${this.path}/.` : join(this.path, basename(name));
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }
}

let pins: boolean | undefined;

function canPin(): boolean {
  pins ??= process.platform === 'linux' && existsSync(DESCRIPTORS);
  return pins;
}
