// How many bytes the files of a tree have together, and may come to have by the uploads under way: what quotas ask.
import { FileSystemError } from './errors.js';
import type { FileStat, FileSystem, WriteHandle, WriteMode } from './file-system.js';
import { Turns } from './turns.js';
import { UploadClaims, overQuota, type Claim } from './upload-claims.js';

/**
 * Counts once, by a walk over the tree, and from then on goes by what is done through it; that is exact as long as
 * nobody else writes to the tree. Used bytes and claims together never pass a quota. Whatever changes which files there
 * are is done one at a time; the bytes of uploads flow beside that.
 */
export class TreeUsage {
  readonly #files: FileSystem;
  readonly #claims = new UploadClaims();
  readonly #turns = new Turns(1);
  #users = 0;
  #usedBytes = 0;
  #counted: Promise<void> | undefined;

  readonly #onIdle: () => void;

  /** `onIdle` is called when nobody relies on the count any more, and no upload is under way. */
  constructor(files: FileSystem, onIdle: () => void = () => undefined) {
    this.#files = files;
    this.#onIdle = onIdle;
  }

  /** Bytes of all files. */
  async usedBytes(): Promise<number> {
    await this.#count();
    return this.#usedBytes;
  }

  /** Bytes that are left of a quota, uploads under way taken off. */
  async freeBytes(quotaBytes: number): Promise<number> {
    await this.#count();
    return Math.max(0, quotaBytes - this.#chargedBytes);
  }

  /** Somebody relies on the count, which begins now if it was not known. Gives a function that ends this. */
  retain(): () => void {
    this.#users += 1;
    // Who needs the count sees it fail.
    this.#count().catch(() => undefined);
    return () => {
      this.#users -= 1;
      this.#forget();
    };
  }

  openWrite(path: string, mode: WriteMode, quotaBytes: number): Promise<WriteHandle> {
    return this.#exclusively(async () => {
      const before = await this.#sizeOrMissing(path);
      const file = await this.#files.openWrite(path, mode);
      const isOld = before !== undefined;
      const claim: Claim = {
        path,
        inPlace: file.inPlace ?? (isOld && (mode.kind === 'resume' || mode.kind === 'append')),
        endBytes: mode.kind === 'resume' ? mode.start : mode.kind === 'append' ? (before ?? 0) : 0,
      };
      this.#claims.add(claim, before ?? 0);
      return this.#counting(file, claim, quotaBytes);
    });
  }

  remove(path: string): Promise<void> {
    return this.#exclusively(async () => {
      const freed = (await this.#isLink(path)) ? 0 : await this.#countedSize(path);
      await this.#files.remove(path);
      this.#usedBytes -= freed;
      this.#claims.removed(path);
    });
  }

  rename(from: string, to: string, quotaBytes: number): Promise<void> {
    return this.#exclusively(async () => {
      if (from === to || (await this.#isLink(from))) {
        await this.#files.rename(from, to);
        return;
      }
      const replaced = (await this.#isLink(to)) ? 0 : await this.#countedSize(to);
      const moved = await this.#countedSize(from);
      const after = this.#usedBytes - replaced + this.#claims.extraAfterRenaming(from, to, moved);
      if (after > quotaBytes && after > this.#chargedBytes) throw overQuota(quotaBytes);
      await this.#files.rename(from, to);
      this.#usedBytes -= replaced;
      this.#claims.renamed(from, to, moved);
    });
  }

  get #chargedBytes(): number {
    return this.#usedBytes + this.#claims.extraBytes;
  }

  #counting(file: WriteHandle, claim: Claim, quotaBytes: number): WriteHandle {
    return {
      inPlace: claim.inPlace,
      write: async (chunk) => {
        this.#claimMore(claim, chunk.length, quotaBytes);
        await file.write(chunk);
      },
      commit: () => this.#exclusively(() => this.#commit(file, claim)),
      callOff: () => file.callOff?.() ?? false,
      abort: () =>
        this.#exclusively(async () => {
          try {
            await file.abort();
          } finally {
            await this.#settle(claim);
          }
        }),
    };
  }

  async #commit(file: WriteHandle, claim: Claim): Promise<FileStat | undefined> {
    let committed: FileStat | undefined;
    try {
      committed = await file.commit();
    } catch (error) {
      await this.#settle(claim);
      throw error;
    }
    await this.#settle(claim, committed?.sizeBytes);
    return committed;
  }

  /** Before the bytes are written, so that two uploads never write what only one may. */
  #claimMore(claim: Claim, bytes: number, quotaBytes: number): void {
    const before = this.#chargedBytes;
    claim.endBytes += bytes;
    const after = this.#chargedBytes;
    if (after <= quotaBytes || after <= before) return;
    claim.endBytes -= bytes;
    throw overQuota(quotaBytes);
  }

  async #settle(claim: Claim, committedBytes?: number): Promise<void> {
    const sizeBytes = claim.path === undefined ? 0 : (committedBytes ?? (await this.#sizeOrMissing(claim.path)) ?? 0);
    this.#usedBytes += this.#claims.settle(claim, sizeBytes);
    this.#forget();
  }

  /** What `usedBytes` holds of a file: of one that is being written in place, its size before. */
  async #countedSize(path: string): Promise<number> {
    return this.#claims.sizeOf(path) ?? (await this.#sizeOrMissing(path)) ?? 0;
  }

  /** Undefined where nothing is there; 0 for a directory. */
  async #sizeOrMissing(path: string): Promise<number | undefined> {
    const found = await this.#files.stat(path).catch(undefinedIfMissing);
    return found?.sizeBytes;
  }

  async #isLink(path: string): Promise<boolean> {
    return (await this.#files.isLink?.(path)) ?? false;
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    await this.#count();
    return this.#turns.run(work);
  }

  #count(): Promise<void> {
    if (this.#counted !== undefined) return this.#counted;
    const counted = treeBytes(this.#files).then(
      (bytes) => {
        // A walk that nobody waited for to the end must not undo what was counted since.
        if (this.#counted === counted) this.#usedBytes = bytes;
      },
      (error: unknown) => {
        if (this.#counted === counted) this.#counted = undefined;
        throw error;
      },
    );
    this.#counted = counted;
    return counted;
  }

  /** With nobody left the next login counts anew, and sees what others have done meanwhile. */
  #forget(): void {
    if (this.#users > 0 || !this.#claims.isEmpty) return;
    this.#counted = undefined;
    this.#onIdle();
  }
}

/** The bytes of all files below the root, entry by entry. Links are counted where they point to, and not again. */
async function treeBytes(files: FileSystem): Promise<number> {
  let bytes = 0;
  const directories = ['/'];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    try {
      for await (const { name, type, sizeBytes, isLink } of files.list(directory)) {
        if (isLink === true) continue;
        if (type === 'file') bytes += sizeBytes;
        else directories.push(directory === '/' ? `/${name}` : `${directory}/${name}`);
      }
    } catch (error) {
      // It went away meanwhile, or is closed to the server itself: then nothing can come into it either.
      if (!(error instanceof FileSystemError) || !UNCOUNTABLE.includes(error.kind)) throw error;
    }
  }
  return bytes;
}

const UNCOUNTABLE: readonly string[] = ['not-found', 'not-directory', 'permission'];

function undefinedIfMissing(error: unknown): FileStat | undefined {
  if (error instanceof FileSystemError && UNCOUNTABLE.includes(error.kind)) return undefined;
  throw error;
}
