// Hashes of files for a server's sessions: known ones at once, others some at a time, each given up when nobody waits.
import { FileSystemError } from './errors.js';
import type { FileStat, FileSystem, HashAlgorithm, HashRequest, WriteHandle, WriteMode } from './file-system.js';
import { HashedUpload } from './hashed-upload.js';
import { KnownHashes } from './known-hashes.js';
import { KNOWN_HASHES, type ServerLimits } from './limits.js';
import type { Session } from './session.js';
import { Turns } from './turns.js';

/** More hashes are waiting than the server takes on. */
export class HashingBusyError extends Error {}

/** What a session asks for: a file, and the bytes from `start` to before `end`. */
export interface HashQuestion {
  readonly path: string;
  readonly algorithm: HashAlgorithm;
  readonly start: number;
  readonly end: number | undefined;
}

export class FileHashing {
  readonly #known = new KnownHashes(KNOWN_HASHES);
  readonly #turns: Turns;
  readonly #maxAsked: number;
  #asked = 0;

  constructor({ maxHashes, maxWaitingHashes }: Pick<ServerLimits, 'maxHashes' | 'maxWaitingHashes'>) {
    this.#turns = new Turns(maxHashes);
    this.#maxAsked = maxHashes + maxWaitingHashes;
  }

  /**
   * The hash. Rejects with `FileSystemError`, `HashingBusyError`, or the reason of the signal that fired: `aborted`, or the
   * session's end.
   */
  async hash(session: Session, question: HashQuestion, aborted: AbortSignal): Promise<string> {
    const { fileSystem } = session.account;
    const { path, algorithm } = question;
    session.hashing.wanted = algorithm;
    const before = await fileSystem.stat(path);
    const isWhole = question.start === 0 && (question.end ?? before.sizeBytes) === before.sizeBytes;
    const known = isWhole ? this.#known.find(fileSystem, path, before, algorithm) : undefined;
    if (known !== undefined) return known;
    const hex = await whileWanted([aborted, session.ended], (signal) =>
      this.#make(fileSystem, { ...question, signal }),
    );
    // Only of a file that nobody changed while it was read is the hash worth to be kept.
    const after = await fileSystem.stat(path);
    if (isWhole && isSame(before, after)) this.#known.remember(fileSystem, path, after, algorithm, hex);
    return hex;
  }

  /** Hashes an upload while it comes, where the whole file comes. */
  follow(session: Session, path: string, mode: WriteMode, file: WriteHandle): WriteHandle {
    const { fileSystem } = session.account;
    const isWhole = mode.kind === 'replace' || mode.kind === 'create';
    if (!isWhole || file.inPlace === true) this.#known.forget(fileSystem, path);
    if (!isWhole) return file;
    if (fileSystem.hash === undefined) return file;
    const { wanted, selected } = session.hashing;
    // SHA-256 as long as nobody asked for any: what most clients will ask for, if they do.
    const algorithm = wanted ?? selected;
    return new HashedUpload(file, {
      algorithm,
      onHash: (stat, hex) => {
        this.#known.remember(fileSystem, path, stat, algorithm, hex);
      },
    });
  }

  /** Renames a file, which leaves its hash what it was. */
  async rename(fileSystem: FileSystem, from: string, to: string): Promise<void> {
    await this.#keeping(fileSystem, { from, to }, () => fileSystem.rename(from, to));
  }

  /** Does what leaves the content of a file, and so its hash, what it was: sets its mode, say. */
  async keeping(fileSystem: FileSystem, path: string, change: () => Promise<void>): Promise<void> {
    await this.#keeping(fileSystem, { from: path, to: path }, change);
  }

  /** Sets the time of a file, which leaves its hash what it was. Gives what the file is then. */
  async setModified(fileSystem: FileSystem, path: string, modifiedAt: Date): Promise<FileStat> {
    await this.keeping(fileSystem, path, () => fileSystem.setModified(path, modifiedAt));
    return fileSystem.stat(path);
  }

  async #keeping(
    fileSystem: FileSystem,
    { from, to }: { readonly from: string; readonly to: string },
    change: () => Promise<void>,
  ): Promise<void> {
    const before = this.#known.knows(fileSystem, from) ? await statOf(fileSystem, from) : undefined;
    await change();
    if (before === undefined) return;
    const after = await statOf(fileSystem, to);
    if (after !== undefined) {
      this.#known.carryOver(fileSystem, { path: from, stat: before }, { path: to, stat: after });
    }
  }

  async #make(fileSystem: FileSystem, request: HashRequest & { readonly path: string }): Promise<string> {
    if (this.#asked >= this.#maxAsked) throw new HashingBusyError('too many hashes are waiting');
    this.#asked += 1;
    try {
      return await this.#turns.run(async () => {
        request.signal.throwIfAborted();
        if (fileSystem.hash === undefined) throw new FileSystemError('other', 'this file system does not hash');
        const { hex } = await fileSystem.hash(request.path, request);
        return hex;
      }, request.signal);
    } finally {
      this.#asked -= 1;
    }
  }
}

/** Does `work` with a signal that fires with the first of several, and does not wait for it any longer then. */
async function whileWanted<T>(reasons: readonly AbortSignal[], work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const drop = ({ target }: Event): void => {
    stop.abort((target as AbortSignal).reason);
  };
  const given = new Promise<never>((_resolve, reject) => {
    stop.signal.addEventListener('abort', () => {
      reject(stop.signal.reason as Error);
    });
  });
  for (const reason of reasons) {
    reason.addEventListener('abort', drop, { once: true });
    if (reason.aborted) stop.abort(reason.reason);
  }
  const working = work(stop.signal);
  // Whoever has given up sees neither the result nor the failure.
  working.catch(() => undefined);
  given.catch(() => undefined);
  try {
    return await Promise.race([working, given]);
  } finally {
    for (const reason of reasons) reason.removeEventListener('abort', drop);
  }
}

/** Undefined where it cannot be known: then no hash is kept, and nothing else fails. */
function statOf(fileSystem: FileSystem, path: string): Promise<FileStat | undefined> {
  return fileSystem.stat(path).catch(() => undefined);
}

function isSame(before: FileStat, after: FileStat): boolean {
  return (
    before.identity === after.identity &&
    before.sizeBytes === after.sizeBytes &&
    before.changedAt?.getTime() === after.changedAt?.getTime() &&
    before.modifiedAt.getTime() === after.modifiedAt.getTime()
  );
}
