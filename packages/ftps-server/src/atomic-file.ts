// An upload that others see whole or not at all: written beside its target under a hidden name, renamed at the end.
import { constants, type Stats } from 'node:fs';
import { link, lstat, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from './contained-path.js';
import { FileSystemError } from './errors.js';
import type { FileStat, WriteHandle } from './file-system.js';
import { statOf } from './local-stat.js';
import { fileSystemError } from './system-error.js';
import { newUploadName } from './upload-name.js';
import { writeFully } from './write-fully.js';

const CREATE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const NEW_FILE_MODE = 0o666;

export interface AtomicFileOptions {
  /** The file that is replaced, if there is one: the new one keeps its permission bits and its owner where it can. */
  readonly old: Stats | undefined;
  /** Replaces nothing: one that is there at the end makes the upload fail with `exists`. */
  readonly exclusive: boolean;
  /** The disk has it, and its name, before the client is told so. */
  readonly fsync: boolean;
}

export class AtomicFile implements WriteHandle {
  readonly inPlace = false;
  readonly #file: FileHandle;
  readonly #temporary: string;
  readonly #target: Place;
  readonly #options: AtomicFileOptions;
  #position = 0;
  #commitment: 'revocable' | 'called off' | 'final' = 'revocable';

  private constructor(file: FileHandle, temporary: string, target: Place, options: AtomicFileOptions) {
    this.#file = file;
    this.#temporary = temporary;
    this.#target = target;
    this.#options = options;
  }

  /** Starts to write what will be `target`, and takes over its directory, which is let go of at the end. */
  static async open(target: Place, options: AtomicFileOptions): Promise<AtomicFile> {
    const { old } = options;
    const temporary = target.directory.entry(newUploadName());
    // Nobody shall read while it is written what nobody could read before. Bits that give privileges are not kept.
    const mode = old === undefined ? NEW_FILE_MODE : old.mode & 0o777;
    const upload = new AtomicFile(await open(temporary, CREATE_FLAGS, mode), temporary, target, options);
    try {
      if (old !== undefined) await upload.#keepOwner(old, mode);
      return upload;
    } catch (error) {
      await upload.abort();
      throw error;
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    await writeFully(this.#file, chunk, this.#position);
    this.#position += chunk.length;
  }

  async commit(): Promise<FileStat> {
    try {
      if (this.#options.fsync) await this.#file.sync();
      const committed = await this.#file.stat();
      await this.#file.close();
      if (this.#commitment === 'called off') throw new FileSystemError('other', 'the commit was called off');
      this.#commitment = 'final';
      await this.#publish();
      if (this.#options.fsync) await this.#syncName();
      return statOf(await this.#underItsName(committed));
    } catch (error) {
      throw fileSystemError(error);
    } finally {
      // Whether the file is in place or never will be: what is left of the upload cannot change that any more.
      await this.abort();
    }
  }

  /** Possible until the file is about to get its name. */
  callOff(): boolean {
    if (this.#commitment === 'final') return false;
    this.#commitment = 'called off';
    return true;
  }

  /** What is to be let go of may be gone already; then there is nothing left to do. */
  async abort(): Promise<void> {
    await this.#file.close().catch(ignored);
    await unlink(this.#temporary).catch(ignored);
    await this.#target.directory.close().catch(ignored);
  }

  async #publish(): Promise<void> {
    const { path } = this.#target;
    // Unlike a rename, a link never replaces what is there.
    await (this.#options.exclusive ? link(this.#temporary, path) : rename(this.#temporary, path));
  }

  /** What the file is now: to get its name, and to lose the hidden one, was to change once more. */
  async #underItsName(committed: Stats): Promise<Stats> {
    if (this.#options.exclusive) await unlink(this.#temporary).catch(ignored);
    const named = await lstat(this.#target.path).catch(ignored);
    return named !== undefined && isUnchanged(committed, named) ? named : committed;
  }

  /** A folder that cannot be synced is a failure, as the disk was promised, and one that says what has happened all the same. */
  async #syncName(): Promise<void> {
    const { name, directory } = this.#target;
    try {
      await syncDirectory(directory.entry('.'));
    } catch (cause) {
      const file = join(directory.realPath, name);
      const { message } = fileSystemError(cause);
      throw new FileSystemError('unsynced', `${file} is in place, but its folder could not be synced: ${message}`, {
        cause,
      });
    }
  }

  /** Who is not root can give files only to groups of its own: what cannot be kept is not. */
  async #keepOwner({ uid, gid }: Stats, mode: number): Promise<void> {
    const fresh = await this.#file.stat();
    if (fresh.uid !== uid || fresh.gid !== gid) {
      await this.#file.chown(uid, gid).catch(() => this.#file.chown(fresh.uid, gid).catch(ignored));
    }
    // The umask took some, and a change of owner may have.
    await this.#file.chmod(mode).catch(ignored);
  }
}

/** Whether it is the same file, with the same content as far as its size and time tell. */
function isUnchanged(before: Stats, after: Stats): boolean {
  return (
    before.dev === after.dev &&
    before.ino === after.ino &&
    before.size === after.size &&
    before.mtimeMs === after.mtimeMs
  );
}

/** A name is on the disk when its directory is. Windows syncs no directories, and needs it not. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close().catch(ignored);
  }
}

function ignored(): void {
  return undefined;
}
