// A Node stream over a ByteChannel, for libraries that want one.
import { Duplex } from 'node:stream';
import type { ByteChannel } from './byte-channel.js';

const READ_BYTES = 64 * 1024;

/** Wraps `channel` as a Node duplex stream with backpressure both ways; the stream owns the channel from here on. */
export function toDuplex(channel: ByteChannel): Duplex {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const duplex = new Duplex({
    allowHalfOpen: true,
    read() {
      channel.read(buffer).then(
        (count) => duplex.push(count === 0 ? null : Buffer.from(buffer.subarray(0, count))),
        (error: unknown) => duplex.destroy(asError(error)),
      );
    },
    write(chunk: Uint8Array, _encoding, done) {
      settle(channel.write(chunk), done);
    },
    final(done) {
      settle(channel.end(), done);
    },
    destroy(error, done) {
      if (error !== null || channel.closure === 'open') channel.destroy(error ?? undefined);
      done(error);
    },
  });
  return duplex;
}

function settle(work: Promise<void>, done: (error?: Error | null) => void): void {
  work.then(
    () => {
      done();
    },
    (error: unknown) => {
      done(asError(error));
    },
  );
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
