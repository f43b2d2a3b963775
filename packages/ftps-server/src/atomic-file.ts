// An upload that others see whole or not at all: written beside its target under a hidden name, renamed at the end.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileStat, WriteHandle } from './file-system.js';
import { statOf } from './local-stat.js';
import { fileSystemError } from './system-error.js';
import { writeFully } from './write-fully.js';

const PREFIX = '.ftps-upload-';
const CREATE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Whether a name is one that uploads under way have. */
export function isAtomicFileName(name: string): boolean {
  return name.startsWith(PREFIX);
}

export interface AtomicFileOptions {
  readonly oldMode: number | undefined;
  readonly exclusive: boolean;
}

export class AtomicFile implements WriteHandle {
  readonly #file: FileHandle;
  readonly #temporary: string;
  readonly #target: string;
  readonly #exclusive: boolean;
  #position = 0;

  private constructor(file: FileHandle, temporary: string, target: string, exclusive: boolean) {
    this.#file = file;
    this.#temporary = temporary;
    this.#target = target;
    this.#exclusive = exclusive;
  }

  /**
   * Starts to write what will be `target`, with the permission bits of the file it replaces; one that is `exclusive`
   * replaces none.
   */
  static async open(target: string, { oldMode, exclusive }: AtomicFileOptions): Promise<AtomicFile> {
    const temporary = join(dirname(target), PREFIX + randomBytes(9).toString('base64url'));
    const upload = new AtomicFile(await open(temporary, CREATE_FLAGS), temporary, target, exclusive);
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

  async commit(): Promise<FileStat> {
    try {
      const committed = await this.#file.stat();
      await this.#file.close();
      if (this.#exclusive) {
        // Unlike a rename, a link never replaces what is there.
        await link(this.#temporary, this.#target);
        await unlink(this.#temporary);
      } else {
        await rename(this.#temporary, this.#target);
      }
      return statOf(committed);
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
