// Buffers for ciphertext, used again and again: encrypting into fresh memory costs more than the encryption.

/** RFC 8446 §5.1: a record carries up to 2^14 bytes; header, type and tag (TLS 1.2: also the nonce) come to 29 at most. */
export const RECORD_BYTES = 16_384;
const RECORD_OVERHEAD_BYTES = 32;

/** Records that one large buffer holds: 256 KiB of plaintext. */
export const LARGE_RECORDS = 16;

const SMALL_BYTES = RECORD_BYTES + RECORD_OVERHEAD_BYTES;
const LARGE_BYTES = LARGE_RECORDS * SMALL_BYTES;

/** Buffers that lie idle are kept up to these numbers: 1 MiB and 4 MiB. */
const SMALL_KEPT = 64;
const LARGE_KEPT = 16;

const small: Buffer[] = [];
const large: Buffer[] = [];

/** A buffer with room for `plaintextBytes` in records, as far as the largest one goes. */
export function takeCiphertextBuffer(plaintextBytes: number): Buffer {
  if (plaintextBytes <= RECORD_BYTES) return small.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES);
  return large.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
}

/** Gives a buffer back; nobody may use it any more. */
export function giveCiphertextBuffer(buffer: Buffer): void {
  const isLarge = buffer.length === LARGE_BYTES;
  const idle = isLarge ? large : small;
  if (idle.length < (isLarge ? LARGE_KEPT : SMALL_KEPT)) idle.push(buffer);
}
