// A write that does not stop halfway.
import type { FileHandle } from 'node:fs/promises';
import { fileSystemError } from './system-error.js';

/** Writes all of `chunk` at `position`. Rejects with `FileSystemError`. */
export async function writeFully(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  let written = 0;
  try {
    while (written < chunk.length) {
      const { bytesWritten } = await file.write(chunk, written, chunk.length - written, position + written);
      written += bytesWritten;
    }
  } catch (error) {
    throw fileSystemError(error);
  }
}
