// A file of this machine, open for reading.
import { constants } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { FileSystemError } from './errors.js';
import type { ReadHandle } from './file-system.js';
import { fileSystemError } from './system-error.js';

/** Not through a link, and not to wait for the other end of what has become a FIFO. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a regular file. Rejects with `is-directory`, `not-file`, `offset-beyond-end`. */
export async function openRegularFile(
  path: string,
  start: number,
): Promise<{ readonly file: FileHandle; readonly sizeBytes: number }> {
  // Asked before it is opened: to open a device may be an effect.
  checkRegular(await lstat(path));
  const file = await open(path, READ_FLAGS);
  try {
    const found = await file.stat();
    checkRegular(found);
    if (start > found.size) throw new FileSystemError('offset-beyond-end', `${start} is beyond ${found.size}`);
    return { file, sizeBytes: found.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** One handle for the whole transfer, read at its own position. */
export class LocalReader implements ReadHandle {
  readonly sizeBytes: number;
  readonly #file: FileHandle;
  #position: number;

  constructor(file: FileHandle, sizeBytes: number, start: number) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
    this.#position = start;
  }

  async read(into: Uint8Array): Promise<number> {
    try {
      const { bytesRead } = await this.#file.read(into, 0, into.length, this.#position);
      this.#position += bytesRead;
      return bytesRead;
    } catch (error) {
      throw fileSystemError(error);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#file.close();
    } catch (error) {
      throw fileSystemError(error);
    }
  }
}

function checkRegular(found: { isFile(): boolean; isDirectory(): boolean }): void {
  if (found.isDirectory()) throw new FileSystemError('is-directory', 'a directory cannot be read as a file');
  if (!found.isFile()) throw new FileSystemError('not-file', 'neither a file nor a directory');
}
