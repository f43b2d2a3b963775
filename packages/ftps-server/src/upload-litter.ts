// What uploads of dead processes left behind: cleared when a folder is first written to, listed, or to be removed.
import { lstat, opendir, unlink } from 'node:fs/promises';
import { CLEARED_FOLDERS } from './limits.js';
import type { PinnedDirectory } from './pinned-directory.js';
import { isDeadUpload, isUploadName } from './upload-name.js';

export class UploadLitter {
  /** Real paths of folders that were looked through. */
  readonly #cleared = new Set<string>();

  /** Looks through a folder unless that was done before. Never rejects: an upload does not fail for old litter. */
  async clearOnce(directory: PinnedDirectory): Promise<void> {
    if (this.#cleared.has(directory.realPath)) return;
    // A bound, and no more than that: a folder that is looked through again costs some time.
    if (this.#cleared.size >= CLEARED_FOLDERS) this.#cleared.clear();
    this.#cleared.add(directory.realPath);
    await this.clear(directory);
  }

  /** Looks through a folder now. Never rejects. */
  async clear(directory: PinnedDirectory): Promise<void> {
    try {
      for await (const { name } of await opendir(directory.entry('.'), { bufferSize: 256 })) {
        if (isUploadName(name)) await this.clearEntry(directory, name);
      }
    } catch {
      // It may not be read, or went away: then nothing can be cleared.
    }
  }

  /** Removes one hidden file if nobody can be writing it any more. Never rejects. */
  async clearEntry(directory: PinnedDirectory, name: string): Promise<void> {
    const path = directory.entry(name);
    try {
      const found = await lstat(path);
      if (found.isFile() && isDeadUpload(name, found.mtimeMs, Date.now())) await unlink(path);
    } catch {
      // Somebody else was faster, or it may not be removed.
    }
  }
}
