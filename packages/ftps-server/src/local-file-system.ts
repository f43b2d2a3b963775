// Files of this machine below one directory.
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, opendir, rename, rmdir, stat, statfs, unlink, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AtomicFile, isAtomicFileName } from './atomic-file.js';
import { ContainedPaths } from './contained-path.js';
import { FileSystemError } from './errors.js';
import type { DirectoryEntry, FileStat, FileSystem, ReadHandle, WriteHandle, WriteMode } from './file-system.js';
import { InPlaceFile } from './in-place-file.js';
import { isShown, statOf } from './local-stat.js';
import { fileSystemError } from './system-error.js';

/** Not followed: the path was made real before. Not waited for: a FIFO has no place here. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A directory served as `/`. Nothing outside it can be seen or touched, whatever a path or a link inside says. */
export class LocalFileSystem implements FileSystem {
  readonly #paths: ContainedPaths;

  constructor(root: string) {
    this.#paths = new ContainedPaths(root);
  }

  stat(path: string): Promise<FileStat> {
    return typed(async () => statOf(await stat(await this.#paths.locate(path, { last: 'follow' }))));
  }

  async *list(path: string): AsyncGenerator<DirectoryEntry> {
    try {
      const directory = await opendir(await this.#paths.locate(path, { last: 'follow' }), { bufferSize: 256 });
      for await (const { name } of directory) {
        if (isAtomicFileName(name)) continue;
        const entry = await this.#entry(path, directory.path, name);
        if (entry !== undefined) yield entry;
      }
    } catch (error) {
      throw fileSystemError(error);
    }
  }

  openRead(path: string, { start }: { readonly start: number }): Promise<ReadHandle> {
    return typed(async () => {
      const file = await open(await this.#paths.locate(path, { last: 'follow' }), READ_FLAGS);
      let sizeBytes: number;
      try {
        const found = await file.stat();
        sizeBytes = found.size;
        if (found.isDirectory()) throw new FileSystemError('is-directory', 'a directory cannot be read as a file');
        if (!found.isFile()) throw new FileSystemError('not-file', 'neither a file nor a directory');
        if (start > found.size) throw new FileSystemError('offset-beyond-end', `${start} is beyond ${found.size}`);
      } catch (error) {
        await file.close();
        throw error;
      }
      let position = start;
      return {
        sizeBytes,
        read: (into: Uint8Array) =>
          typed(async () => {
            const { bytesRead } = await file.read(into, 0, into.length, position);
            position += bytesRead;
            return bytesRead;
          }),
        close: () => typed(() => file.close()),
      };
    });
  }

  openWrite(path: string, mode: WriteMode): Promise<WriteHandle> {
    return typed(async () => {
      const target = await this.#paths.locate(path, { last: 'follow', mayBeMissing: true });
      refuseOwnNames(target);
      const old = await stat(target).catch(() => undefined);
      if (old?.isDirectory() === true) throw new FileSystemError('is-directory', 'a directory cannot be written to');
      if (old !== undefined && !old.isFile()) throw new FileSystemError('not-file', 'neither a file nor a directory');
      const isNew = old === undefined;
      if (mode.kind === 'create' && !isNew) throw new FileSystemError('exists', 'there is a file of this name');
      if (mode.kind === 'resume' && !(isNew && mode.start === 0)) return InPlaceFile.open(target, mode.start);
      if (mode.kind === 'append' && !isNew) return InPlaceFile.open(target, 'end');
      return AtomicFile.open(target, { oldMode: old?.mode, exclusive: mode.kind === 'create' });
    });
  }

  makeDirectory(path: string): Promise<void> {
    return typed(async () => {
      const target = await this.#paths.locate(path, { last: 'itself' });
      refuseOwnNames(target);
      await mkdir(target);
    });
  }

  removeDirectory(path: string): Promise<void> {
    return typed(async () => {
      await rmdir(await this.#withoutRoot(path));
    });
  }

  remove(path: string): Promise<void> {
    return typed(async () => {
      const target = await this.#withoutRoot(path);
      // Linux says EISDIR, others EPERM: ask first, so that the reply is the same everywhere.
      if ((await lstat(target)).isDirectory()) throw new FileSystemError('is-directory', 'use RMD for directories');
      await unlink(target);
    });
  }

  setModified(path: string, modifiedAt: Date): Promise<void> {
    return typed(async () => {
      const target = await this.#paths.locate(path, { last: 'follow' });
      refuseOwnNames(target);
      await utimes(target, new Date(), modifiedAt);
    });
  }

  setMode(path: string, mode: number): Promise<void> {
    return typed(async () => {
      const target = await this.#paths.locate(path, { last: 'follow' });
      refuseOwnNames(target);
      await chmod(target, mode & 0o777);
    });
  }

  freeSpace(path: string): Promise<number> {
    return typed(async () => {
      const { bavail, bsize } = await statfs(await this.#paths.locate(path, { last: 'follow' }));
      return bavail * bsize;
    });
  }

  rename(from: string, to: string): Promise<void> {
    return typed(async () => {
      const source = await this.#withoutRoot(from);
      const target = await this.#withoutRoot(to);
      refuseOwnNames(target);
      await rename(source, target);
    });
  }

  async isLink(path: string): Promise<boolean> {
    const target = await typed(() => this.#paths.locate(path, { last: 'itself' })).catch(() => undefined);
    return target !== undefined && (await lstat(target).catch(() => undefined))?.isSymbolicLink() === true;
  }

  async #withoutRoot(path: string): Promise<string> {
    const target = await this.#paths.locate(path, { last: 'itself' });
    if (target === (await this.#paths.realRoot())) throw new FileSystemError('permission', 'this is the root');
    refuseOwnNames(target);
    return target;
  }

  /** A link is shown as what it points to; one that points nowhere or outside is not shown. */
  async #entry(path: string, directory: string, name: string): Promise<DirectoryEntry | undefined> {
    try {
      const found = await lstat(join(directory, name));
      if (!found.isSymbolicLink()) return isShown(found) ? { name, ...statOf(found) } : undefined;
      return { name, isLink: true, ...(await this.stat(`${path}/${name}`)) };
    } catch (error) {
      // It went away meanwhile, may not be seen, or is a link that leads nowhere: the listing goes on without it.
      if (fileSystemError(error).kind !== 'other') return undefined;
      throw error;
    }
  }
}

/** The names of uploads that are under way cannot be touched by their look. */
function refuseOwnNames(target: string): void {
  if (isAtomicFileName(basename(target))) {
    throw new FileSystemError('name-not-allowed', 'this name is kept for uploads that are under way');
  }
}

async function typed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileSystemError(error);
  }
}
