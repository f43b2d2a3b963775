// STOR and APPE: from a source onto the data connection, counted, hashed, checked; and from where it broke off, tried again.
import { ConfigError, FtpsError } from '@ftps-kit/tls-core';
import { unlessEnded, type CallEnds } from '../call-ends.js';
import { outgoingPath } from '../control/outgoing-command.js';
import { ReplyError, errorOf, tellSafeBytes } from '../errors.js';
import type { Given } from '../local/given-stream.js';
import { opened, uploadSource, type UploadInput, type UploadSource } from '../local/upload-source.js';
import type { LoginContext } from '../login/login-context.js';
import { printable } from '../printable.js';
import { sizeIfTold } from '../remote/remote-facts.js';
import { hasName } from '../remote/remote-path.js';
import { ProgressReporter } from '../transfer/progress.js';
import { send } from '../transfer/send.js';
import { runTransfer } from '../transfer/transfer-attempts.js';
import { TransferMeter } from '../transfer/transfer-meter.js';
import type { TransferOutcome } from '../transfer/transfer-request.js';
import { lastTransferError } from './failed-attempts.js';
import { noteLeftBehind } from './left-behind.js';
import { OldFile } from './old-file.js';
import { isTransient, withAttempts } from './retry.js';
import { SentBytes } from './sent-bytes.js';
import type { Logins } from './transfer-logins.js';
import type { ParsedUploadOptions } from './transfer-options.js';
import { transferResult, type TimesReport, type TransferResult } from './transfer-result.js';
import { FROM_THE_BEGINNING, type Start } from './transfer-start.js';
import { giveModificationTime } from './transfer-times.js';
import { proveUpload } from './upload-proof.js';
import { laterAppend, resumedStart } from './upload-resume.js';
import { UploadTarget } from './upload-target.js';
import { planCheck, type Check, type Verified } from './verify.js';

export async function upload(
  logins: Logins,
  from: Given<UploadInput>,
  remotePath: string,
  options: ParsedUploadOptions,
): Promise<TransferResult> {
  outgoingPath('STOR', remotePath);
  if (!hasName(remotePath) || remotePath.endsWith('/')) {
    throw new ConfigError(
      `upload: ${printable(remotePath)} is the path of a folder; that of the file ends with its name`,
    );
  }
  const source = await opened(uploadSource(from.end, options.mayGrow), endsOf(logins, options));
  from.take();
  try {
    const target = new UploadTarget(remotePath, options, source.identity);
    const work = new Upload(logins, source, target, options);
    const result = await work.run();
    await source.close();
    return result;
  } catch (error) {
    await source.close(error);
    throw error;
  }
}

/** An upload that the server has as a whole. */
interface Sent {
  readonly outcome: TransferOutcome;
  readonly verified: Verified;
  readonly times: TimesReport | undefined;
}

/** One upload over all its attempts. */
class Upload {
  readonly #logins: Logins;
  readonly #source: UploadSource;
  readonly #target: UploadTarget;
  readonly #ends: CallEnds;
  readonly #options: ParsedUploadOptions;
  readonly #startedAt = performance.now();
  #context: LoginContext | undefined;
  /** Under the target's name. */
  #old = OldFile.unknown;
  readonly #bytes = new SentBytes();
  #start: Start = FROM_THE_BEGINNING;
  #moved = 0;
  #sent: Sent | undefined;

  constructor(logins: Logins, source: UploadSource, target: UploadTarget, options: ParsedUploadOptions) {
    this.#logins = logins;
    this.#source = source;
    this.#target = target;
    this.#ends = endsOf(logins, options);
    this.#options = options;
    if (options.resume !== false && !source.canOpenAnywhere) {
      throw new ConfigError(
        'resume: a stream, a pipe, a device or a file that does not tell its size cannot be opened again where the server ' +
          'left off; give the path of another file, bytes, or a function (start) => stream',
      );
    }
  }

  /** Of a local file: those of the version that this attempt sends. */
  get #totalBytes(): number | undefined {
    return this.#options.totalBytes ?? this.#source.totalBytes;
  }

  async run(): Promise<TransferResult> {
    const { retry: policy, signal, onAttempt } = this.#options;
    const obstacle = (): string | undefined => this.#obstacle();
    try {
      return await withAttempts({ policy, signal, closed: this.#logins.closed, onAttempt, obstacle }, (attempt) =>
        this.#logins.withPin(signal, () => this.#attempt(attempt), obstacle),
      );
    } catch (thrown) {
      const error = errorOf(thrown);
      const isFoundAgain = (): Promise<boolean> => this.#source.isFoundAgain();
      const left = this.#context && (await this.#target.cleanUp(this.#context, error, isFoundAgain));
      if (left !== undefined) noteLeftBehind(error, left);
      const lost = lastTransferError(error);
      const isKept = !this.#target.isTemporary || left?.what === 'partial' || this.#sent !== undefined;
      if (lost !== undefined && !isKept) tellSafeBytes(lost, 0);
      const { oldFileAside } = this.#target;
      if (oldFileAside !== undefined && error instanceof FtpsError) {
        error.message += `; the old file may lie at ${printable(oldFileAside)} on the server`;
      }
      throw error;
    } finally {
      this.#target.release();
    }
  }

  async #attempt(attempt: number): Promise<TransferResult> {
    const { signal, verify, onAttempt } = this.#options;
    const context = await this.#logins.forAttempt(attempt, signal);
    this.#context = context;
    const check = this.#check(context, verify);
    if (this.#sent === undefined) {
      this.#start = await this.#whereToStart(context, check);
      onAttempt?.({ state: 'begins', attempt, offset: this.#start.offset });
      this.#sent = await this.#send(context, check);
    } else {
      // All is there and checked: only the rename is left.
      onAttempt?.({ state: 'begins', attempt, offset: this.#bytes.end });
    }
    const { outcome, verified, times } = this.#sent;
    await this.#target.settle(context, { sizeBytes: this.#bytes.end, verified, reply: outcome.reply }, signal);
    return transferResult(outcome, {
      ...{ bytes: this.#moved, sizeBytes: this.#bytes.end, durationMs: performance.now() - this.#startedAt },
      ...{ attempts: attempt, resumedAt: this.#start.offset, prefix: this.#start.prefix },
      ...{ verified, times, oldFileAt: this.#target.oldFileAside },
    });
  }

  /** Of a file that was added to, this side knows the end only. */
  #check(context: LoginContext, verify: ParsedUploadOptions['verify']): Check {
    const check = planCheck(verify, context);
    if (!this.#options.append) return check;
    if (verify === 'hash')
      throw new ConfigError("verify: 'hash' cannot be had with append: the old bytes are not here");
    return { ...check, hash: undefined };
  }

  async #whereToStart(context: LoginContext, check: Check): Promise<Start> {
    if (this.#bytes.hasBegun) return this.#laterStart(context);
    if (check.hash !== undefined) this.#bytes.hashBy(check.hash.algorithm);
    const { resume, retry, append } = this.#options;
    if (resume !== false) {
      this.#target.claim(context);
      // Also under a temporary name, where something stands that an earlier call left.
      await this.#lookBefore(context);
      const start = await resumedStart(context, check, this.#old.size, {
        ...{ source: this.#source, target: this.#target, totalBytes: this.#totalBytes },
        ...{ hash: this.#bytes.hash, resume, ends: this.#ends },
      });
      // It may have been replaced while it was looked at.
      return this.#target.isNamedFor(this.#source.identity) ? start : this.#startOver();
    }
    if (append) {
      this.#old = await OldFile.lookAtBase(context, this.#target.path, this.#options);
    } else if (retry.attempts > 1 && !this.#target.isTemporary) {
      await this.#lookBefore(context);
    } else if (this.#target.isTemporary) {
      // Its name is a new one.
      this.#old = OldFile.absent;
    }
    return FROM_THE_BEGINNING;
  }

  /** Behind what the server has of the attempts before. It is asked, never guessed. */
  async #laterStart(context: LoginContext): Promise<Start> {
    const { append, signal } = this.#options;
    const isUnchanged = await unlessEnded(this.#source.isUnchanged(), this.#ends);
    if (!isUnchanged) this.#bytes.sourceChanged();
    if (!isUnchanged && !append) return this.#startOver();
    const size = await sizeIfTold(context, this.#target.path, signal);
    if (append) {
      const [baseBytes, sentBytes, movedBytes] = [this.#old.base, this.#bytes.end, this.#moved];
      return laterAppend({ baseBytes, sentBytes, movedBytes, size, isUnchanged });
    }
    if (size === undefined || size === 0) return this.#startOver();
    if (size > this.#bytes.end) {
      // Somebody else's, and it may still be there when the next attempt has sent more.
      await this.#lookBefore(context, size);
      return this.#startOver();
    }
    const wentOnAt = this.#start.offset;
    // Less than was there when the last attempt began: it is another file now.
    if (size < wentOnAt || this.#old.size === 'unknown') return this.#startOver();
    // The old file, as servers show it that keep nothing of a broken upload; or, by chance, as many bytes of the new one.
    if (size === this.#old.size && size !== wentOnAt) return this.#startOver();
    return { offset: size, prefix: this.#start.prefix === 'unchecked' ? 'unchecked' : 'own' };
  }

  /** What stands there, whose size may be `told` already, is none of this upload's. */
  async #lookBefore(context: LoginContext, told?: number): Promise<void> {
    const { signal } = this.#options;
    const mayBeAsLong = (size: number): boolean => size === (this.#totalBytes ?? size);
    this.#old = await OldFile.look(context, this.#target.path, mayBeAsLong, signal, told);
  }

  #startOver(): Start {
    this.#bytes.startOver();
    return FROM_THE_BEGINNING;
  }

  async #send(context: LoginContext, check: Check): Promise<Sent> {
    const isLater = this.#bytes.hasBegun;
    const outcome = await this.#transfer(context);
    const { signal, append: appends, modifiedAt, preserveTimes } = this.#options;
    const { path } = this.#target;
    const sent = { path, appends, bytes: this.#bytes, start: this.#start, isLater, old: this.#old, signal };
    const verified = await proveUpload(context, check, sent, outcome);
    const time = modifiedAt ?? (preserveTimes ? this.#source.modifiedAt : undefined);
    if (time !== undefined) {
      return { outcome, verified, times: await giveModificationTime(context, path, time, signal) };
    }
    const times = preserveTimes ? ({ set: false, reason: 'the source has no modification time' } as const) : undefined;
    return { outcome, verified, times };
  }

  /**
   * APPE goes on at the file's end, which was asked for a moment ago; REST with STOR where APPE is refused. Not the other
   * way round: ftp-srv takes REST with STOR, and empties the file first.
   */
  async #transfer(context: LoginContext): Promise<TransferOutcome> {
    const { offset } = this.#start;
    if (this.#options.append) return this.#run(context, 'APPE', 0);
    if (offset === 0) return this.#run(context, 'STOR', 0);
    try {
      return await this.#run(context, 'APPE', 0);
    } catch (error) {
      if (!isRefusalOf('APPE', error)) throw error;
    }
    try {
      return await this.#run(context, 'STOR', offset);
    } catch (error) {
      if (!isRefusalOf('REST', error) && !isRefusalOf('STOR', error)) throw error;
      // Neither works for this file: it has to go as a whole.
      this.#start = this.#startOver();
      return this.#run(context, 'STOR', 0);
    }
  }

  async #run(context: LoginContext, verb: 'STOR' | 'APPE', restartAt: number): Promise<TransferOutcome> {
    const { signal, onProgress, clock } = this.#options;
    const { offset } = this.#start;
    const totalBytes = this.#totalBytes;
    const progress = new ProgressReporter({ onProgress, totalBytes, offset, clock });
    const meter = new TransferMeter({ stallMs: context.timeouts.stallMs, offset, progress });
    const reading = await opened(this.#source.open(offset), this.#ends);
    try {
      await this.#nameForSource(context);
      this.#target.begun();
      return await runTransfer(context, {
        ...{ command: outgoingPath(verb, this.#target.path), sends: true, restartAt, meter, signal },
        move: async (channel, end) => {
          const pass = this.#bytes.from(offset, this.#options.totalBytes);
          await send(channel, reading, meter, (chunk) => {
            pass.take(chunk);
          });
          // A local file may have more bytes than it says, on some file systems; the one that ends before is none to call whole.
          pass.mustBeWhole(this.#totalBytes, this.#options.totalBytes === undefined);
          await end();
          progress.finish();
        },
      });
    } finally {
      this.#moved += meter.bytes;
      await reading.close();
    }
  }

  /** Under its temporary name stands only what is of the version of the source that it is made of. */
  async #nameForSource(context: LoginContext): Promise<void> {
    const { identity } = this.#source;
    if (this.#target.isNamedFor(identity)) return;
    await this.#target.renameFor(identity, context);
    // An earlier upload may have left something there.
    await this.#lookBefore(context);
  }

  #obstacle(): string | undefined {
    if (this.#sent !== undefined) return undefined;
    // Only what can be looked at can be added to again.
    if (this.#options.append && this.#bytes.hasBegun && this.#old.size === 'unknown') {
      return 'the server did not tell the size of the file before, so that nobody knows what was added';
    }
    return this.#source.canOpen
      ? undefined
      : 'the source is a stream that is read already; a function (start) => stream could be opened again';
  }
}

function endsOf({ closed }: Logins, { signal }: ParsedUploadOptions): CallEnds {
  return { what: 'STOR', signal, closed };
}

/** Whether the server does not do that here. What passes, such as a file that is busy, is tried again as it is. */
function isRefusalOf(verb: string, error: unknown): boolean {
  return error instanceof ReplyError && error.verb === verb && !isTransient(error);
}
