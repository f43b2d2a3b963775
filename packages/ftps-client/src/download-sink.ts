// Where the bytes of a download go: a file that appears under its name only when it is whole, or a stream.
import { randomBytes } from 'node:crypto';
import { open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { localFailure } from './errors.js';

/** What a download writes to. One call is under way at a time. */
export interface DownloadSink {
  /** Takes bytes; the buffer is used again once this has resolved. */
  write(chunk: Uint8Array): Promise<void>;
  /** All bytes came and were checked. */
  commit(): Promise<void>;
  /** The download failed: nothing written may be taken for the file. Must not reject. */
  discard(error: Error): Promise<void>;
}

/** Opens the sink; rejects with `LocalFileError`. A stream is ended on success and destroyed on failure. */
export async function openSink(sink: string | Writable | DownloadSink): Promise<DownloadSink> {
  if (typeof sink === 'string') return openFileSink(sink);
  return isStream(sink) ? new StreamSink(sink) : sink;
}

function isStream(sink: Writable | DownloadSink): sink is Writable {
  return !('commit' in sink);
}

async function openFileSink(path: string): Promise<DownloadSink> {
  try {
    const existing = await statIfThere(path);
    // A device or a pipe cannot be replaced, and has no half files either; a folder fails here.
    if (existing !== undefined && !existing.isFile()) return new FileSink(await open(path, 'r+'), path, undefined);
    // A symbolic link stays one: what it points to is replaced.
    const target = existing === undefined ? path : await realpath(path);
    const temporary = join(
      dirname(target),
      `.${basename(target).slice(0, 200)}.${randomBytes(6).toString('hex')}.part`,
    );
    const handle = await open(temporary, 'wx', existing === undefined ? 0o666 : existing.mode & 0o777);
    return new FileSink(handle, target, temporary);
  } catch (error) {
    throw localFailure(`cannot write ${path}`, path, error);
  }
}

async function statIfThere(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

class FileSink implements DownloadSink {
  readonly #handle: FileHandle;
  readonly #path: string;
  /** The hidden name it has until it is whole; undefined where it is written in place. */
  readonly #temporary: string | undefined;

  constructor(handle: FileHandle, path: string, temporary: string | undefined) {
    this.#handle = handle;
    this.#path = path;
    this.#temporary = temporary;
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < chunk.length;) {
        const { bytesWritten } = await this.#handle.write(chunk, written, chunk.length - written);
        written += bytesWritten;
      }
    } catch (error) {
      throw localFailure(`cannot write ${this.#path}`, this.#path, error);
    }
  }

  async commit(): Promise<void> {
    try {
      await this.#handle.close();
      if (this.#temporary !== undefined) await rename(this.#temporary, this.#path);
    } catch (error) {
      throw localFailure(`cannot write ${this.#path}`, this.#path, error);
    }
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    if (this.#temporary !== undefined) await rm(this.#temporary, { force: true }).catch(() => undefined);
  }
}

class StreamSink implements DownloadSink {
  readonly #stream: Writable;
  #failure: Error | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', this.#onError);
  }

  write(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(localFailure('the stream to download to failed', undefined, this.#failure));
        return;
      }
      // A copy, since a stream may keep what it was given longer than its callback tells.
      this.#stream.write(Buffer.from(chunk), (error) => {
        if (error == null) resolve();
        else reject(localFailure('the stream to download to failed', undefined, error));
      });
    });
  }

  async commit(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (isStandardOutput(this.#stream)) {
        resolve();
        return;
      }
      this.#stream.once('error', reject);
      this.#stream.end(resolve);
    }).catch((error: unknown) => {
      throw localFailure('the stream to download to failed', undefined, error);
    });
    this.#stream.off('error', this.#onError);
  }

  discard(error: Error): Promise<void> {
    if (!isStandardOutput(this.#stream)) this.#stream.destroy(error);
    return Promise.resolve();
  }

  readonly #onError = (error: Error): void => {
    this.#failure ??= error;
  };
}

/** Those of the process outlive any download. */
function isStandardOutput(stream: Writable): boolean {
  return stream === process.stdout || stream === process.stderr;
}
