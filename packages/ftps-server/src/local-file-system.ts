// Files of this machine below one directory.
import { chmod, lstat, mkdir, rename, rmdir, statfs, unlink, utimes } from 'node:fs/promises';
import { flag, knownKeys } from '@ftps-kit/tls-core/internal';
import { AtomicFile } from './atomic-file.js';
import { ContainedPaths, type Place } from './contained-path.js';
import { FileSystemError } from './errors.js';
import type {
  DirectoryEntry,
  FileHash,
  FileStat,
  FileSystem,
  HashRequest,
  ReadHandle,
  WriteHandle,
  WriteMode,
} from './file-system.js';
import { InPlaceFile, type InPlaceOptions } from './in-place-file.js';
import { hashLocalFile } from './local-hash.js';
import { localEntries } from './local-listing.js';
import { LocalReader, openRegularFile } from './local-reader.js';
import { statOf } from './local-stat.js';
import { fileSystemError } from './system-error.js';
import { UploadLitter } from './upload-litter.js';
import { isUploadName } from './upload-name.js';

/** How a `LocalFileSystem` writes. */
export interface LocalFileSystemOptions {
  /**
   * Write uploads into the file itself, from their first byte on. Default false: beside it, and renamed at the end. For
   * folders where nothing may be created beside a file, or where hard links, ACLs or the like of a file must survive. A
   * broken upload leaves a broken file then, and readers see it grow.
   */
  readonly inPlace?: boolean | undefined;
  /** Wait until the disk has a file, and its name, before an upload counts as done. Default false; costs time. */
  readonly fsync?: boolean | undefined;
}

/** A directory served as `/`. Nothing outside it can be seen or touched, whatever a path or a link inside says. */
export class LocalFileSystem implements FileSystem {
  readonly #paths: ContainedPaths;
  readonly #litter = new UploadLitter();
  readonly #inPlace: boolean;
  readonly #fsync: boolean;

  /** Throws `ConfigError` for options that do not exist. */
  constructor(root: string, options: LocalFileSystemOptions = {}) {
    knownKeys('', options, ['inPlace', 'fsync'] satisfies (keyof LocalFileSystemOptions)[]);
    const { inPlace = false, fsync = false } = options;
    this.#paths = new ContainedPaths(root);
    this.#inPlace = flag('inPlace', inPlace);
    this.#fsync = flag('fsync', fsync);
  }

  stat(path: string): Promise<FileStat> {
    return typed(() => this.#paths.at(path, { last: 'follow' }, async (place) => statOf(await lstat(place.path))));
  }

  async *list(path: string): AsyncGenerator<DirectoryEntry> {
    try {
      const directory = await this.#paths.holdDirectory(path);
      try {
        const follow = (name: string): Promise<FileStat> => this.stat(`${path}/${name}`);
        yield* localEntries({ directory, litter: this.#litter, follow });
      } finally {
        await directory.close();
      }
    } catch (error) {
      throw fileSystemError(error);
    }
  }

  openRead(path: string, { start }: { readonly start: number }): Promise<ReadHandle> {
    return typed(() =>
      this.#paths.at(path, { last: 'follow' }, async (place) => {
        const { file, sizeBytes } = await openRegularFile(place.path, start);
        return new LocalReader(file, sizeBytes, start);
      }),
    );
  }

  openWrite(path: string, mode: WriteMode): Promise<WriteHandle> {
    return typed(async () => {
      const target = await this.#paths.hold(path, { last: 'follow', mayBeMissing: true });
      try {
        refuseOwnNames(target);
        await this.#litter.clearOnce(target.directory);
        return await this.#beginWriting(target, mode);
      } catch (error) {
        await target.directory.close();
        throw error;
      }
    });
  }

  makeDirectory(path: string): Promise<void> {
    return typed(() =>
      this.#paths.at(path, { last: 'itself' }, async (place) => {
        refuseOwnNames(place);
        await mkdir(place.path);
      }),
    );
  }

  removeDirectory(path: string): Promise<void> {
    return typed(() =>
      this.#paths.at(path, { last: 'itself' }, async (place) => {
        refuseRoot(place);
        await rmdir(place.path).catch(async (error: unknown) => {
          if (fileSystemError(error).kind !== 'not-empty') throw error;
          // Nobody can see what uploads of dead processes left in it, so nobody could remove that first.
          const directory = await this.#paths.holdDirectory(path);
          await this.#litter.clear(directory);
          await directory.close();
          await rmdir(place.path);
        });
      }),
    );
  }

  remove(path: string): Promise<void> {
    return typed(() =>
      this.#paths.at(path, { last: 'itself' }, async (place) => {
        refuseRoot(place);
        refuseOwnNames(place);
        // Linux says EISDIR, others EPERM: ask first, so that the reply is the same everywhere.
        if ((await lstat(place.path)).isDirectory())
          throw new FileSystemError('is-directory', 'use RMD for directories');
        await unlink(place.path);
      }),
    );
  }

  rename(from: string, to: string): Promise<void> {
    return typed(() =>
      this.#paths.at(from, { last: 'itself' }, (source) =>
        this.#paths.at(to, { last: 'itself' }, async (target) => {
          for (const place of [source, target]) {
            refuseRoot(place);
            refuseOwnNames(place);
          }
          await this.#refuseDirectoryAt(target, source);
          await rename(source.path, target.path);
        }),
      ),
    );
  }

  setModified(path: string, modifiedAt: Date): Promise<void> {
    return this.#change(path, (place) => utimes(place.path, new Date(), modifiedAt));
  }

  setMode(path: string, mode: number): Promise<void> {
    return this.#change(path, (place) => chmod(place.path, mode & 0o777));
  }

  hash(path: string, request: HashRequest): Promise<FileHash> {
    return typed(async () => {
      const { file, sizeBytes } = await this.#paths.at(path, { last: 'follow' }, (place) =>
        openRegularFile(place.path, 0),
      );
      try {
        return await hashLocalFile(file, sizeBytes, request);
      } finally {
        await file.close();
      }
    });
  }

  async isLink(path: string): Promise<boolean> {
    const found = await typed(() => this.#paths.at(path, { last: 'itself' }, (place) => lstat(place.path))).catch(
      () => undefined,
    );
    return found?.isSymbolicLink() === true;
  }

  freeSpace(path: string): Promise<number> {
    return typed(() =>
      this.#paths.at(path, { last: 'follow' }, async (place) => {
        const { bavail, bsize } = await statfs(place.path);
        return bavail * bsize;
      }),
    );
  }

  /** rename(2) would put a directory over an empty one. */
  async #refuseDirectoryAt(target: Place, source: Place): Promise<void> {
    const [found, moved] = await Promise.all([lstat(target.path).catch(undefinedIfMissing), lstat(source.path)]);
    if (found?.isDirectory() !== true || !moved.isDirectory()) return;
    if (found.ino !== moved.ino || found.dev !== moved.dev) throw new FileSystemError('exists', 'there is a directory');
  }

  /** Something else than its content, of a file or directory that is shown. */
  #change(path: string, change: (place: Place) => Promise<void>): Promise<void> {
    return typed(() =>
      this.#paths.at(path, { last: 'follow' }, async (place) => {
        refuseOwnNames(place);
        statOf(await lstat(place.path));
        await change(place);
      }),
    );
  }

  /** The upload takes the target's directory over. */
  async #beginWriting(target: Place, mode: WriteMode): Promise<WriteHandle> {
    const old = await lstat(target.path).catch(undefinedIfMissing);
    if (old?.isDirectory() === true) throw new FileSystemError('is-directory', 'a directory cannot be written to');
    if (old !== undefined && !old.isFile()) throw new FileSystemError('not-file', 'neither a file nor a directory');
    if (mode.kind === 'create' && old !== undefined)
      throw new FileSystemError('exists', 'there is a file of this name');
    const from = this.#inPlaceFrom(mode, old === undefined);
    if (from === undefined) {
      return AtomicFile.open(target, { old, exclusive: mode.kind === 'create', fsync: this.#fsync });
    }
    return InPlaceFile.open(target, { from, fsync: this.#fsync });
  }

  /** Where an upload that is written in place begins; undefined for one that is not. */
  #inPlaceFrom(mode: WriteMode, isNew: boolean): InPlaceOptions['from'] | undefined {
    if (mode.kind === 'resume' && !(isNew && mode.start === 0)) return mode.start;
    if (mode.kind === 'append' && !isNew) return 'end';
    if (!this.#inPlace) return undefined;
    return mode.kind === 'create' ? 'new' : 'empty';
  }
}

function refuseRoot({ name }: Place): void {
  if (name === '.') throw new FileSystemError('permission', 'this is the root');
}

/** The names of uploads that are under way cannot be touched by their look. */
function refuseOwnNames({ name }: Place): void {
  if (isUploadName(name)) {
    throw new FileSystemError('name-not-allowed', 'this name is kept for uploads that are under way');
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (fileSystemError(error).kind === 'not-found') return undefined;
  throw error;
}

async function typed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileSystemError(error);
  }
}
