// A local file system that tells what happens in it, and can be made to wait or to fail.
import { EventEmitter } from 'node:events';
import {
  FileSystemError,
  LocalFileSystem,
  type FileSystemErrorKind,
  type ReadHandle,
  type WriteHandle,
  type WriteMode,
} from '@ftps-kit/ftps-server';

interface FileEvents {
  /** A file was opened for writing. */
  opened: [path: string];
  /** Some bytes of an upload have reached the file. */
  written: [bytes: number];
  /** Some bytes of a download were read from the file. */
  read: [bytes: number];
}

export class WatchedFileSystem extends LocalFileSystem {
  readonly events = new EventEmitter<FileEvents>();
  /** While it is pending, no read of a file comes back. */
  hold: Promise<void> = Promise.resolve();
  /** The kind of error that every write, or the end of an upload, fails with. */
  failWrite: FileSystemErrorKind | undefined;
  failCommit: FileSystemErrorKind | undefined;
  /** What giving an upload up rejects with, once that is done. */
  failAbort: Error | undefined;

  override async openRead(path: string, options: { readonly start: number }): Promise<ReadHandle> {
    const file = await super.openRead(path, options);
    return {
      sizeBytes: file.sizeBytes,
      read: async (into) => {
        const count = await file.read(into);
        this.events.emit('read', count);
        await this.hold;
        return count;
      },
      close: () => file.close(),
    };
  }

  override async openWrite(path: string, mode: WriteMode): Promise<WriteHandle> {
    const file = await super.openWrite(path, mode);
    this.events.emit('opened', path);
    return {
      inPlace: file.inPlace,
      write: async (chunk) => {
        if (this.failWrite !== undefined) throw new FileSystemError(this.failWrite, 'told to fail');
        await file.write(chunk);
        this.events.emit('written', chunk.length);
      },
      commit: async () => {
        if (this.failCommit === undefined) return file.commit();
        await file.abort();
        throw new FileSystemError(this.failCommit, 'told to fail');
      },
      abort: async () => {
        await file.abort();
        if (this.failAbort !== undefined) throw this.failAbort;
      },
    };
  }
}
