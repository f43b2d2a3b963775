// Hashing by a file system's own reads: what a file system of one's own may call for its `hash`.
import { FileSystemError } from './errors.js';
import type { FileHash, HashRequest } from './file-system.js';
import { newHasher } from './hasher.js';
import { TRANSFER_BUFFER_BYTES } from './limits.js';

/** Throws `offset-beyond-end` for a range that the file does not have. Gives its two ends. */
export function rangeWithin(
  { start, end }: Pick<HashRequest, 'start' | 'end'>,
  sizeBytes: number,
): { readonly start: number; readonly end: number } {
  const last = end ?? sizeBytes;
  if (start > sizeBytes || last > sizeBytes || start > last) {
    throw new FileSystemError('offset-beyond-end', `${start} to ${last} is not within ${sizeBytes} bytes`);
  }
  return { start, end: last };
}

/**
 * Hashes by `readAt`, which fills the start of a buffer from an offset on and gives the number of bytes. The event loop turns
 * between two reads. Rejects with `changed` where the file ends too early, and with the signal's reason.
 */
export async function hashByReading(
  request: HashRequest,
  sizeBytes: number,
  readAt: (into: Uint8Array, position: number) => Promise<number>,
): Promise<FileHash> {
  const { start, end } = rangeWithin(request, sizeBytes);
  const hasher = newHasher(request.algorithm);
  const buffer = new Uint8Array(Math.max(1, Math.min(TRANSFER_BUFFER_BYTES, end - start)));
  request.signal.throwIfAborted();
  for (let position = start; position < end;) {
    const count = await readAt(buffer.subarray(0, Math.min(buffer.length, end - position)), position);
    request.signal.throwIfAborted();
    if (count === 0) throw new FileSystemError('changed', `it ended at ${position}, before ${end}`);
    hasher.update(buffer.subarray(0, count));
    position += count;
  }
  return { hex: hasher.hex(), sizeBytes };
}
