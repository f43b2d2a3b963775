// A file as it was when it was opened: no more than that is sent, and never less without saying so.
import { FileSystemError } from './errors.js';
import type { ReadHandle } from './file-system.js';

/** Reads from `start`, where the handle stands, `maxBytes` at most. Rejects with `changed` where the file ends too early. */
export class BoundedReader implements ReadHandle {
  readonly sizeBytes: number | undefined;
  readonly #file: ReadHandle;
  /** How many bytes are to come; undefined where nobody knows. */
  readonly #expected: number | undefined;
  #left: number;

  constructor(file: ReadHandle, start: number, maxBytes = Number.POSITIVE_INFINITY) {
    this.#file = file;
    this.sizeBytes = file.sizeBytes;
    this.#expected = file.sizeBytes === undefined ? undefined : Math.min(file.sizeBytes - start, maxBytes);
    this.#left = this.#expected ?? maxBytes;
  }

  async read(into: Uint8Array): Promise<number> {
    if (this.#left === 0) return 0;
    const count = await this.#file.read(into.length > this.#left ? into.subarray(0, this.#left) : into);
    if (count === 0 && this.#expected !== undefined) {
      throw new FileSystemError('changed', `${this.#left} of ${this.#expected} bytes were not there any more`);
    }
    this.#left -= count;
    return count;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
