// What stood under the name of an upload before its first byte, and must not be taken for bytes of it.
import { UnsupportedError } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { printable } from '../printable.js';
import { timeIfTold } from '../remote/modification-time.js';
import { sizeOrAbsence, type SizeThere } from '../remote/remote-facts.js';
import type { ParsedUploadOptions } from './transfer-options.js';
import type { Start } from './transfer-start.js';

export class OldFile {
  static readonly unknown = new OldFile('unknown', undefined);
  static readonly absent = new OldFile('absent', undefined);

  readonly size: SizeThere;
  readonly #modifiedAt: Date | undefined;

  private constructor(size: SizeThere, modifiedAt: Date | undefined) {
    this.size = size;
    this.#modifiedAt = modifiedAt;
  }

  /** Asks the server for the size, where `told` is not it; and for the time, where the upload may get as many bytes. */
  static async look(
    context: LoginContext,
    path: string,
    mayBeAsLong: (size: number) => boolean,
    signal: AbortSignal | undefined,
    told?: number,
  ): Promise<OldFile> {
    const size = told ?? (await sizeOrAbsence(context, path, signal));
    const isInQuestion = typeof size === 'number' && mayBeAsLong(size);
    return new OldFile(size, isInQuestion ? await timeIfTold(context, path, signal) : undefined);
  }

  /**
   * As `look`, for what is to be added to. RFC 959 §4.2.2: 550 is the word for what is not there, and some say it of a file that is
   * in use as well; one that has a time is there. Rejects with `UnsupportedError` where a check by size is demanded, which needs it.
   */
  static async lookAtBase(
    context: LoginContext,
    path: string,
    { verify, signal }: Pick<ParsedUploadOptions, 'verify' | 'signal'>,
  ): Promise<OldFile> {
    const size = await sizeOrAbsence(context, path, signal);
    const isThere = size === 'absent' && (await timeIfTold(context, path, signal)) !== undefined;
    const base = isThere ? OldFile.unknown : new OldFile(size, undefined);
    if (verify !== 'size' || base.size !== 'unknown') return base;
    throw new UnsupportedError(
      `verify: 'size' cannot be had: the server does not tell the size of ${printable(path)}, which is to be added to`,
    );
  }

  /** Bytes that an append goes behind. */
  get base(): number {
    return typeof this.size === 'number' ? this.size : 0;
  }

  /** Whether it may be what stands there now, with so many bytes: a file that was written has another time. */
  async mayStillStand(
    context: LoginContext,
    path: string,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (size !== this.size) return false;
    const now = this.#modifiedAt && (await timeIfTold(context, path, signal));
    return now === undefined || now.getTime() === this.#modifiedAt?.getTime();
  }

  /**
   * How many of the bytes that stand there now are the beginning of an upload that went on at `start`; undefined where nobody
   * knows.
   */
  safeOf(size: number, { offset, prefix }: Start): number | undefined {
    if (this.size === 'unknown' || prefix === 'unchecked') return undefined;
    const isThisOne = size === this.size && size !== offset;
    return isThisOne || size < offset ? 0 : size;
  }
}
