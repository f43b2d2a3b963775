// An upload that goes on where an earlier one was broken off: written into the file itself.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { FileSystemError } from './errors.js';
import type { FileStat, WriteHandle } from './file-system.js';
import { statOf } from './local-stat.js';
import { fileSystemError } from './system-error.js';
import { writeFully } from './write-fully.js';

export class InPlaceFile implements WriteHandle {
  readonly #file: FileHandle;
  #position: number;

  private constructor(file: FileHandle, start: number) {
    this.#file = file;
    this.#position = start;
  }

  /** Begins at `start`, or behind the last byte. Rejects with `offset-beyond-end` rather than leave a hole in the file. */
  static async open(target: string, from: number | 'end'): Promise<InPlaceFile> {
    const file = await open(target, constants.O_WRONLY | constants.O_NOFOLLOW);
    const { size } = await file.stat();
    const start = from === 'end' ? size : from;
    if (start > size) {
      await file.close();
      throw new FileSystemError('offset-beyond-end', `${start} is beyond ${size}`);
    }
    return new InPlaceFile(file, start);
  }

  async write(chunk: Uint8Array): Promise<void> {
    await writeFully(this.#file, chunk, this.#position);
    this.#position += chunk.length;
  }

  async commit(): Promise<FileStat> {
    try {
      await this.#file.truncate(this.#position);
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
