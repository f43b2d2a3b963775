// The directories and files of a MemoryFileSystem, and how a path is looked up in them.
import { posix } from 'node:path';
import { FileSystemError } from './errors.js';
import type { FileStat } from './file-system.js';
import { MemoryContent, type MemoryRoom } from './memory-content.js';

interface Described {
  readonly identity: string;
  mode: number;
  modifiedAt: Date;
  createdAt: Date;
}

export interface MemoryFile extends Described {
  readonly type: 'file';
  readonly content: MemoryContent;
  /** Whether an upload goes into it, as it is: there is one at a time. */
  isBeingWritten: boolean;
}

export interface MemoryDirectory extends Described {
  readonly type: 'directory';
  readonly children: Map<string, MemoryNode>;
  /** Whether it is still to be found: an upload may outlive its directory. */
  isRemoved: boolean;
}

export type MemoryNode = MemoryFile | MemoryDirectory;

/** An entry of a directory, whether or not it is there. */
export interface MemoryPlace {
  readonly parent: MemoryDirectory;
  readonly name: string;
  readonly node: MemoryNode | undefined;
}

export class MemoryTree {
  readonly root: MemoryDirectory;
  readonly #room: MemoryRoom;
  readonly #clock: () => Date;
  #nextIdentity = 1;

  constructor(room: MemoryRoom, clock: () => Date) {
    this.#room = room;
    this.#clock = clock;
    this.root = this.newDirectory();
  }

  newFile(mode = 0o644): MemoryFile {
    return { type: 'file', content: new MemoryContent(this.#room), isBeingWritten: false, ...this.#described(mode) };
  }

  newDirectory(): MemoryDirectory {
    return { type: 'directory', children: new Map(), isRemoved: false, ...this.#described(0o755) };
  }

  /** What is at `path`. Throws `not-found`, `not-directory`. */
  find(path: string): MemoryNode {
    let node: MemoryNode = this.root;
    for (const name of componentsOf(path)) {
      if (node.type !== 'directory') throw new FileSystemError('not-directory', `${path}: a parent is a file`);
      const next = node.children.get(name);
      if (next === undefined) throw new FileSystemError('not-found', `${path}: there is no ${JSON.stringify(name)}`);
      node = next;
    }
    return node;
  }

  /** The place that `path` names; undefined for the root. Throws for a parent that is not there, or a file. */
  place(path: string): MemoryPlace | undefined {
    const components = componentsOf(path);
    const name = components.pop();
    if (name === undefined) return undefined;
    const parent = this.find(`/${components.join('/')}`);
    if (parent.type !== 'directory') throw new FileSystemError('not-directory', `${path}: the parent is a file`);
    return { parent, name, node: parent.children.get(name) };
  }

  /** Puts `node` at a place, or nothing. */
  put({ parent, name }: Pick<MemoryPlace, 'parent' | 'name'>, node: MemoryNode | undefined): void {
    if (node === undefined) parent.children.delete(name);
    else parent.children.set(name, node);
    parent.modifiedAt = this.#clock();
  }

  #described(mode: number): Described {
    const now = this.#clock();
    return { identity: `m-${this.#nextIdentity++}`, mode, modifiedAt: now, createdAt: now };
  }
}

export function memoryStat(node: MemoryNode): FileStat {
  return {
    type: node.type,
    sizeBytes: node.type === 'file' ? node.content.sizeBytes : 0,
    modifiedAt: node.modifiedAt,
    createdAt: node.createdAt,
    mode: node.mode,
    links: 1,
    identity: node.identity,
  };
}

/** Throws `name-not-allowed` for NUL. */
function componentsOf(path: string): string[] {
  if (path.includes('\0')) throw new FileSystemError('name-not-allowed', 'a path holds NUL');
  return posix
    .normalize(`/${path}`)
    .split('/')
    .filter((component) => component !== '');
}
