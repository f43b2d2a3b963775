// An upload into the file itself: one that goes on where an earlier one was broken off, or all of them where that is asked.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { FileSystemError } from './errors.js';
import type { FileStat, WriteHandle } from './file-system.js';
import { statOf } from './local-stat.js';
import { fileSystemError } from './system-error.js';
import { writeFully } from './write-fully.js';

/** Not through a link, and not to wait for the other end of what has become a FIFO. */
const FLAGS = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const BEGINNINGS = {
  /** A new file, and none that is there. */
  new: constants.O_CREAT | constants.O_EXCL,
  /** A new file, or an old one without what is in it. */
  empty: constants.O_CREAT | constants.O_TRUNC,
  /** Behind the last byte. */
  end: 0,
} as const;

export interface InPlaceOptions {
  /** How it begins, or the offset where it does. */
  readonly from: keyof typeof BEGINNINGS | number;
  readonly fsync: boolean;
}

export class InPlaceFile implements WriteHandle {
  readonly #file: FileHandle;
  readonly #fsync: boolean;
  #position: number;

  private constructor(file: FileHandle, start: number, fsync: boolean) {
    this.#file = file;
    this.#position = start;
    this.#fsync = fsync;
  }

  /** Rejects with `offset-beyond-end` rather than leave a hole in the file. */
  static async open(path: string, { from, fsync }: InPlaceOptions): Promise<InPlaceFile> {
    const file = await open(path, FLAGS | (typeof from === 'number' ? 0 : BEGINNINGS[from]));
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new FileSystemError('not-file', 'neither a file nor a directory');
      const start = typeof from === 'number' ? from : found.size;
      if (start > found.size) throw new FileSystemError('offset-beyond-end', `${start} is beyond ${found.size}`);
      return new InPlaceFile(file, start, fsync);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    await writeFully(this.#file, chunk, this.#position);
    this.#position += chunk.length;
  }

  async commit(): Promise<FileStat> {
    try {
      await this.#file.truncate(this.#position);
      if (this.#fsync) await this.#file.sync();
      return statOf(await this.#file.stat());
    } catch (error) {
      throw fileSystemError(error);
    } finally {
      await this.#file.close();
    }
  }

  async abort(): Promise<void> {
    await this.#file.close();
  }
}
