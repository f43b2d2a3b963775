// An upload into the file itself: one that goes on where an earlier one was broken off, or all of them where that is asked.
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import type { Place } from './contained-path.js';
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

/** What is known of a file once it may be written to. */
interface Beginning {
  readonly key: string;
  readonly links: bigint;
  readonly start: number;
  readonly fsync: boolean;
}

/** Numbers of inodes may be too big to be exact otherwise. */
const EXACT = { bigint: true } as const;

/** The files that are being written, by device and inode: two writers, each at its own position, would mix their bytes. */
const beingWritten = new Set<string>();

export class InPlaceFile implements WriteHandle {
  readonly inPlace = true;
  readonly #file: FileHandle;
  readonly #target: Place;
  readonly #key: string;
  readonly #links: bigint;
  readonly #fsync: boolean;
  #position: number;

  private constructor(file: FileHandle, target: Place, { key, links, start, fsync }: Beginning) {
    this.#file = file;
    this.#target = target;
    this.#key = key;
    this.#links = links;
    this.#position = start;
    this.#fsync = fsync;
  }

  /**
   * Takes over the target's directory, which is let go of at the end. Rejects with `busy` while another one writes to the
   * file, with `offset-beyond-end` rather than leave a hole in it.
   */
  static async open(target: Place, { from, fsync }: InPlaceOptions): Promise<InPlaceFile> {
    const file = await open(target.path, FLAGS | (typeof from === 'number' ? 0 : BEGINNINGS[from]));
    let claimed: string | undefined;
    try {
      const found = await file.stat(EXACT);
      // Removed or replaced since it was opened: no name leads to what would be written.
      if (found.nlink === 0n)
        throw new FileSystemError('not-found', 'the file was removed or replaced as it was opened');
      const key = keyOf(found);
      if (beingWritten.has(key)) throw new FileSystemError('busy', 'another upload is written into this file');
      beingWritten.add(key);
      claimed = key;
      return new InPlaceFile(file, target, { key, links: found.nlink, start: await begin(file, from), fsync });
    } catch (error) {
      if (claimed !== undefined) beingWritten.delete(claimed);
      await file.close().catch(ignored);
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
      await this.#refuseLost();
      const committed = await this.#file.stat();
      // Some file systems say only here that the disk is full or the quota used up.
      await this.#file.close();
      return statOf(committed);
    } catch (error) {
      throw fileSystemError(error);
    } finally {
      await this.abort();
    }
  }

  /** What is to be let go of may be gone already; then there is nothing left to do. */
  async abort(): Promise<void> {
    await this.#file.close().catch(ignored);
    beingWritten.delete(this.#key);
    await this.#target.directory.close().catch(ignored);
  }

  /** Nobody shall be told that a file is stored which nobody can find. A file that was renamed has as many names as before. */
  async #refuseLost(): Promise<void> {
    const { nlink } = await this.#file.stat(EXACT);
    if (nlink !== 0n && (nlink >= this.#links || (await this.#isNamed()))) return;
    throw new FileSystemError('gone', 'the file was removed or replaced while it was written to');
  }

  /** Whether the name that it was opened by leads to it still. */
  async #isNamed(): Promise<boolean> {
    const named = await lstat(this.#target.path, EXACT).catch(undefinedIfMissing);
    return named !== undefined && keyOf(named) === this.#key;
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

function keyOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

function undefinedIfMissing(error: unknown): undefined {
  if (fileSystemError(error).kind === 'not-found') return undefined;
  throw error;
}

function ignored(): void {
  return undefined;
}
