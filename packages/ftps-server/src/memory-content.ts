// The bytes of a file in memory, in blocks, so that a file grows without being copied.
import { FileSystemError } from './errors.js';

/** What all files of a file system share. */
export interface MemoryRoom {
  readonly maxBytes: number;
  usedBytes: number;
}

const BLOCK_BYTES = 64 * 1024;
const SMALLEST_BLOCK_BYTES = 256;

export class MemoryContent {
  readonly #blocks: Buffer[] = [];
  #sizeBytes = 0;
  /** What its bytes count in, as long as they do. */
  #room: MemoryRoom | undefined;

  constructor(room: MemoryRoom) {
    this.#room = room;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether somebody still finds it by a name. */
  get isNamed(): boolean {
    return this.#room !== undefined;
  }

  /** Writes at `position`, which is not beyond the end. Throws `no-space`, and has written nothing then. */
  write(chunk: Uint8Array, position: number): void {
    this.#resize(Math.max(this.#sizeBytes, position + chunk.length));
    let done = 0;
    while (done < chunk.length) {
      const at = position + done;
      const offset = at % BLOCK_BYTES;
      const count = Math.min(chunk.length - done, BLOCK_BYTES - offset);
      this.#block(Math.floor(at / BLOCK_BYTES), offset + count).set(chunk.subarray(done, done + count), offset);
      done += count;
    }
  }

  /** Fills the start of `into` from `position` on; 0 at the end. */
  read(into: Uint8Array, position: number): number {
    const wanted = Math.min(into.length, Math.max(0, this.#sizeBytes - position));
    let done = 0;
    while (done < wanted) {
      const at = position + done;
      const offset = at % BLOCK_BYTES;
      const count = Math.min(wanted - done, BLOCK_BYTES - offset);
      into.set(this.#block(Math.floor(at / BLOCK_BYTES), offset + count).subarray(offset, offset + count), done);
      done += count;
    }
    return done;
  }

  truncate(sizeBytes: number): void {
    this.#resize(sizeBytes);
    this.#blocks.length = Math.ceil(sizeBytes / BLOCK_BYTES);
  }

  /** Counts no more: it lost its name, and lives as long as somebody has it open. */
  release(): void {
    if (this.#room !== undefined) this.#room.usedBytes -= this.#sizeBytes;
    this.#room = undefined;
  }

  #resize(sizeBytes: number): void {
    const growth = sizeBytes - this.#sizeBytes;
    if (this.#room !== undefined) {
      const { maxBytes, usedBytes } = this.#room;
      if (growth > maxBytes - usedBytes) throw new FileSystemError('no-space', `${maxBytes} bytes are the bound`);
      this.#room.usedBytes += growth;
    }
    this.#sizeBytes = sizeBytes;
  }

  /** The block of this number, with room for so many bytes. */
  #block(index: number, bytes: number): Buffer {
    const found = this.#blocks[index];
    if (found !== undefined && found.length >= bytes) return found;
    let length = SMALLEST_BLOCK_BYTES;
    while (length < bytes) length *= 2;
    const block = Buffer.alloc(length);
    if (found !== undefined) block.set(found);
    this.#blocks[index] = block;
    return block;
  }
}
