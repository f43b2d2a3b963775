// An upload that others see whole or not at all: written beside its target under a hidden name, renamed at the end.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WriteHandle } from './file-system.js';
import { fileSystemError } from './system-error.js';
import { writeFully } from './write-fully.js';

const PREFIX = '.ftps-upload-';
const CREATE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Whether a name is one that uploads under way have. */
export function isAtomicFileName(name: string): boolean {
  return name.startsWith(PREFIX);
}

export class AtomicFile implements WriteHandle {
  readonly #file: FileHandle;
  readonly #temporary: string;
  readonly #target: string;
  #position = 0;

  private constructor(file: FileHandle, temporary: string, target: string) {
    this.#file = file;
    this.#temporary = temporary;
    this.#target = target;
  }

  /** Starts to write what will be `target`, with the permission bits of the file it replaces. */
  static async open(target: string, oldMode: number | undefined): Promise<AtomicFile> {
    const temporary = join(dirname(target), PREFIX + randomBytes(9).toString('base64url'));
    const upload = new AtomicFile(await open(temporary, CREATE_FLAGS), temporary, target);
    try {
      if (oldMode !== undefined) await upload.#file.chmod(oldMode & 0o777);
    } catch (error) {
      await upload.abort();
      throw error;
    }
    return upload;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await writeFully(this.#file, chunk, this.#position);
    this.#position += chunk.length;
  }

  async commit(): Promise<void> {
    try {
      await this.#file.close();
      await rename(this.#temporary, this.#target);
    } catch (error) {
      await unlink(this.#temporary).catch(ignoreMissing);
      throw fileSystemError(error);
    }
  }

  async abort(): Promise<void> {
    await this.#file.close().catch(ignoreMissing);
    await unlink(this.#temporary).catch(ignoreMissing);
  }
}

/** What is to be removed may be gone already; then there is nothing left to do. */
function ignoreMissing(): void {
  return undefined;
}
