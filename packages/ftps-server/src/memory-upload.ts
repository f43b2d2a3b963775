// A file in memory being written: into a new one that takes its place at the end, or into one that is there.
import { FileSystemError } from './errors.js';
import type { FileStat, WriteHandle } from './file-system.js';
import { memoryStat, type MemoryFile } from './memory-tree.js';

export interface MemoryUploadOptions {
  readonly file: MemoryFile;
  readonly start: number;
  readonly clock: () => Date;
  /** Gives a new file its name; without it the file has one. May throw `FileSystemError`. */
  readonly publish?: () => void;
}

export class MemoryUpload implements WriteHandle {
  readonly inPlace: boolean;
  readonly #options: MemoryUploadOptions;
  #position: number;

  /** Throws `busy` for a file that another upload goes into. */
  constructor(options: MemoryUploadOptions) {
    const { file, publish } = options;
    this.inPlace = publish === undefined;
    if (file.isBeingWritten) throw new FileSystemError('busy', 'another upload is written into this file');
    file.isBeingWritten = true;
    this.#options = options;
    this.#position = options.start;
  }

  write(chunk: Uint8Array): Promise<void> {
    return settled(() => {
      const { file, clock } = this.#options;
      file.content.write(chunk, this.#position);
      this.#position += chunk.length;
      file.modifiedAt = clock();
    });
  }

  commit(): Promise<FileStat> {
    return settled(() => {
      const { file, publish } = this.#options;
      file.isBeingWritten = false;
      if (publish === undefined && !file.content.isNamed) {
        throw new FileSystemError('gone', 'the file was removed or replaced while it was written to');
      }
      file.content.truncate(this.#position);
      try {
        publish?.();
      } catch (error) {
        file.content.release();
        throw error;
      }
      return memoryStat(file);
    });
  }

  abort(): Promise<void> {
    const { file, publish } = this.#options;
    file.isBeingWritten = false;
    if (publish !== undefined) file.content.release();
    return Promise.resolve();
  }
}

/** What throws at once rejects instead, as the contract says. */
export function settled<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
