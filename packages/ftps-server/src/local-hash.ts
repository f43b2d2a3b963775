// Hashes of files of this machine: small ones between other work, big ones in a thread of their own.
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { FileSystemError } from './errors.js';
import type { FileHash, HashRequest } from './file-system.js';
import { hashByReading, rangeWithin } from './hash-range.js';
import { DIGEST_NAMES } from './hasher.js';
import { HASH_THREAD_BYTES } from './limits.js';
import { fileSystemError } from './system-error.js';

const WORKER = new URL('./hash-worker.js', import.meta.url);

/** What the thread is to do. The descriptor is the process's own, and stays open until the thread is over. */
export interface HashTask {
  readonly descriptor: number;
  readonly digest: string;
  readonly start: number;
  /** The byte behind the last one. */
  readonly end: number;
}

/** The hash, or where the file ended too early, or why it could not be read. */
type HashAnswer =
  { readonly hex: string } | { readonly endedAt: number } | { readonly code: string; readonly message: string };

/** Hashes what is open; whoever opened it closes it. */
export async function hashLocalFile(file: FileHandle, sizeBytes: number, request: HashRequest): Promise<FileHash> {
  const { start, end } = rangeWithin(request, sizeBytes);
  if (end - start < HASH_THREAD_BYTES) {
    return hashByReading(request, sizeBytes, async (into, position) => {
      const { bytesRead } = await file.read(into, 0, into.length, position);
      return bytesRead;
    });
  }
  const { algorithm, signal } = request;
  return {
    hex: await hashInThread({ descriptor: file.fd, digest: DIGEST_NAMES[algorithm], start, end }, signal),
    sizeBytes,
  };
}

/** When the signal fires the thread is ended, and the file is not read any more once this has rejected. */
async function hashInThread(task: HashTask, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const thread = new Worker(WORKER, { workerData: task });
  try {
    const [answer] = (await once(thread, 'message', { signal })) as [HashAnswer];
    if ('hex' in answer) return answer.hex;
    if ('endedAt' in answer) throw new FileSystemError('changed', `it ended at ${answer.endedAt}, before ${task.end}`);
    throw fileSystemError(Object.assign(new Error(answer.message), { code: answer.code }));
  } finally {
    await thread.terminate();
  }
}
