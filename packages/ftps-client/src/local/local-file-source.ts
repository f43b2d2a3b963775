// Uploads from local files, read ahead into two buffers, from any offset on.
import { constants, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { LocalFileError, folderError, localFailure } from '../errors.js';
import { UPLOAD_BUFFER_BYTES } from '../limits.js';
import { IterableReading } from './iterable-reading.js';
import { openDeviceForReading } from './local-device.js';
import { OnceSource } from './once-source.js';
import type { SourceReading, UploadSource } from './upload-source.js';

/** No open waits for the other side of a pipe. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** With `mayGrow` a file is read as far as it reached at first. Rejects with `LocalFileError` where it cannot be read. */
export async function openLocalFileSource(path: string, mayGrow: boolean): Promise<UploadSource> {
  const failed = `cannot read ${path}`;
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw folderError();
    if (!status.isFile()) return new OnceSource(new IterableReading(await openDeviceForReading(path), failed, path));
    const handle = await open(path, FLAGS);
    try {
      const status = await statOfFile(handle);
      if (status.size > 0) return new LocalFileSource(handle, path, status, mayGrow);
      return await openEmpty(handle, path, mayGrow);
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw localFailure(failed, path, error);
  }
}

/**
 * A file that says that it has no bytes, as those of /proc do, where some come all the same: made while it is read, and
 * another time it is read another one. So it is read to its end, once.
 */
async function openEmpty(handle: FileHandle, path: string, mayGrow: boolean): Promise<UploadSource> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(UPLOAD_BUFFER_BYTES), 0, UPLOAD_BUFFER_BYTES, null);
  const status = await statOfFile(handle);
  if (bytesRead === 0 || status.size > 0) return new LocalFileSource(handle, path, status, mayGrow);
  // From where the handle is now; it closes the handle.
  const stream = handle.createReadStream({ highWaterMark: UPLOAD_BUFFER_BYTES });
  stream.unshift(buffer.subarray(0, bytesRead));
  return new OnceSource(new IterableReading(stream, `cannot read ${path}`, path));
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
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #mayGrow: boolean;
  /** Calls of the handle that have not come back. */
  #callsUnderWay = 0;
  /** The file as it was when its first byte was read. */
  #begunWith: Stats;
  /** Whether some bytes of another version may have been read before. */
  #wasReplaced = false;

  constructor(handle: FileHandle, path: string, status: Stats, mayGrow: boolean) {
    this.#handle = handle;
    this.#path = path;
    this.#mayGrow = mayGrow;
    this.#begunWith = status;
  }

  get identity(): string {
    return identityOf(this.#begunWith);
  }

  get totalBytes(): number {
    return this.#begunWith.size;
  }

  get modifiedAt(): Date {
    return this.#begunWith.mtime;
  }

  async isUnchanged(): Promise<boolean> {
    return !this.#wasReplaced && this.#isOneVersion(await this.#stat());
  }

  /** Not where it grew, though its bytes are the same: then it has another identity. */
  async isFoundAgain(): Promise<boolean> {
    return !this.#wasReplaced && identityOf(await this.#stat()) === this.identity;
  }

  async open(start: number): Promise<SourceReading> {
    if (start === 0) {
      const now = await this.#stat();
      if (!this.#isOneVersion(now)) {
        this.#begunWith = now;
        this.#wasReplaced = true;
      }
    }
    return new FileReading(
      (buffer, position) => this.#read(buffer, position),
      () => this.#mustBeOneVersion(),
      start,
      this.#begunWith.size,
    );
  }

  async close(): Promise<void> {
    const closed = this.#handle.close().catch(() => undefined);
    // It waits for the calls that are under way, which a disk that hangs, as of a server that is gone, does not end.
    if (this.#callsUnderWay === 0) await closed;
  }

  async #read(buffer: Uint8Array, position: number): Promise<number> {
    const left = this.#begunWith.size - position;
    const length = this.#mayGrow ? Math.max(0, Math.min(buffer.length, left)) : buffer.length;
    if (length === 0) return 0;
    return (await this.#call((handle) => handle.read(buffer, 0, length, position))).bytesRead;
  }

  #stat(): Promise<Stats> {
    return this.#call((handle) => handle.stat());
  }

  async #call<Result>(work: (handle: FileHandle) => Promise<Result>): Promise<Result> {
    this.#callsUnderWay += 1;
    try {
      return await work(this.#handle);
    } catch (error) {
      throw localFailure(`cannot read ${this.#path}`, this.#path, error);
    } finally {
      this.#callsUnderWay -= 1;
    }
  }

  /** Half of the old bytes and half of the new ones are no version of the file. */
  async #mustBeOneVersion(): Promise<void> {
    const now = await this.#stat();
    if (this.#isOneVersion(now)) return;
    this.#wasReplaced = true;
    const hint = now.size > this.#begunWith.size ? '; mayGrow: true takes a file to which bytes are only added' : '';
    throw new LocalFileError(`cannot read ${this.#path}: it was changed while it was read${hint}`, this.#path);
  }

  /** That what was there before is still the same in a file that grew, nobody can see: its owner says it with `mayGrow`. */
  #isOneVersion(now: Stats): boolean {
    if (this.#mayGrow && now.size > this.#begunWith.size) return true;
    return now.size === this.#begunWith.size && now.mtimeMs === this.#begunWith.mtimeMs;
  }
}

/**
 * Another file may have the same size and time, as a copy that kept it, or a container that is never seen to change; none has
 * the same inode and the time at which that was changed last, which nobody can set.
 */
function identityOf({ size, mtimeMs, ctimeMs, ino }: Stats): string {
  return `${size} ${mtimeMs} ${ctimeMs} ${ino}`;
}

class FileReading implements SourceReading {
  readonly #read: (buffer: Uint8Array, position: number) => Promise<number>;
  readonly #check: () => Promise<void>;
  readonly #sizeBytes: number;
  /** Where the next read begins. */
  #position: number;
  #buffer: Uint8Array = Buffer.allocUnsafeSlow(UPLOAD_BUFFER_BYTES);
  #other: Uint8Array = Buffer.allocUnsafeSlow(UPLOAD_BUFFER_BYTES);
  #reading: Promise<number>;

  /** `check` rejects where what was read is not the file: asked at its end, and behind the `sizeBytes` that it should have. */
  constructor(
    read: (buffer: Uint8Array, position: number) => Promise<number>,
    check: () => Promise<void>,
    position: number,
    sizeBytes: number,
  ) {
    this.#read = read;
    this.#check = check;
    this.#sizeBytes = sizeBytes;
    this.#position = position;
    this.#reading = this.#readAhead();
  }

  async next(): Promise<Uint8Array | undefined> {
    const count = await this.#reading;
    this.#position += count;
    // One that somebody keeps adding to might have no end.
    if (count === 0 || this.#position > this.#sizeBytes) await this.#check();
    if (count === 0) return undefined;
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
