// Downloads into local files: one that appears under its name only when it is whole, and what is kept of it until then.
import type { Stats } from 'node:fs';
import { access, constants, lstat, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { VerificationError, folderError, localFailure } from '../errors.js';
import type { LeftBehind } from '../files/left-behind.js';
import type { ParsedDownloadOptions } from '../files/transfer-options.js';
import type { TimesReport } from '../files/transfer-result.js';
import { DOWNLOAD_BUFFER_BYTES } from '../limits.js';
import type { RemoteFacts } from '../remote/remote-facts.js';
import { openDeviceSink } from './device-sink.js';
import type { OpenSink } from './download-sink.js';
import { openFolder } from './local-folder.js';
import {
  createPartFile,
  createUnlessThere,
  hasItsName,
  openInPlace,
  openPartFile,
  removeOwn,
  type PartFile,
} from './part-file.js';
import { PartNames } from './part-names.js';
import { systemCode, undefinedIfMissing } from './system-code.js';

type FileOptions = Pick<ParsedDownloadOptions, 'resume' | 'durable'>;

/** Rejects with `LocalFileError` where the path cannot be written; nothing is made under its name. */
export async function openLocalFileSink(path: string, options: FileOptions): Promise<OpenSink> {
  try {
    const existing = await stat(path).catch(undefinedIfMissing);
    if (existing?.isDirectory() === true) throw folderError();
    // That no file can have that name would be told by the rename, when all has come.
    if (path === '' || path.endsWith('/') || path.endsWith(sep)) throw new Error('it is not the name of a file');
    // A device or a pipe cannot be replaced, and has no half files either.
    if (existing?.isFile() === false) return await openDeviceSink(path, existing.isFIFO());
    // A symbolic link stays one: what it points to is replaced.
    const target = existing === undefined ? path : await realpath(path);
    const mode = existing === undefined ? 0o666 : existing.mode & 0o777;
    await mustTakeFiles(dirname(target), options);
    return new LocalFileSink(target, mode, options);
  } catch (error) {
    throw localFailure(`cannot write ${path}`, path, error);
  }
}

/** Rejects with the system's error. A folder is opened for reading to have its names confirmed. */
async function mustTakeFiles(folder: string, { durable }: FileOptions): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK | (durable ? constants.R_OK : 0));
  } catch (error) {
    // The system says the same of the file, which nobody expects to be there.
    if (systemCode(error) !== 'ENOENT') throw error;
    throw new Error(`there is no folder ${folder}`, { cause: error });
  }
}

/**
 * Without `resume` a file of a random hidden name. With it, one whose hidden name is made of what the server tells of the
 * remote file: that name is found again by the download of the same unchanged file, and by no other. `in-place`: the
 * target itself.
 */
class LocalFileSink implements OpenSink {
  readonly canRestart = true;
  readonly atFailure: 'keeps' | 'removes';
  readonly holdsBy: 'facts' | 'nothing';
  readonly #target: string;
  readonly #names: PartNames;
  readonly #mode: number;
  readonly #resume: boolean | 'in-place';
  readonly #durable: boolean;
  #written: PartFile | undefined;
  /** Whether a later download looks for it under its name. */
  #canBeFound = true;
  #position = 0;
  /** The last of the calls that open files or give them their name. */
  #underWay: Promise<unknown> = Promise.resolve();
  #isLetGo = false;
  /** In place: what stood there, as long as none of it was written over. */
  #before: Stats | undefined;

  constructor(target: string, mode: number, { resume, durable }: FileOptions) {
    this.#target = target;
    this.#names = new PartNames(target);
    this.#mode = mode;
    this.#resume = resume;
    this.#durable = durable;
    this.atFailure = resume === false ? 'removes' : 'keeps';
    this.holdsBy = resume === true ? 'facts' : 'nothing';
  }

  begin(remotePath: string, facts: RemoteFacts): Promise<number> {
    return this.#alone(async () => {
      this.#written = await this.#openPart(remotePath, facts);
      const status = await this.#written.handle.stat();
      if (this.#written.path === this.#target && !this.#written.isNew) this.#before = status;
      this.#position = status.size;
      return this.#position;
    });
  }

  async *held(): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(DOWNLOAD_BUFFER_BYTES);
    const { handle } = this.#open();
    for (let at = 0; at < this.#position;) {
      const length = Math.min(buffer.length, this.#position - at);
      const { bytesRead } = await this.#guarded(() => handle.read(buffer, 0, length, at));
      if (bytesRead === 0) throw localFailure(`cannot read ${this.#target}`, this.#target, new Error('it shrank'));
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#guarded(async () => {
      const file = this.#open();
      const { handle } = file;
      // Under its real name other programs find it.
      if (this.#resume === 'in-place') await this.#mustBeAsLong(file);
      for (let written = 0; written < chunk.length;) {
        const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, this.#position);
        written += bytesWritten;
        this.#position += bytesWritten;
      }
    });
  }

  restart(remotePath: string, facts: RemoteFacts): Promise<void> {
    return this.#alone(async () => {
      const before = this.#open();
      // Under the old name its bytes would be taken for those of the old file, should that come back.
      const name = this.#resume === true ? this.#names.of(remotePath, facts) : before.path;
      this.#before = undefined;
      if (name === before.path) {
        // Whoever gave it another name calls it whole.
        await mustHaveItsName(before);
        await before.handle.truncate(0);
      } else {
        await this.#moveTo(name, before);
      }
      this.#position = 0;
    });
  }

  /** What stands under the name already was kept by another download, and is not replaced: a name of chance will do. */
  async #moveTo(name: string, before: PartFile): Promise<void> {
    const named = await createUnlessThere(name, this.#mode);
    this.#written = named ?? (await createPartFile(this.#names.ofChance(), this.#mode));
    this.#canBeFound = named !== undefined;
    await removeOwn(before);
  }

  commit(modifiedAt: Date | undefined): Promise<TimesReport | undefined> {
    return this.#alone(async () => {
      const written = this.#open();
      const { handle, path } = written;
      if (this.#durable) await handle.sync();
      if (modifiedAt !== undefined) await handle.utimes(modifiedAt, modifiedAt);
      await this.#mustBeMine(written);
      this.#mustBeWanted();
      await handle.close();
      const folder = this.#durable ? await openFolder(dirname(this.#target)) : undefined;
      try {
        if (path !== this.#target) {
          this.#mustBeWanted();
          await rename(path, this.#target);
        }
        this.#written = undefined;
        written.claim?.release();
        await folder?.confirmNames();
      } finally {
        await folder?.close();
      }
      // The file is whole: whatever comes of this takes nothing from that.
      if (this.holdsBy === 'facts') await this.#names.removeKept();
      return modifiedAt === undefined ? undefined : ({ set: true, modifiedAt, by: 'local' } as const);
    });
  }

  /** Behind this the commit takes its course. */
  #mustBeWanted(): void {
    if (this.#isLetGo) throw new Error('the download was ended before the file had its name');
  }

  /** The bytes that were checked are those of this file only where nobody else has put it, or put something into it. */
  async #mustBeMine(file: PartFile): Promise<void> {
    await mustHaveItsName(file);
    await this.#mustBeAsLong(file);
  }

  /** Behind a file that somebody else has shortened, the next bytes would leave a hole. */
  async #mustBeAsLong({ handle, path }: PartFile): Promise<void> {
    const { size } = await handle.stat();
    if (size === this.#position) return;
    throw new Error(`${path} has ${size} bytes where ${this.#position} were written: somebody else writes it too`);
  }

  async discard(error: Error): Promise<LeftBehind | undefined> {
    this.#isLetGo = true;
    // What that opens is to be closed as well; and a commit that is past calling off is done, and nothing is taken away from it.
    await this.#underWay;
    const written = this.#written;
    if (written === undefined) return undefined;
    try {
      return await this.#abandon(written, error);
    } finally {
      written.claim?.release();
    }
  }

  async #abandon(written: PartFile, error: Error): Promise<LeftBehind | undefined> {
    const { handle, path, isNew } = written;
    // A handle that was closed already has had its name.
    const isMine = await hasItsName(written).catch(() => true);
    const isWrong = error instanceof VerificationError && error.reason === 'hash-differs';
    // What was there is the caller's, and nobody knows whether that is what is wrong.
    if (isWrong && isMine && this.#before !== undefined) return this.#putBack(written, this.#before);
    // It waits for a write that is under way.
    await handle.close().catch(() => undefined);
    if (!isMine) return undefined;
    const isEmpty = await lstat(path).then(
      ({ size }) => size === 0,
      () => true,
    );
    const isOfUse = this.#resume !== false && this.#canBeFound;
    if (isOfUse && !isEmpty && !isWrong) return { side: 'local', path, what: 'partial' };
    // An empty file of the caller's stays.
    if (isNew || isWrong || path !== this.#target) await rm(path, { force: true }).catch(() => undefined);
    return undefined;
  }

  async #putBack({ handle, path }: PartFile, { size, atime, mtime }: Stats): Promise<LeftBehind> {
    try {
      await handle.truncate(size);
      await handle.utimes(atime, mtime);
      return { side: 'local', path, what: 'earlier' };
    } catch {
      return { side: 'local', path, what: 'rest' };
    } finally {
      await handle.close().catch(() => undefined);
    }
  }

  #open(): PartFile {
    if (this.#written === undefined) throw new Error('it is not open');
    return this.#written;
  }

  #openPart(remotePath: string, facts: RemoteFacts): Promise<PartFile> {
    const [target, mode] = [this.#target, this.#mode];
    if (this.#resume === 'in-place') return openInPlace(target, mode);
    if (!this.#resume) return createPartFile(this.#names.ofNone(), mode);
    return openPartFile(this.#names.of(remotePath, facts), mode);
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const working = this.#guarded(work);
    this.#underWay = working.catch(() => undefined);
    return working;
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw localFailure(`cannot write ${this.#target}`, this.#target, error);
    }
  }
}

async function mustHaveItsName(file: PartFile): Promise<void> {
  if (await hasItsName(file)) return;
  throw new Error(`${file.path} was removed or replaced meanwhile, as by another download to this path`);
}
