// The contract between the server and whatever holds files. `@ftps-kit/ftps-server/compliance` tests one against it.

export type EntryType = 'file' | 'directory';

/** What is known of one file or directory. What is optional is left out of listings where it is not known. */
export interface FileStat {
  readonly type: EntryType;
  /** 0 for a directory. */
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  readonly createdAt?: Date | undefined;
  /** When anything of it last changed, be it its name, by a clock that nobody can set back for it (POSIX ctime). */
  readonly changedAt?: Date | undefined;
  /** POSIX permission bits, 0o0000 to 0o7777. */
  readonly mode?: number | undefined;
  readonly links?: number | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  /**
   * The same text for the same file under whatever name, and another one for every other file (RFC 3659 §7.5.2), of
   * letters, digits and `-`. A file that `replace` made is another one than that which it replaced.
   */
  readonly identity?: string | undefined;
}

/** One entry of a directory. */
export interface DirectoryEntry extends FileStat {
  /** One component; `.` and `..` are no entries. */
  readonly name: string;
  /** Whether it is a link, shown as what it points to: a walk that follows no links meets each file once. */
  readonly isLink?: boolean | undefined;
}

/** A file opened for reading, positioned where it was asked for. Its methods are called one at a time. */
export interface ReadHandle {
  /**
   * The file's size when it was opened, where it is known. Then no more than that is sent, even if the file grows, and
   * an end that comes earlier fails the transfer: nobody shall take a piece for the whole.
   */
  readonly sizeBytes?: number | undefined;
  /** Fills the start of `into`, which is never empty, and gives the number of bytes; 0 at the end of the file. */
  read(into: Uint8Array): Promise<number>;
  /** Called once, whatever happened before. */
  close(): Promise<void>;
}

/**
 * A file being written. Its methods are called one at a time, and exactly one of `commit` and `abort` is the last, also
 * after a `write` that failed.
 */
export interface WriteHandle {
  /**
   * Whether what is written goes into the file that others see under the name, from the first byte on, and with it where it
   * is renamed. Where it is not known: for a `resume` or `append` of a file that was there.
   */
  readonly inPlace?: boolean | undefined;
  /** Resolves when `chunk` may be used for something else. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Makes what was written the file. When it rejects, nothing of a `replace` or `create` is left; but `unsynced` says that it is
   * in place, and only not known to be on the disk. `gone` where it was written in place, and the file was removed or replaced
   * by then; to be renamed is no loss. Gives what `stat` would say of the very file that was committed, where that is known; a
   * hash that was made of the upload is kept by it.
   */
  commit(): Promise<FileStat | undefined>;
  /**
   * Called while `commit` is under way, or has ended and nobody has heard of it yet, when nobody wants to wait any longer.
   * True: it is sure that the file will not appear, and `commit` rejects when it can. False: it is too late for that. Without
   * this method every commit is too late.
   */
  callOff?(): boolean;
  /** Gives up. A `replace` or `create` leaves no trace; a `resume` or `append` leaves what was written. */
  abort(): Promise<void>;
}

/** How a file is opened for writing. One that another handle writes in place is not opened in place: `busy`. */
export type WriteMode =
  /** A new file, or all of an old one; until `commit` everybody else sees the old state. The last commit wins. */
  | { readonly kind: 'replace' }
  /** A new file, as with `replace`, but never over one that is there: `exists`, at `commit` too. */
  | { readonly kind: 'create' }
  /**
   * In place, from `start` bytes on; what lay behind is gone at `commit`. `not-found` for a missing file unless `start`
   * is 0, `offset-beyond-end` behind the end.
   */
  | { readonly kind: 'resume'; readonly start: number }
  /** In place, behind the bytes that are there; a missing file is made as with `replace`. */
  | { readonly kind: 'append' };

/** The names of the algorithms as HASH has them (draft-bryan-ftpext-hash §3.1). */
export type HashAlgorithm = 'SHA-256' | 'SHA-512' | 'SHA-1' | 'MD5' | 'CRC32';

/** Which bytes of a file are hashed, and how. */
export interface HashRequest {
  readonly algorithm: HashAlgorithm;
  /** The first byte. */
  readonly start: number;
  /** The byte behind the last one; undefined for all to the end. */
  readonly end: number | undefined;
  /** Fires when nobody waits for the hash any more; then `hash` may reject with anything. */
  readonly signal: AbortSignal;
}

/** A hash, and the size of the file that it was made of. */
export interface FileHash {
  /** Lower case hexadecimal digits. */
  readonly hex: string;
  readonly sizeBytes: number;
}

/**
 * Where files live. Paths are absolute, normalised and POSIX: `/`, `/a/b`; any character but `/` and NUL may be in a
 * name. Every method rejects with `FileSystemError` and nothing else; its kind is what the client is told, its message is
 * for the operator alone. Methods may be called at the same time, by any number of sessions.
 *
 * The optional methods are capabilities: where one is missing, the command that needs it answers 502 and is not in FEAT.
 */
export interface FileSystem {
  /** A link is what it points to. `not-found`, `not-directory` where a parent is a file. */
  stat(path: string): Promise<FileStat>;
  /**
   * The entries in any order, one at a time; who iterates may stop at any time. `not-directory` for a file. Read on as
   * entries are asked for: a directory of any size must not be gathered in memory.
   */
  list(path: string): AsyncIterable<DirectoryEntry>;
  /** `is-directory`, `not-file` for what is neither; `offset-beyond-end` where `start` is greater than the size. */
  openRead(path: string, options: { readonly start: number }): Promise<ReadHandle>;
  /** Called after the data connection has proved itself. The parent must be there; `is-directory` for a directory. */
  openWrite(path: string, mode: WriteMode): Promise<WriteHandle>;
  /** `exists` for what is there, whatever it is; `not-found` without a parent. */
  makeDirectory(path: string): Promise<void>;
  /** `not-empty`, `not-directory`; the root is `permission`. */
  removeDirectory(path: string): Promise<void>;
  /** Removes a file, or a link as itself; `is-directory`. */
  remove(path: string): Promise<void>;
  /** Replaces a file at `to`, never a directory; `name-not-allowed` for a directory into itself. */
  rename(from: string, to: string): Promise<void>;
  /** Sets when a file or directory was modified (MFMT, SITE UTIME). */
  setModified(path: string, modifiedAt: Date): Promise<void>;
  /** Sets when a file or directory was created (MFCT). */
  setCreated?(path: string, createdAt: Date): Promise<void>;
  /** Sets the permission bits, 0o000 to 0o777 (SITE CHMOD, MFF UNIX.mode). */
  setMode?(path: string, mode: number): Promise<void>;
  /** Hashes a file's bytes (HASH, XSHA256, …) without holding up the event loop; `offset-beyond-end` for `start`, `end`. */
  hash?(path: string, request: HashRequest): Promise<FileHash>;
  /** Whether this is a link, so that `remove` and `rename` take the link and not what it points to. */
  isLink?(path: string): Promise<boolean>;
  /** Bytes that a new file in the directory `path` can have at most (ALLO). */
  freeSpace?(path: string): Promise<number>;
}
