// What stands under a local path and is no file, as a stream: pipes (FIFOs), terminals, devices. Whoever waits for one may
// leave at any time.
//
// A file handle would read and write them on the process's few threads, where one that nobody writes to or reads from holds
// a thread for ever, and the closing of the handle as well.
import { close, constants, createReadStream, createWriteStream, fstat, open, type Stats } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { ReadStream as TerminalReadStream, isatty } from 'node:tty';
import { promisify } from 'node:util';
import { UPLOAD_BUFFER_BYTES } from '../limits.js';

const openDescriptor = promisify(open);
const statDescriptor = promisify(fstat);
const closeDescriptor = promisify(close);

/** A terminal that is opened does not become the one of this process. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const WRITE_FLAGS = constants.O_WRONLY | constants.O_NOCTTY;

/** Its bytes, once. A pipe that nobody writes to is waited for by the stream. Rejects with the system's error. */
export function openDeviceForReading(path: string): Promise<Readable> {
  return opened(path, READ_FLAGS, (fd, status) => {
    if (status.isFIFO()) return new Socket({ fd, readable: true, writable: false });
    if (isatty(fd)) return new TerminalReadStream(fd);
    return createReadStream(path, { fd, highWaterMark: UPLOAD_BUFFER_BYTES });
  });
}

/** Rejects with the system's error; for a pipe that nobody reads, with ENXIO. */
export function openDeviceForWriting(path: string, { isPipe }: { readonly isPipe: boolean }): Promise<Writable> {
  // Not of other devices: a terminal that is slow would be an error.
  return opened(path, isPipe ? WRITE_FLAGS | constants.O_NONBLOCK : WRITE_FLAGS, (fd, status) => {
    if (status.isFIFO() !== isPipe) throw replaced();
    return isPipe ? new Socket({ fd, readable: false, writable: true }) : createWriteStream(path, { fd });
  });
}

async function opened<Stream extends Readable | Writable>(
  path: string,
  flags: number,
  stream: (fd: number, status: Stats) => Stream,
): Promise<Stream> {
  const fd = await openDescriptor(path, flags);
  try {
    const status = await statDescriptor(fd);
    if (status.isFile() || status.isDirectory()) throw replaced();
    const opened = stream(fd, status);
    // Told by the read or the write that meets it.
    opened.on('error', () => undefined);
    return opened;
  } catch (error) {
    await closeDescriptor(fd).catch(() => undefined);
    throw error;
  }
}

function replaced(): Error {
  return new Error('something else was put in its place meanwhile');
}
