// Any file system with a bound on the bytes of all its files together.
import type { DirectoryEntry, FileStat, FileSystem, ReadHandle, WriteHandle, WriteMode } from './file-system.js';
import { TreeUsage } from './tree-usage.js';

/**
 * Holds the sum of all file sizes at or below `quotaBytes`, to the byte: an upload fails with `over-quota` at the byte
 * that is too many. Overwriting counts the difference; uploads under way count what they may come to. File systems that
 * share one `TreeUsage` share its count.
 */
export class QuotaFileSystem implements FileSystem {
  readonly setCreated?: NonNullable<FileSystem['setCreated']>;
  readonly setMode?: NonNullable<FileSystem['setMode']>;
  readonly hash?: NonNullable<FileSystem['hash']>;
  readonly isLink?: NonNullable<FileSystem['isLink']>;
  readonly #files: FileSystem;
  readonly #usage: TreeUsage;
  readonly #quotaBytes: number;

  /** Counts the tree now; or, with a `usage`, goes by that and by whoever keeps it. */
  constructor(files: FileSystem, quotaBytes: number, usage?: TreeUsage) {
    this.#files = files;
    this.#quotaBytes = quotaBytes;
    this.#usage = usage ?? new TreeUsage(files);
    if (usage === undefined) this.#usage.retain();
    // What the file system below lacks, this one lacks as well.
    if (files.setCreated !== undefined) this.setCreated = files.setCreated.bind(files);
    if (files.setMode !== undefined) this.setMode = files.setMode.bind(files);
    if (files.hash !== undefined) this.hash = files.hash.bind(files);
    if (files.isLink !== undefined) this.isLink = files.isLink.bind(files);
  }

  /** Bytes of all files. */
  usedBytes(): Promise<number> {
    return this.#usage.usedBytes();
  }

  stat(path: string): Promise<FileStat> {
    return this.#files.stat(path);
  }

  list(path: string): AsyncIterable<DirectoryEntry> {
    return this.#files.list(path);
  }

  openRead(path: string, options: { readonly start: number }): Promise<ReadHandle> {
    return this.#files.openRead(path, options);
  }

  openWrite(path: string, mode: WriteMode): Promise<WriteHandle> {
    return this.#usage.openWrite(path, mode, this.#quotaBytes);
  }

  makeDirectory(path: string): Promise<void> {
    return this.#files.makeDirectory(path);
  }

  removeDirectory(path: string): Promise<void> {
    return this.#files.removeDirectory(path);
  }

  remove(path: string): Promise<void> {
    return this.#usage.remove(path);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#usage.rename(from, to, this.#quotaBytes);
  }

  setModified(path: string, modifiedAt: Date): Promise<void> {
    return this.#files.setModified(path, modifiedAt);
  }

  async freeSpace(path: string): Promise<number> {
    const [free, left] = await Promise.all([this.#files.freeSpace?.(path), this.#usage.freeBytes(this.#quotaBytes)]);
    return Math.min(free ?? left, left);
  }
}
