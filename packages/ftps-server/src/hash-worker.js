// The thread that hashes one big file: told by its data what to read, it answers once and ends. Plain JavaScript, so that a
// thread can run it from the sources too.
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { crc32 } from 'node:zlib';

const BUFFER_BYTES = 1024 * 1024;

/** @param {import('./local-hash.js').HashTask} task */
function answerTo({ descriptor, digest, start, end }) {
  const hash = digest === 'crc32' ? undefined : createHash(digest);
  let crc = 0;
  const buffer = new Uint8Array(BUFFER_BYTES);
  try {
    for (let position = start; position < end;) {
      const count = readSync(descriptor, buffer, 0, Math.min(buffer.length, end - position), position);
      if (count === 0) return { endedAt: position };
      const chunk = buffer.subarray(0, count);
      if (hash === undefined) crc = crc32(chunk, crc);
      else hash.update(chunk);
      position += count;
    }
  } catch (error) {
    return { code: error instanceof Error && 'code' in error ? String(error.code) : '', message: String(error) };
  }
  return { hex: hash === undefined ? crc.toString(16).padStart(8, '0') : hash.digest('hex') };
}

parentPort?.postMessage(answerTo(workerData));
