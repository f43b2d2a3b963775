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
  /** A new file, or an old one without what is in it: emptied once it is known that nobody else writes to it. */
  empty: constants.O_CREAT,
  /** Behind the last byte. */
  end: 0,
} as const;

export interface InPlaceOptions {
  /** How it begins, or the offset where it does. */
  readonly from: keyof typeof BEGINNINGS | number;
  readonly fsync: boolean;
}

/** The files that are being written, by device and inode: two writers, each at its own position, would mix their bytes. */
const beingWritten = new Set<string>();

export class InPlaceFile implements WriteHandle {
  readonly inPlace = true;
  readonly #file: FileHandle;
  readonly #key: string;
  readonly #fsync: boolean;
  #position: number;

  private constructor(file: FileHandle, key: string, start: number, fsync: boolean) {
    this.#file = file;
    this.#key = key;
    this.#position = start;
    this.#fsync = fsync;
  }

  /** Rejects with `busy` while another one writes to the file, with `offset-beyond-end` rather than leave a hole in it. */
  static async open(path: string, { from, fsync }: InPlaceOptions): Promise<InPlaceFile> {
    const file = await open(path, FLAGS | (typeof from === 'number' ? 0 : BEGINNINGS[from]));
    let claimed: string | undefined;
    try {
      // Numbers of inodes may be too big to be exact otherwise.
      const { dev, ino } = await file.stat({ bigint: true });
      const key = `${dev}:${ino}`;
      if (beingWritten.has(key)) throw new FileSystemError('busy', 'another upload is written into this file');
      beingWritten.add(key);
      claimed = key;
      return new InPlaceFile(file, key, await begin(file, from), fsync);
    } catch (error) {
      if (claimed !== undefined) beingWritten.delete(claimed);
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
      await this.abort();
    }
  }

  async abort(): Promise<void> {
    try {
      await this.#file.close();
    } finally {
      beingWritten.delete(this.#key);
    }
  }
}

/** Where the first byte goes, in a file that is claimed; from here on its size is nobody else's. */
async function begin(file: FileHandle, from: InPlaceOptions['from']): Promise<number> {
  const found = await file.stat();
  if (!found.isFile()) throw new FileSystemError('not-file', 'neither a file nor a directory');
  if (from === 'empty') {
    await file.truncate(0);
    return 0;
  }
  const start = typeof from === 'number' ? from : found.size;
  if (start > found.size) throw new FileSystemError('offset-beyond-end', `${start} is beyond ${found.size}`);
  return start;
}
