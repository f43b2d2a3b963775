// Files that live as long as the process: for tests, and for programs that take files and keep none.
import { knownKeys, wholeNumber } from '@ftps-kit/tls-core/internal';
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
import { hashByReading } from './hash-range.js';
import type { MemoryRoom } from './memory-content.js';
import { MemoryTree, memoryStat, type MemoryDirectory, type MemoryFile, type MemoryPlace } from './memory-tree.js';
import { MemoryUpload, settled } from './memory-upload.js';

export interface MemoryFileSystemOptions {
  /** Bytes that all files together may have, uploads that are under way too; more is `no-space`. Default: no bound. */
  readonly maxBytes?: number | undefined;
  /** Default: the system's clock. */
  readonly clock?: (() => Date) | undefined;
}

/** A file system in memory. It has every capability of the contract. */
export class MemoryFileSystem implements FileSystem {
  readonly #tree: MemoryTree;
  readonly #clock: () => Date;
  readonly #room: MemoryRoom;

  /** Throws `ConfigError` for a bound that is none, and for options that do not exist. */
  constructor(options: MemoryFileSystemOptions = {}) {
    knownKeys('', options, ['maxBytes', 'clock'] satisfies (keyof MemoryFileSystemOptions)[]);
    const { maxBytes = Number.MAX_SAFE_INTEGER, clock = () => new Date() } = options;
    this.#clock = clock;
    this.#room = { maxBytes: wholeNumber('maxBytes', maxBytes, 0), usedBytes: 0 };
    this.#tree = new MemoryTree(this.#room, clock);
  }

  async stat(path: string): Promise<FileStat> {
    return settled(() => memoryStat(this.#tree.find(path)));
  }

  async *list(path: string): AsyncGenerator<DirectoryEntry> {
    const directory = await settled(() => this.#tree.find(path));
    if (directory.type !== 'directory') throw new FileSystemError('not-directory', `${path} is a file`);
    for (const [name, node] of directory.children) yield { name, ...memoryStat(node) };
  }

  async openRead(path: string, { start }: { readonly start: number }): Promise<ReadHandle> {
    const { content } = await settled(() => this.#file(path));
    const { sizeBytes } = content;
    if (start > sizeBytes) throw new FileSystemError('offset-beyond-end', `${start} is beyond ${sizeBytes}`);
    let position = start;
    return {
      sizeBytes,
      read: (into) => {
        const count = content.read(into, position);
        position += count;
        return Promise.resolve(count);
      },
      close: () => Promise.resolve(),
    };
  }

  async openWrite(path: string, mode: WriteMode): Promise<WriteHandle> {
    return settled(() => {
      const place = this.#tree.place(path);
      if (place?.node?.type === 'directory' || place === undefined) {
        throw new FileSystemError('is-directory', `${path} is a directory`);
      }
      const old = place.node;
      if (mode.kind === 'create' && old !== undefined) throw new FileSystemError('exists', `${path} is there`);
      return this.#upload(place, old, mode);
    });
  }

  async makeDirectory(path: string): Promise<void> {
    await settled(() => {
      const place = this.#tree.place(path);
      if (place?.node !== undefined || place === undefined) throw new FileSystemError('exists', `${path} is there`);
      this.#tree.put(place, this.#tree.newDirectory());
    });
  }

  async removeDirectory(path: string): Promise<void> {
    await settled(() => {
      const place = this.#placeOfSomething(path);
      if (place.node.type !== 'directory') throw new FileSystemError('not-directory', `${path} is a file`);
      if (place.node.children.size > 0) throw new FileSystemError('not-empty', `${path} is not empty`);
      place.node.isRemoved = true;
      this.#tree.put(place, undefined);
    });
  }

  async remove(path: string): Promise<void> {
    await settled(() => {
      const place = this.#placeOfSomething(path);
      if (place.node.type === 'directory') throw new FileSystemError('is-directory', `${path} is a directory`);
      place.node.content.release();
      this.#tree.put(place, undefined);
    });
  }

  async rename(from: string, to: string): Promise<void> {
    await settled(() => {
      const source = this.#placeOfSomething(from);
      const target = this.#tree.place(to);
      if (target === undefined) throw new FileSystemError('permission', 'this is the root');
      if (target.node === source.node) return;
      if (source.node.type === 'directory' && isWithin(source.node, target.parent)) {
        throw new FileSystemError('name-not-allowed', 'a directory cannot be moved into itself');
      }
      if (target.node?.type === 'directory') {
        throw new FileSystemError(source.node.type === 'file' ? 'is-directory' : 'exists', `${to} is a directory`);
      }
      if (target.node !== undefined && source.node.type === 'directory') {
        throw new FileSystemError('not-directory', `${to} is a file`);
      }
      target.node?.content.release();
      this.#tree.put(source, undefined);
      this.#tree.put(target, source.node);
    });
  }

  async setModified(path: string, modifiedAt: Date): Promise<void> {
    await settled(() => {
      this.#tree.find(path).modifiedAt = modifiedAt;
    });
  }

  async setCreated(path: string, createdAt: Date): Promise<void> {
    await settled(() => {
      this.#tree.find(path).createdAt = createdAt;
    });
  }

  async setMode(path: string, mode: number): Promise<void> {
    await settled(() => {
      this.#tree.find(path).mode = mode & 0o777;
    });
  }

  async hash(path: string, request: HashRequest): Promise<FileHash> {
    const { content } = await settled(() => this.#file(path));
    return hashByReading(request, content.sizeBytes, (into, position) => Promise.resolve(content.read(into, position)));
  }

  async freeSpace(path: string): Promise<number> {
    return settled(() => {
      this.#tree.find(path);
      return this.#room.maxBytes - this.#room.usedBytes;
    });
  }

  #upload(place: MemoryPlace, old: MemoryFile | undefined, mode: WriteMode): WriteHandle {
    const isNew = mode.kind === 'replace' || mode.kind === 'create' || old === undefined;
    if (mode.kind === 'resume' && old === undefined && mode.start > 0) {
      throw new FileSystemError('not-found', `there is no ${JSON.stringify(place.name)}`);
    }
    const file = isNew ? this.#tree.newFile(old?.mode) : old;
    const start = isNew ? 0 : mode.kind === 'resume' ? mode.start : file.content.sizeBytes;
    if (start > file.content.sizeBytes) {
      throw new FileSystemError('offset-beyond-end', `${start} is beyond ${file.content.sizeBytes}`);
    }
    return new MemoryUpload({
      file,
      start,
      clock: this.#clock,
      ...(isNew && {
        publish: () => {
          this.#publish(place, file, mode.kind === 'create');
        },
      }),
    });
  }

  /** Puts a new file in its place; what is there now makes room. */
  #publish({ parent, name }: MemoryPlace, file: MemoryFile, exclusive: boolean): void {
    if (parent.isRemoved) throw new FileSystemError('not-found', 'the directory went away');
    const found = parent.children.get(name);
    if (found?.type === 'directory') throw new FileSystemError('is-directory', `${name} is a directory now`);
    if (exclusive && found !== undefined) throw new FileSystemError('exists', `${name} is there now`);
    found?.content.release();
    this.#tree.put({ parent, name }, file);
  }

  #file(path: string): MemoryFile {
    const node = this.#tree.find(path);
    if (node.type === 'directory') throw new FileSystemError('is-directory', `${path} is a directory`);
    return node;
  }

  #placeOfSomething(path: string): Required<MemoryPlace> & { readonly node: MemoryFile | MemoryDirectory } {
    const place = this.#tree.place(path);
    if (place === undefined) throw new FileSystemError('permission', 'this is the root');
    const { node } = place;
    if (node === undefined) throw new FileSystemError('not-found', `there is no ${path}`);
    return { ...place, node };
  }
}

function isWithin(directory: MemoryDirectory, candidate: MemoryDirectory): boolean {
  if (directory === candidate) return true;
  return [...directory.children.values()].some((child) => child.type === 'directory' && isWithin(child, candidate));
}
