// Hashes that need not be made again, as long as the file is the same: of uploads, made while they came, and of HASH.
import type { FileStat, FileSystem, HashAlgorithm } from './file-system.js';

interface KnownHash {
  readonly algorithm: HashAlgorithm;
  readonly hex: string;
  /** What the file was by its size, times and identity. */
  readonly version: string;
}

/** A file under the name that it has, or had. */
export interface FileAt {
  readonly path: string;
  readonly stat: FileStat;
}

/** At most so many files of each file system, the least lately used of which is forgotten first. */
export class KnownHashes {
  readonly #maxFiles: number;
  readonly #hashes = new WeakMap<FileSystem, Map<string, KnownHash>>();

  constructor(maxFiles: number) {
    this.#maxFiles = maxFiles;
  }

  remember(fileSystem: FileSystem, path: string, stat: FileStat, algorithm: HashAlgorithm, hex: string): void {
    const version = versionOf(stat);
    if (version === undefined) return;
    const hashes = this.#of(fileSystem);
    hashes.delete(path);
    hashes.set(path, { algorithm, hex, version });
    for (const oldest of hashes.keys()) {
      if (hashes.size <= this.#maxFiles) break;
      hashes.delete(oldest);
    }
  }

  /** The hash of the file at `path`, which is `stat` now. */
  find(fileSystem: FileSystem, path: string, stat: FileStat, algorithm: HashAlgorithm): string | undefined {
    const hashes = this.#of(fileSystem);
    const known = hashes.get(path);
    if (known?.algorithm !== algorithm || known.version !== versionOf(stat)) return undefined;
    hashes.delete(path);
    hashes.set(path, known);
    return known.hex;
  }

  /** Whether anything is known of what was at `path`. */
  knows(fileSystem: FileSystem, path: string): boolean {
    return this.#of(fileSystem).has(path);
  }

  /** A file has another time, mode or name, by this server: what is known of its content stays true. */
  carryOver(fileSystem: FileSystem, before: FileAt, after: FileAt): void {
    const hashes = this.#of(fileSystem);
    const known = hashes.get(before.path);
    if (known === undefined || known.version !== versionOf(before.stat)) return;
    if (before.stat.identity !== after.stat.identity || before.stat.sizeBytes !== after.stat.sizeBytes) return;
    hashes.delete(before.path);
    this.remember(fileSystem, after.path, after.stat, known.algorithm, known.hex);
  }

  /** What is at `path` is about to be written to in place, where size and time may stay what they are. */
  forget(fileSystem: FileSystem, path: string): void {
    this.#of(fileSystem).delete(path);
  }

  #of(fileSystem: FileSystem): Map<string, KnownHash> {
    const found = this.#hashes.get(fileSystem);
    if (found !== undefined) return found;
    const hashes = new Map<string, KnownHash>();
    this.#hashes.set(fileSystem, hashes);
    return hashes;
  }
}

/**
 * Without an identity a file that was replaced by one of the same size and time would pass for the old one; without the time
 * of its last change one that was written to in place, and whose time was set back.
 */
function versionOf({ type, sizeBytes, modifiedAt, changedAt, identity }: FileStat): string | undefined {
  if (type !== 'file' || identity === undefined) return undefined;
  return `${identity} ${sizeBytes} ${modifiedAt.getTime()} ${changedAt?.getTime() ?? ''}`;
}
