// Whole messages through a ByteChannel.
import type { ByteChannel } from '@ftps-kit/tls-core';

/** Reads to the peer's end. */
export async function readAll(channel: ByteChannel, bufferBytes = 64 * 1024): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const buffer = Buffer.alloc(bufferBytes);
  for (;;) {
    const count = await channel.read(buffer);
    if (count === 0) return Buffer.concat(chunks);
    chunks.push(Buffer.from(buffer.subarray(0, count)));
  }
}

/** Reads exactly `bytes` bytes; fails when the peer ends before. */
export async function readExactly(channel: ByteChannel, bytes: number): Promise<Buffer> {
  const message = Buffer.alloc(bytes);
  let have = 0;
  while (have < bytes) {
    const count = await channel.read(message.subarray(have));
    if (count === 0) throw new Error(`the peer ended after ${have} of ${bytes} bytes`);
    have += count;
  }
  return message;
}

/** What comes until the channel ends, and what it broke by if it did not end. */
export async function readToFailure(channel: ByteChannel): Promise<{ readonly read: Buffer; readonly error: unknown }> {
  const chunks: Buffer[] = [];
  const into = Buffer.alloc(10_000);
  try {
    for (let count; (count = await channel.read(into)) > 0;) chunks.push(Buffer.from(into.subarray(0, count)));
    return { read: Buffer.concat(chunks), error: undefined };
  } catch (error) {
    return { read: Buffer.concat(chunks), error };
  }
}
