// The file that a download works in: made anew, or the one that an earlier download left, and never what somebody else put in
// its place.
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorOf } from '../errors.js';
import { claimFile, type FileClaim } from './file-claim.js';
import { systemCode, undefinedIfMissing } from './system-code.js';

export interface PartFile {
  readonly handle: FileHandle;
  readonly path: string;
  /** Whether it was made just now. */
  readonly isNew: boolean;
  /** That no other download writes into it; undefined where none could find it. To be released when its work is done. */
  readonly claim?: FileClaim;
}

const NEW_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
/** No open follows a link, or waits for the other side of a pipe. */
const OLD_FLAGS = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Rejects with the system's error, also where the name is taken. */
export async function createPartFile(path: string, mode: number): Promise<PartFile> {
  return { handle: await open(path, NEW_FLAGS, mode), path, isNew: true };
}

/**
 * Its name can be foretold. In a folder where others may write, such as /tmp, they could have put a link there, by which the
 * download would write into a file that is none of its business; so what stands there has to be a file of this user's
 * with no second name, and one that no other download is writing. Rejects with an error that says what it is instead.
 */
export function openPartFile(path: string, mode: number): Promise<PartFile> {
  return openClaimed(path, mode, openOwn);
}

/**
 * The file itself, in place, whoever it belongs to: this user has named it. Links were followed before. Rejects where another
 * download is writing it.
 */
export function openInPlace(path: string, mode: number): Promise<PartFile> {
  return openClaimed(path, mode, openFile);
}

/** Rejects with the system's error; gives undefined where the name is taken. */
export async function createUnlessThere(path: string, mode: number): Promise<PartFile | undefined> {
  const created = await unlessThere(path, mode);
  return created && (await claimed(created));
}

/** A download that ends gives the file another name, or removes it; then there is none, or a new one. */
const MAX_OPENINGS = 10;

async function openClaimed(
  path: string,
  mode: number,
  openExisting: (path: string) => Promise<FileHandle>,
): Promise<PartFile> {
  for (let opening = 1; ; opening++) {
    const file = (await unlessThere(path, mode)) ?? (await existing(path, openExisting));
    if (file === undefined) {
      if (opening === MAX_OPENINGS) throw busy(path);
      continue;
    }
    const mine = await claimed(file);
    if (mine === undefined) throw busy(path);
    // Whoever had the claim before may have given the file its real name meanwhile.
    if (await hasItsName(mine).catch(() => false)) return mine;
    await letGo(mine);
    if (opening === MAX_OPENINGS) throw busy(path);
  }
}

/** Gives undefined where it is gone by now. */
async function existing(
  path: string,
  openExisting: (path: string) => Promise<FileHandle>,
): Promise<PartFile | undefined> {
  const handle = await openExisting(path).catch(undefinedIfMissing);
  return handle && { handle, path, isNew: false };
}

/** Closes it, and gives undefined, where another download has it. */
async function claimed(file: PartFile): Promise<PartFile | undefined> {
  try {
    const claim = await claimFile(file.path, await file.handle.stat({ bigint: true }));
    if (claim !== undefined) return { ...file, claim };
  } catch (error) {
    await file.handle.close();
    throw error;
  }
  await file.handle.close();
  return undefined;
}

/** Lets go of it, and touches nothing. */
async function letGo({ handle, claim }: PartFile): Promise<void> {
  await handle.close().catch(() => undefined);
  claim?.release();
}

function busy(path: string): Error {
  return Object.assign(new Error(`another download is writing ${path}; wait for its end`), { code: 'EBUSY' });
}

/** Closes it, and removes it where its name still stands for it; what cannot be removed is in nobody's way. */
export async function removeOwn(file: PartFile): Promise<void> {
  const isMine = await hasItsName(file).catch(() => false);
  await file.handle.close().catch(() => undefined);
  if (isMine) await rm(file.path, { force: true }).catch(() => undefined);
  file.claim?.release();
}

/** Removes what stands under that name, unless a download is writing it, or it cannot be removed. */
export async function removeUnlessWritten(path: string): Promise<void> {
  try {
    const claim = await claimFile(path, await lstat(path, { bigint: true }));
    if (claim === undefined) return;
    await rm(path, { force: true }).finally(() => {
      claim.release();
    });
  } catch {
    // Somebody else's, or gone.
  }
}

/** Whether its name still stands for it: not where somebody has removed it since, or put something else there. */
export async function hasItsName({ handle, path }: PartFile): Promise<boolean> {
  const [mine, found] = await Promise.all([
    handle.stat({ bigint: true }),
    lstat(path, { bigint: true }).catch(() => undefined),
  ]);
  if (found === undefined) return false;
  // On Windows some versions of Node.js have two numbers for one volume, by the handle and by the name.
  const isOneVolume = process.platform === 'win32' || mine.dev === found.dev;
  return isOneVolume && mine.ino === found.ino;
}

/** Rejects with the system's error; gives undefined where the name is taken. */
async function unlessThere(path: string, mode: number): Promise<PartFile | undefined> {
  try {
    return await createPartFile(path, mode);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return undefined;
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  const handle = await open(path, OLD_FLAGS);
  try {
    if (!(await handle.stat()).isFile()) throw new Error('something else was put in its place meanwhile');
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openOwn(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, OLD_FLAGS);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw error;
    throw notOurs(path, whyNotOpened(error), error);
  }
  try {
    const why = await whyNotOurs(path, await handle.stat());
    if (why === undefined) return handle;
    throw notOurs(path, why);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function notOurs(path: string, why: string, cause?: unknown): Error {
  return new Error(
    `${path} is not what an earlier download has left: ${why}; remove it, or download without resume`,
    cause === undefined ? {} : { cause },
  );
}

function whyNotOpened(error: unknown): string {
  switch (systemCode(error)) {
    // FreeBSD says EMLINK.
    case 'ELOOP':
    case 'EMLINK':
      return 'it is a symbolic link';
    case 'EISDIR':
    case 'ENXIO':
      return 'it is no file';
    case 'EACCES':
    case 'EPERM':
      return 'it may not be read and written';
    default:
      return errorOf(error).message;
  }
}

async function whyNotOurs(path: string, status: Stats): Promise<string | undefined> {
  if (!status.isFile()) return 'it is no file';
  if (status.nlink > 1) return 'it is a hard link, with another name elsewhere';
  // Windows has no such owners.
  const user = process.geteuid?.();
  if (user === undefined || status.uid === user) return undefined;
  return status.uid === (await ownerOfNewFiles(dirname(path))) ? undefined : 'it belongs to somebody else';
}

/** On some mounts (FAT, SMB, NFS for root) all files have one owner, whoever made them. */
async function ownerOfNewFiles(folder: string): Promise<number> {
  const { handle, path } = await createPartFile(join(folder, `.${randomBytes(6).toString('hex')}.part`), 0o600);
  try {
    return (await handle.stat()).uid;
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}
