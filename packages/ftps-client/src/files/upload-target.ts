// The name that an upload has on the server until it is whole, and the step from there to the real one.
import { ReplyCode, type Reply } from '@ftps-kit/ftp-protocol';
import { withDeadline } from '@ftps-kit/tls-core';
import { throwIfAborted } from '../call-ends.js';
import { outgoingPath } from '../control/outgoing-command.js';
import { RenameError, VerificationError, isCompletion, replyText, type ReplyError } from '../errors.js';
import type { LoginContext } from '../login/login-context.js';
import { mayKnow } from '../login/tried-command.js';
import { printable } from '../printable.js';
import { isFolder } from '../remote/remote-entry.js';
import { sizeOrAbsence, type SizeThere } from '../remote/remote-facts.js';
import { hashCommandsOf, remoteHash } from '../remote/remote-hash.js';
import type { LeftBehind } from './left-behind.js';
import { isRefusal, isRespelled, move } from './remote-rename.js';
import { TemporaryName, hiddenPath } from './temporary-name.js';
import type { ParsedUploadOptions } from './transfer-options.js';
import type { Verified } from './verify.js';

/** An upload that is whole and checked under its temporary name. */
export interface WholeUpload {
  readonly sizeBytes: number;
  readonly verified: Verified;
  readonly reply: Reply;
}

export class UploadTarget {
  readonly #realPath: string;
  /** Undefined where the bytes go under the real name at once. */
  readonly #temporary: TemporaryName | undefined;
  readonly #replace: boolean;
  readonly #isRetried: boolean;
  /** Under the real name, where it was asked before a rename whose outcome may have to be told by it. */
  #sizeOfOld: SizeThere | undefined;
  /** Whether something may be there that was not there before. */
  #isBegun = false;
  /** Whether a rename was sent whose outcome nobody has seen. */
  #isRenaming = false;
  /** Where an old file is that was in the way of the new one. */
  #asideAt: string | undefined;
  #isWhole = false;
  /** The server renamed it, and nobody knows to what. */
  #isNowhere = false;

  /** `identity` names a source that a later upload can know again. */
  constructor(realPath: string, { atomic, resume, replace, retry }: ParsedUploadOptions, identity: string | undefined) {
    this.#realPath = realPath;
    this.#replace = replace;
    this.#isRetried = retry.attempts > 1;
    this.#temporary = atomic ? new TemporaryName(realPath, identity, resume !== false) : undefined;
  }

  /** Where the bytes go. */
  get path(): string {
    return this.#temporary?.path ?? this.#realPath;
  }

  get isTemporary(): boolean {
    return this.#temporary !== undefined;
  }

  /** Whether a later upload of that source looks for its bytes here; a real name is that of all. */
  isNamedFor(identity: string | undefined): boolean {
    return this.#temporary?.isFor(identity) ?? true;
  }

  /**
   * Takes the temporary name of that source: under the one before, its bytes would be gone on with as if they were of another
   * source, should that come back. What an attempt has left there is removed, as nobody will look for it.
   */
  async renameFor(identity: string | undefined, { control, timeouts, traits }: LoginContext): Promise<void> {
    const before = this.path;
    if (this.#isBegun) {
      // What it answers tells nothing of the upload; where the connection is lost, the next command does.
      await control.run(outgoingPath('DELE', before), { timeoutMs: timeouts.replyMs }).catch(() => undefined);
    }
    this.#temporary?.change(identity, traits);
  }

  /** Takes the temporary name for this upload alone. */
  claim({ traits }: LoginContext): void {
    this.#temporary?.claim(traits);
  }

  /** To be called when the upload has ended, however it did. */
  release(): void {
    this.#temporary?.release();
  }

  /** To be called before the first byte goes. */
  begun(): void {
    this.#isBegun = true;
  }

  /** Gives the whole file its name. Rejects with `RenameError` where the server does not, and as the connection breaks. */
  async settle(context: LoginContext, whole: WholeUpload, signal: AbortSignal | undefined): Promise<void> {
    if (!this.isTemporary) return;
    throwIfAborted('RNFR', signal);
    this.#isWhole = true;
    if (!this.#isRenaming || !(await this.#wasRenamed(context, whole, signal)))
      await this.#giveName(context, whole, signal);
    await this.#mustBeShown(context, whole);
    await this.#removeOld(context);
  }

  async #mustBeShown(context: LoginContext, { sizeBytes, verified, reply }: WholeUpload): Promise<void> {
    if (verified.by === 'nothing' || !(await isRespelled(context, this.#realPath))) return;
    this.#isNowhere = true;
    throw new RenameError(
      `the upload is whole, and the server said that it renamed it to ${printable(this.#realPath)}, but shows nothing of that name: ` +
        'it may have spelled it in another way, or somebody has taken it away',
      { bytes: sizeBytes, safeBytes: undefined, resumable: false, reply, wholeAt: this.#realPath },
    );
  }

  async #giveName(context: LoginContext, whole: WholeUpload, signal: AbortSignal | undefined): Promise<void> {
    // An old file of the same size could not be told from the new one if the reply to RNTO were lost.
    if (this.#isRetried && whole.verified.by !== 'hash') {
      this.#sizeOfOld ??= await sizeOrAbsence(context, this.#realPath, signal);
    }
    try {
      await this.#rename(context);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (!this.#replace || !(await this.#isInTheWay(context, error))) throw this.#notRenamed(error, whole);
      await this.#replaceOld(context, whole, error);
    }
  }

  /**
   * Removes what a failed upload left under the temporary name, if that can be done; gives what is left. Where a later
   * upload can go on with it, it stays. `isFoundAgain` says whether the source is still the one that the name was made of.
   */
  async cleanUp(
    context: LoginContext,
    error: Error,
    isFoundAgain: () => Promise<boolean>,
  ): Promise<LeftBehind | undefined> {
    if (!this.isTemporary || !this.#isBegun || this.#isNowhere) return undefined;
    if (this.#isWhole) {
      const orAt = this.#isRenaming ? { orAt: this.#realPath } : {};
      return { side: 'remote', path: this.path, what: 'whole', ...orAt };
    }
    const isWrong = error instanceof VerificationError && error.reason === 'hash-differs';
    const { control, timeouts } = context;
    const deadline = { timeoutMs: timeouts.closeMs };
    if (this.#temporary?.isFindable === true && !isWrong) {
      // Of a source that was replaced some bytes may be of the new one, and the old one may come back and find the name again.
      // A disk that hangs does not tell.
      const isOfOne = await withDeadline('close', deadline, isFoundAgain(), () => undefined).catch(() => false);
      if (isOfOne)
        return (await this.#isAbsent(context)) ? undefined : { side: 'remote', path: this.path, what: 'partial' };
    }
    try {
      if (isCompletion(await control.run(outgoingPath('DELE', this.path), deadline))) return undefined;
      // Refused, since there is nothing: as where a server keeps nothing of a broken upload.
      const { code } = await control.run(outgoingPath('SIZE', this.path), deadline);
      if (code === ReplyCode.FileUnavailable) return undefined;
    } catch {
      // The control connection is gone as well; the error of the upload is the one to tell.
    }
    return { side: 'remote', path: this.path, what: 'rest' };
  }

  /** Whether the server says that nothing came of the upload: as where STOR was refused, or where it keeps nothing of broken ones. */
  async #isAbsent({ control, timeouts }: LoginContext): Promise<boolean> {
    const size = control.run(outgoingPath('SIZE', this.path), { timeoutMs: timeouts.closeMs });
    return (await size.catch(() => undefined))?.code === ReplyCode.FileUnavailable;
  }

  async #rename(context: LoginContext): Promise<void> {
    try {
      await move(context, this.path, this.#realPath, () => {
        this.#isRenaming = true;
      });
      this.#isRenaming = false;
    } catch (error) {
      if (isRefusal(error)) this.#isRenaming = false;
      throw error;
    }
  }

  /** RNTO was sent and its reply never came: what stands under the two names tells. */
  async #wasRenamed(context: LoginContext, whole: WholeUpload, signal: AbortSignal | undefined): Promise<boolean> {
    const { sizeBytes, reply } = whole;
    const temporary = await sizeOrAbsence(context, this.path, signal);
    if (typeof temporary === 'number') return false;
    const isThere = temporary === 'absent' && (await this.#isUnderRealName(context, whole, signal));
    if (isThere) return true;
    throw new RenameError(
      `the connection was lost while ${printable(this.path)} was renamed to ${printable(this.#realPath)}, and what the server shows now under ` +
        'the two names does not prove that it was',
      { bytes: sizeBytes, safeBytes: undefined, resumable: false, reply, wholeAt: this.path },
    );
  }

  /** An old file may have as many bytes, but not the same hash. */
  async #isUnderRealName(
    context: LoginContext,
    { sizeBytes, verified }: WholeUpload,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const path = this.#realPath;
    if ((await sizeOrAbsence(context, path, signal)) !== sizeBytes) return false;
    if (verified.by !== 'hash') {
      const old = this.#sizeOfOld;
      return old !== undefined && old !== 'unknown' && old !== sizeBytes;
    }
    const command = hashCommandsOf(context.features).find(({ algorithm }) => algorithm === verified.algorithm);
    if (command === undefined) return false;
    return (await remoteHash(context, command, { path, bytes: sizeBytes }, signal)) === verified.value;
  }

  /** Whether it may be the old file for which the server refused: not where there is nothing to take its place. */
  async #isInTheWay(context: LoginContext, error: ReplyError): Promise<boolean> {
    if (error.verb !== 'RNTO') return false;
    // Without SIZE there is the reply to RNFR: 350 says that the file is there.
    const size = await sizeOrAbsence(context, this.path, undefined);
    return typeof size === 'number' || !mayKnow(context, 'SIZE');
  }

  /**
   * For servers that rename over no file. The old one is moved aside, and not removed: the refusal may have had another reason,
   * as that of a name that is not allowed, and then it is moved back. In between there is none under the real name. A folder is no
   * old file: moved aside, all that is in it would be gone from where it was.
   */
  async #replaceOld(context: LoginContext, whole: WholeUpload, refusal: ReplyError): Promise<void> {
    if (await isFolder(context, this.#realPath, undefined)) {
      throw this.#notRenamed(refusal, whole, '; it is the name of a folder');
    }
    const aside = hiddenPath(this.#realPath);
    try {
      await move(context, this.#realPath, aside, () => {
        this.#asideAt = aside;
      });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#asideAt = undefined;
      throw this.#notRenamed(error, whole);
    }
    this.#sizeOfOld = 'absent';
    try {
      await this.#rename(context);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await move(context, aside, this.#realPath).then(
        () => {
          this.#asideAt = undefined;
        },
        () => undefined,
      );
      throw this.#notRenamed(error, whole);
    }
  }

  /** The new file has its name. Where the old one cannot be removed, it stays where it is. */
  async #removeOld({ control, timeouts }: LoginContext): Promise<void> {
    if (this.#asideAt === undefined) return;
    const reply = control.run(outgoingPath('DELE', this.#asideAt), { timeoutMs: timeouts.replyMs });
    const isRemoved = await reply.then(isCompletion, () => false);
    if (isRemoved) this.#asideAt = undefined;
  }

  /** Where the old file is, or may be after a failure, if it has not its name. */
  get oldFileAside(): string | undefined {
    return this.#asideAt;
  }

  #notRenamed(cause: ReplyError, { sizeBytes, verified }: WholeUpload, why?: string): RenameError {
    const remedy = '; where it renames over no file, replace: true moves the old one away first';
    const hint = why ?? (this.#replace ? '' : remedy);
    const isProved = verified.by !== 'nothing';
    const what = isProved ? 'the upload is whole' : 'the server called the upload complete, which nothing proves';
    return new RenameError(
      `${what}, but it was not renamed to ${printable(this.#realPath)} (${replyText(cause.reply)})${hint}`,
      {
        ...{ bytes: sizeBytes, safeBytes: isProved ? sizeBytes : undefined, resumable: false },
        ...{ reply: cause.reply, cause, wholeAt: this.path },
      },
    );
  }
}
