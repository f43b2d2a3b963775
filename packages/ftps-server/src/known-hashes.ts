// Hashes that need not be made again, as long as the file is the same: of uploads, made while they came, and of HASH.
import type { FileStat, FileSystem, HashAlgorithm } from './file-system.js';

interface KnownHash {
  readonly algorithm: HashAlgorithm;
  readonly hex: string;
  /** What the file was by its size, time and identity. */
  readonly version: string;
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

  /** Only the time of a file was changed, by this server: what is known of its content stays true. */
  carryOver(fileSystem: FileSystem, path: string, before: FileStat, after: FileStat): void {
    const known = this.#of(fileSystem).get(path);
    if (known === undefined || known.version !== versionOf(before)) return;
    if (before.identity !== after.identity || before.sizeBytes !== after.sizeBytes) return;
    this.remember(fileSystem, path, after, known.algorithm, known.hex);
  }

  /** The file has another name now; whether it is still the same file, `find` sees. */
  rename(fileSystem: FileSystem, from: string, to: string): void {
    const hashes = this.#of(fileSystem);
    const known = hashes.get(from);
    hashes.delete(from);
    if (known !== undefined) hashes.set(to, known);
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

/** Without an identity a file that was replaced by one of the same size and time would pass for the old one. */
function versionOf({ type, sizeBytes, modifiedAt, identity }: FileStat): string | undefined {
  if (type !== 'file' || identity === undefined) return undefined;
  return `${identity} ${sizeBytes} ${modifiedAt.getTime()}`;
}
