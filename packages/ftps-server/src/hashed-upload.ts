// An upload that is hashed while it comes, so that nobody has to read it again.
import type { FileStat, HashAlgorithm, WriteHandle } from './file-system.js';
import { newHasher, type Hasher } from './hasher.js';
import { UNASKED_HASH_BYTES } from './limits.js';

export interface HashedUploadOptions {
  readonly algorithm: HashAlgorithm;
  /** Whether this client asks for hashes; that of who has not yet done so is followed for some megabytes only. */
  readonly isWanted: boolean;
  /** Called at commit, with the very file that was hashed. */
  readonly onHash: (stat: FileStat, hex: string) => void;
}

export class HashedUpload implements WriteHandle {
  readonly inPlace: boolean | undefined;
  readonly #file: WriteHandle;
  readonly #options: HashedUploadOptions;
  #hasher: Hasher | undefined;
  #bytes = 0;

  constructor(file: WriteHandle, options: HashedUploadOptions) {
    this.#file = file;
    this.inPlace = file.inPlace;
    this.#options = options;
    this.#hasher = newHasher(options.algorithm);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#bytes += chunk.length;
    if (!this.#options.isWanted && this.#bytes > UNASKED_HASH_BYTES) this.#hasher = undefined;
    const writing = this.#file.write(chunk);
    // While the disk works. Should the write fail, nobody asks for this hash.
    this.#hasher?.update(chunk);
    await writing;
  }

  async commit(): Promise<FileStat | undefined> {
    const stat = await this.#file.commit();
    if (stat !== undefined && this.#hasher !== undefined) this.#options.onHash(stat, this.#hasher.hex());
    return stat;
  }

  callOff(): boolean {
    return this.#file.callOff?.() ?? false;
  }

  abort(): Promise<void> {
    return this.#file.abort();
  }
}
