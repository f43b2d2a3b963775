// Uploads from local files, read ahead into two buffers, from any offset on.
import { constants, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { LocalFileError, folderError, localFailure } from './errors.js';
import { IterableReading } from './iterable-reading.js';
import { UPLOAD_BUFFER_BYTES } from './limits.js';
import { openDeviceForReading } from './local-device.js';
import { OnceSource } from './once-source.js';
import type { SourceReading, UploadSource } from './upload-source.js';

/** No open waits for the other side of a pipe. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Rejects with `LocalFileError` where the path cannot be read. */
export async function openLocalFileSource(path: string): Promise<UploadSource> {
  const failed = `cannot read ${path}`;
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw folderError();
    if (!status.isFile()) return new OnceSource(new IterableReading(await openDeviceForReading(path), failed, path));
    const handle = await open(path, FLAGS);
    try {
      return new LocalFileSource(handle, path, await statOfFile(handle));
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw localFailure(failed, path, error);
  }
}

/** Of what was opened, which need not be what stood there before. */
async function statOfFile(handle: FileHandle): Promise<Stats> {
  const status = await handle.stat();
  if (!status.isFile()) throw new Error('something else was put in its place meanwhile');
  return status;
}

class LocalFileSource implements UploadSource {
  readonly canOpenAnywhere = true;
  readonly canOpen = true;
  readonly totalBytes: number;
  readonly modifiedAt: Date;
  readonly identity: string;
  readonly #handle: FileHandle;
  readonly #path: string;
  #readsUnderWay = 0;
  /** The file as it was when its first byte was read. */
  #begunWith: Stats;

  constructor(handle: FileHandle, path: string, status: Stats) {
    this.#handle = handle;
    this.#path = path;
    this.#begunWith = status;
    this.totalBytes = status.size;
    this.modifiedAt = status.mtime;
    this.identity = identityOf(status);
  }

  async isUnchanged(): Promise<boolean> {
    return identityOf(await this.#stat()) === this.identity;
  }

  async open(start: number): Promise<SourceReading> {
    if (start === 0) this.#begunWith = await this.#stat();
    return new FileReading(
      (buffer, position) => this.#read(buffer, position),
      () => this.#mustBeOneVersion(),
      start,
    );
  }

  async close(): Promise<void> {
    const closed = this.#handle.close().catch(() => undefined);
    // It waits for a read that is under way, which a disk that hangs, as of a server that is gone, does not end.
    if (this.#readsUnderWay === 0) await closed;
  }

  async #read(buffer: Uint8Array, position: number): Promise<number> {
    this.#readsUnderWay += 1;
    try {
      return (await this.#handle.read(buffer, 0, buffer.length, position)).bytesRead;
    } catch (error) {
      throw localFailure(`cannot read ${this.#path}`, this.#path, error);
    } finally {
      this.#readsUnderWay -= 1;
    }
  }

  async #stat(): Promise<Stats> {
    try {
      return await this.#handle.stat();
    } catch (error) {
      throw localFailure(`cannot read ${this.#path}`, this.#path, error);
    }
  }

  /** Half of the old bytes and half of the new ones are no version of the file. One that only grew, as logs do, is. */
  async #mustBeOneVersion(): Promise<void> {
    const now = await this.#stat();
    if (now.size > this.#begunWith.size || identityOf(now) === identityOf(this.#begunWith)) return;
    throw new LocalFileError(`cannot read ${this.#path}: it was changed while it was read`, this.#path);
  }
}

function identityOf({ size, mtimeMs }: Stats): string {
  return `${size} ${mtimeMs}`;
}

class FileReading implements SourceReading {
  readonly #read: (buffer: Uint8Array, position: number) => Promise<number>;
  readonly #checkAtEnd: () => Promise<void>;
  /** Where the next read begins. */
  #position: number;
  #buffer: Uint8Array = Buffer.allocUnsafeSlow(UPLOAD_BUFFER_BYTES);
  #other: Uint8Array = Buffer.allocUnsafeSlow(UPLOAD_BUFFER_BYTES);
  #reading: Promise<number>;

  /** `checkAtEnd` rejects where what was read is not the file. */
  constructor(
    read: (buffer: Uint8Array, position: number) => Promise<number>,
    checkAtEnd: () => Promise<void>,
    position: number,
  ) {
    this.#read = read;
    this.#checkAtEnd = checkAtEnd;
    this.#position = position;
    this.#reading = this.#readAhead();
  }

  async next(): Promise<Uint8Array | undefined> {
    const count = await this.#reading;
    if (count === 0) {
      await this.#checkAtEnd();
      return undefined;
    }
    this.#position += count;
    const full = this.#buffer;
    this.#buffer = this.#other;
    this.#other = full;
    this.#reading = this.#readAhead();
    return full.subarray(0, count);
  }

  /** A read that is under way ends by itself; nobody waits for it. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #readAhead(): Promise<number> {
    const reading = this.#read(this.#buffer, this.#position);
    // Told by the `next` that waits for it.
    reading.catch(() => undefined);
    return reading;
  }
}
