// What the contract says of a file, from what this machine says of it.
import type { Stats } from 'node:fs';
import { FileSystemError } from './errors.js';
import type { FileStat } from './file-system.js';

/** Whether it is shown at all: FIFOs, sockets and devices have no place in a file system that is served. */
export function isShown(found: Stats): boolean {
  return found.isFile() || found.isDirectory();
}

/** Throws `FileSystemError` (`not-file`) for what is not shown. */
export function statOf(found: Stats): FileStat {
  if (!isShown(found)) throw new FileSystemError('not-file', 'neither a file nor a directory');
  return {
    type: found.isDirectory() ? 'directory' : 'file',
    sizeBytes: found.isDirectory() ? 0 : found.size,
    modifiedAt: found.mtime,
    // Where nobody knows when it was created, the time is the epoch, or that of a change.
    createdAt: found.birthtimeMs > 0 && found.birthtimeMs <= found.mtimeMs ? found.birthtime : undefined,
    changedAt: found.ctime,
    mode: found.mode & 0o7777,
    links: found.nlink,
    owner: String(found.uid),
    group: String(found.gid),
    identity: `${found.dev.toString(36)}-${found.ino.toString(36)}`,
  };
}
