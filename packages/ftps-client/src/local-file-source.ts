// Uploads from local files, read ahead into two buffers, from any offset on.
import { open, type FileHandle } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { localFailure } from './errors.js';
import { UPLOAD_BUFFER_BYTES } from './limits.js';
import type { SourceReading, UploadSource } from './upload-source.js';

/** Rejects with `LocalFileError` where the path cannot be read. */
export async function openLocalFileSource(path: string): Promise<UploadSource> {
  try {
    const handle = await open(path, 'r');
    try {
      const status = await handle.stat();
      if (status.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
      return new LocalFileSource(handle, path, status);
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw localFailure(`cannot read ${path}`, path, error);
  }
}

class LocalFileSource implements UploadSource {
  readonly totalBytes: number | undefined;
  readonly modifiedAt: Date | undefined;
  readonly identity: string | undefined;
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #isFile: boolean;
  #wasOpened = false;

  constructor(handle: FileHandle, path: string, status: Stats) {
    this.#handle = handle;
    this.#path = path;
    this.#isFile = status.isFile();
    this.totalBytes = this.#isFile ? status.size : undefined;
    this.modifiedAt = this.#isFile ? status.mtime : undefined;
    this.identity = this.#isFile ? identityOf(status) : undefined;
  }

  get canOpenAnywhere(): boolean {
    return this.#isFile;
  }

  /** A device or a pipe gives its bytes once. */
  get canOpen(): boolean {
    return this.#isFile || !this.#wasOpened;
  }

  async isUnchanged(): Promise<boolean> {
    if (!this.#isFile) return true;
    try {
      return identityOf(await this.#handle.stat()) === this.identity;
    } catch (error) {
      throw localFailure(`cannot read ${this.#path}`, this.#path, error);
    }
  }

  open(start: number): Promise<SourceReading> {
    this.#wasOpened = true;
    return Promise.resolve(new FileReading(this.#handle, this.#path, this.#isFile ? start : null));
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }
}

function identityOf({ size, mtimeMs }: Stats): string {
  return `${size} ${mtimeMs}`;
}

class FileReading implements SourceReading {
  readonly #handle: FileHandle;
  readonly #path: string;
  /** Where the next read begins; null where the file has no places. */
  #position: number | null;
  #buffer: Uint8Array = Buffer.allocUnsafeSlow(UPLOAD_BUFFER_BYTES);
  #other: Uint8Array = Buffer.allocUnsafeSlow(UPLOAD_BUFFER_BYTES);
  #reading: Promise<number>;

  constructor(handle: FileHandle, path: string, position: number | null) {
    this.#handle = handle;
    this.#path = path;
    this.#position = position;
    this.#reading = this.#readAhead();
  }

  async next(): Promise<Uint8Array | undefined> {
    const count = await this.#reading;
    if (count === 0) return undefined;
    if (this.#position !== null) this.#position += count;
    const full = this.#buffer;
    this.#buffer = this.#other;
    this.#other = full;
    this.#reading = this.#readAhead();
    return full.subarray(0, count);
  }

  async close(): Promise<void> {
    await this.#reading.catch(() => undefined);
  }

  #readAhead(): Promise<number> {
    const reading = this.#handle.read(this.#buffer, 0, this.#buffer.length, this.#position).then(
      ({ bytesRead }) => bytesRead,
      (error: unknown) => {
        throw localFailure(`cannot read ${this.#path}`, this.#path, error);
      },
    );
    // Told by the `next` that waits for it.
    reading.catch(() => undefined);
    return reading;
  }
}
