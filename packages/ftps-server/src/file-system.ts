// The contract between the server and whatever holds files. Paths are absolute, normalised and POSIX: `/a/b`.

export type EntryType = 'file' | 'directory';

/** What is known of one file or directory. */
export interface FileStat {
  readonly type: EntryType;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /** POSIX permission bits, where the file system has them. */
  readonly mode?: number | undefined;
  readonly links?: number | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

/** One entry of a directory. */
export interface DirectoryEntry extends FileStat {
  readonly name: string;
}

/** A file opened for reading, positioned where it was asked for. */
export interface ReadHandle {
  /** Fills the start of `into`; 0 at the end of the file. */
  read(into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** A file being written. Exactly one of `commit` and `abort` ends it. */
export interface WriteHandle {
  write(chunk: Uint8Array): Promise<void>;
  /** Makes what was written the file. */
  commit(): Promise<void>;
  /** Gives up. A `replace` leaves no trace; a `resume` leaves what was written. */
  abort(): Promise<void>;
}

/** How a file is opened for writing. */
export type WriteMode =
  /** A new file, or all of an old one; until `commit` everybody else sees the old state. */
  | { readonly kind: 'replace' }
  /** In place, from `start` bytes on; what lay behind is gone at `commit`. */
  | { readonly kind: 'resume'; readonly start: number };

/** Where files live. Every method rejects with `FileSystemError` and nothing else. */
export interface FileSystem {
  stat(path: string): Promise<FileStat>;
  /** The entries in any order, one at a time. */
  list(path: string): AsyncIterable<DirectoryEntry>;
  openRead(path: string, options: { readonly start: number }): Promise<ReadHandle>;
  openWrite(path: string, mode: WriteMode): Promise<WriteHandle>;
  makeDirectory(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Sets when a file or directory was modified. */
  setModified(path: string, modifiedAt: Date): Promise<void>;
  /** Replaces a file at `to`. */
  rename(from: string, to: string): Promise<void>;
}
