// Standard input as the source of an upload, whatever it was opened on.
import { createReadStream, fstatSync, ReadStream } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { LocalFileError } from '@ftps-kit/ftps-client';

const STANDARD_INPUT = 0;

/**
 * Its bytes. Throws `LocalFileError` where it has none to give: `process.stdin` is an empty stream then, and an empty file would
 * be called uploaded. So it is of a disk (a block device), which can be read all the same.
 */
export function standardInput(): Readable {
  const status = fstatSync(STANDARD_INPUT);
  if (status.isDirectory()) throw unreadable('it is a folder');
  if (status.isBlockDevice()) return createReadStream('', { fd: STANDARD_INPUT, autoClose: false });
  const { stdin } = process;
  if (!isReadable(stdin)) throw unreadable('it is nothing that bytes can be read from');
  return stdin;
}

/** Files, and all that comes over sockets and pipes, terminals too. */
function isReadable(stdin: Readable): boolean {
  return stdin instanceof ReadStream || stdin instanceof Socket;
}

function unreadable(why: string): LocalFileError {
  return new LocalFileError(`cannot read standard input: ${why}`, undefined);
}
