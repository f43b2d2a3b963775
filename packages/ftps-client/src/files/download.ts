// RETR: from the data connection into a sink, counted, hashed, checked; and from where it broke off, tried again.
import { unlessEnded, type CallEnds } from '../call-ends.js';
import { outgoingPath, type OutgoingCommand } from '../control/outgoing-command.js';
import { ReplyError, TransferError, VerificationError, errorOf, tellSafeBytes } from '../errors.js';
import type { DownloadTarget, OpenSink } from '../local/download-sink.js';
import type { Given } from '../local/given-stream.js';
import { openInterruptible, withPatience } from '../local/interruptible-sink.js';
import type { LoginContext } from '../login/login-context.js';
import { isSameFile, sizeIfTold, type RemoteFacts } from '../remote/remote-facts.js';
import type { Listening } from '../transfer/data-connection.js';
import { ProgressReporter } from '../transfer/progress.js';
import { receive } from '../transfer/receive.js';
import { runTransfer } from '../transfer/transfer-attempts.js';
import { TransferMeter } from '../transfer/transfer-meter.js';
import type { TransferOutcome } from '../transfer/transfer-request.js';
import { doubtOfPieces, mustHaveEnded } from './download-proof.js';
import { lastTransferError } from './failed-attempts.js';
import { HeldBytes } from './held-bytes.js';
import { noteLeftBehind } from './left-behind.js';
import { lookAhead } from './look-ahead.js';
import { isTransient, withAttempts } from './retry.js';
import type { Logins } from './transfer-logins.js';
import type { ParsedDownloadOptions } from './transfer-options.js';
import { transferResult, type TimesReport, type TransferResult } from './transfer-result.js';
import { FROM_THE_BEGINNING, type Start } from './transfer-start.js';
import { planCheck, verifyFile, type Check, type MovedFile } from './verify.js';

export async function download(
  logins: Logins,
  remotePath: string,
  to: Given<DownloadTarget>,
  options: ParsedDownloadOptions,
): Promise<TransferResult> {
  const command = outgoingPath('RETR', remotePath);
  const { retry: policy, signal, onAttempt } = options;
  const ends = { what: command.verb, signal, closed: logins.closed };
  const sink = await openInterruptible(to.take(), options, ends);
  const work = new Download(logins, { command, path: remotePath, sink, ends, options });
  try {
    // Every sink can be gone on with behind what it has.
    const obstacle = (): undefined => undefined;
    return await withAttempts({ policy, signal, closed: logins.closed, onAttempt, obstacle }, (attempt) =>
      logins.withPin(signal, () => work.attempt(attempt)),
    );
  } catch (thrown) {
    const error = errorOf(thrown);
    const left = await sink.discard(error);
    if (left !== undefined) noteLeftBehind(error, left);
    const lost = lastTransferError(error);
    const isRemoved = left === undefined && sink.atFailure !== 'passed-on';
    if (lost !== undefined) tellSafeBytes(lost, isRemoved ? 0 : work.safeOf(lost));
    throw error;
  }
}

interface Task {
  readonly command: OutgoingCommand;
  readonly path: string;
  readonly sink: OpenSink;
  readonly ends: CallEnds;
  readonly options: ParsedDownloadOptions;
}

/** One download over all its attempts. */
class Download {
  readonly #logins: Logins;
  readonly #command: OutgoingCommand;
  readonly #path: string;
  readonly #sink: OpenSink;
  readonly #ends: CallEnds;
  readonly #options: ParsedDownloadOptions;
  readonly #startedAt = performance.now();
  /** The remote file as it was when the sink was opened for it. */
  #begunWith: RemoteFacts | undefined;
  /** The remote file as it was when the bytes in the sink came. */
  #facts: RemoteFacts | undefined;
  readonly #held: HeldBytes;
  #moved = 0;
  /** Settles when the attempt before has written all that it had. */
  #receiving: Promise<void> = Promise.resolve();
  /** Where the server listens for the next transfer, where it was asked ahead. */
  #listening: Promise<Listening> | undefined;

  constructor(logins: Logins, { command, path, sink, ends, options }: Task) {
    this.#logins = logins;
    this.#command = command;
    this.#path = path;
    this.#sink = sink;
    this.#ends = ends;
    this.#options = options;
    this.#held = new HeldBytes({ path, sink, isInPlace: options.resume === 'in-place' });
  }

  async attempt(attempt: number): Promise<TransferResult> {
    try {
      return await this.#attempt(attempt);
    } catch (error) {
      // What came before it broke is to be kept as a whole.
      if (this.#sink.atFailure === 'keeps') await withPatience(this.#receiving).catch(() => undefined);
      if (error instanceof TransferError) tellSafeBytes(error, this.safeOf(error));
      throw error;
    }
  }

  /** What is safe by now of what was when an attempt failed with the error. */
  safeOf({ safeBytes = 0 }: TransferError): number {
    return Math.min(safeBytes, this.#held.safeBytes);
  }

  async #attempt(attempt: number): Promise<TransferResult> {
    const { signal, verify, onAttempt } = this.#options;
    const context = await this.#logins.forAttempt(attempt, signal);
    const check = planCheck(verify, context);
    const facts = await this.#look(context, check);
    const start = await this.#start(context, check, facts);
    onAttempt?.({ state: 'begins', attempt, offset: start.offset });
    const outcome = await this.#transfer(context, start);
    const { reply } = outcome;
    const file = {
      ...{ verb: this.#command.verb, path: this.#path, reply },
      ...{ sizeBytes: this.#held.count, hash: this.#held.hash, sizeBefore: facts.sizeBytes },
    };
    const verified = await verifyFile(context, check, file, signal);
    if (verified.by !== 'hash') await this.#mustBeOneFile(context, file, facts);
    if (verified.by === 'nothing' && this.#options.onUnprovedEnd === 'fail') mustHaveEnded(outcome, file);
    const times = await this.#commit(facts);
    return transferResult(outcome, {
      ...{ bytes: this.#moved, sizeBytes: this.#held.count, durationMs: performance.now() - this.#startedAt },
      ...{ attempts: attempt, resumedAt: this.#held.start.offset, prefix: this.#held.start.prefix },
      ...{ verified, times, oldFileAt: undefined },
    });
  }

  /** What is needed of the remote file: its size for the check and the progress, its time to know it again. */
  async #look(context: LoginContext, check: Check): Promise<RemoteFacts> {
    const { resume, retry, preserveTimes, signal } = this.#options;
    const mayGoOn = resume !== false || retry.attempts > 1;
    // What an attempt before asked for may be of another login, and is let go of.
    this.#listening = undefined;
    const { facts, listening } = await lookAhead(context, {
      ...{ path: this.#path, signal },
      ...{ wantsSize: check.mode !== 'none' || mayGoOn, wantsTime: mayGoOn || preserveTimes },
      // Nothing will be asked in between then.
      listens: this.#facts === undefined && resume === false,
    });
    this.#listening = listening;
    return facts;
  }

  async #start(context: LoginContext, check: Check, facts: RemoteFacts): Promise<Start> {
    const start =
      this.#facts === undefined
        ? await this.#firstStart(context, check, facts)
        : await this.#laterStart(context, check, this.#facts, facts);
    this.#facts = facts;
    this.#held.goOn(start, facts);
    return start;
  }

  /** Behind what an earlier download kept, if it kept anything and that can be trusted. */
  async #firstStart(context: LoginContext, check: Check, facts: RemoteFacts): Promise<Start> {
    const held = this.#held;
    if (this.#begunWith === undefined) await held.begin(facts);
    this.#begunWith ??= facts;
    held.hashBy(check);
    if (held.count === 0) return FROM_THE_BEGINNING;
    if (facts.sizeBytes !== undefined && held.count > facts.sizeBytes) return held.refute(facts);
    if (!isSameFile(this.#begunWith, facts)) return held.refute(facts);
    await held.hashThere();
    const proof = await held.compare(context, check, this.#options.signal);
    if (proof === 'differs') return held.refute(facts);
    if (proof === 'hash') return { offset: held.count, prefix: 'hash' };
    const isKnown = facts.sizeBytes !== undefined && facts.modifiedAt !== undefined;
    if (held.areNamedByFacts && isKnown) return { offset: held.count, prefix: 'unchanged' };
    return this.#uncheckedStart(facts);
  }

  /** Behind what the attempts before brought, if the remote file is still the one they were of. */
  async #laterStart(context: LoginContext, check: Check, before: RemoteFacts, now: RemoteFacts): Promise<Start> {
    await unlessEnded(
      this.#receiving.catch(() => undefined),
      this.#ends,
    );
    const held = this.#held;
    // Also a part that is empty yet has a name, which says of what file the bytes are that will come.
    if (held.count === 0 && held.areNamedByFacts && !isSameFile(before, now)) return held.startOver(now);
    if (held.count === 0 || held.isRefuted) return FROM_THE_BEGINNING;
    if (!isSameFile(before, now)) return held.refute(now);
    // What nobody checked at first is not proved by having stayed the same.
    const isKnown = now.sizeBytes !== undefined && now.modifiedAt !== undefined && held.start.prefix !== 'unchecked';
    if (isKnown) return { offset: held.count, prefix: 'unchanged' };
    const proof = await held.compare(context, check, this.#options.signal);
    if (proof === 'differs') return held.refute(now);
    if (proof === 'hash') return { offset: held.count, prefix: 'hash' };
    return this.#uncheckedStart(now);
  }

  /** Where the hash of the whole file will tell; and where the caller writes in place, who says so that it is the same file. */
  #uncheckedStart(facts: RemoteFacts): Start | Promise<Start> {
    const isTold = this.#held.hash !== undefined || this.#options.resume === 'in-place';
    return isTold ? { offset: this.#held.count, prefix: 'unchecked' } : this.#held.refute(facts);
  }

  async #transfer(context: LoginContext, { offset }: Start): Promise<TransferOutcome> {
    for (let from = offset; ;) {
      try {
        return await this.#run(context, from);
      } catch (error) {
        const other = isRefusal(error) ? this.#startBefore(from) : undefined;
        if (other === undefined) throw error;
        from = other;
      }
    }
  }

  /**
   * Where else it can begin where the server refuses to from there. Some refuse at the end of a file, where there is nothing
   * to send: the last byte is fetched once more. Some know no REST (RFC 3659 §5.3 has 5yz for that), or do not send a file
   * from its middle: it comes as a whole.
   */
  #startBefore(from: number): number | undefined {
    if (from === 0) return undefined;
    if (from === this.#held.count && from === this.#facts?.sizeBytes) return from - 1;
    return this.#held.canRestart ? 0 : undefined;
  }

  async #run(context: LoginContext, offset: number): Promise<TransferOutcome> {
    const { signal, onProgress, clock } = this.#options;
    const totalBytes = this.#facts?.sizeBytes;
    const progress = new ProgressReporter({ onProgress, totalBytes, offset, clock });
    const listening = this.#listening;
    this.#listening = undefined;
    const meter = new TransferMeter({ stallMs: context.timeouts.stallMs, offset, progress });
    this.#held.expectFrom(offset);
    try {
      const outcome = await runTransfer(context, {
        ...{ command: this.#command, sends: false, restartAt: offset, meter, signal, listening },
        move: async (channel) => {
          this.#receiving = receive(channel, (chunk) => this.#held.take(chunk), meter);
          await this.#receiving;
          progress.finish();
        },
      });
      if (this.#held.areAwaited) await this.#takeNothingForAll(context, offset, outcome);
      return outcome;
    } finally {
      this.#moved += meter.bytes;
    }
  }

  /** Nothing came, not even what is there, and the server calls that all: what is there is not of this file any more. */
  async #takeNothingForAll(context: LoginContext, offset: number, { reply }: TransferOutcome): Promise<void> {
    // A server that does not tell it now has not taken back what it told before.
    const size = (await sizeIfTold(context, this.#path, this.#options.signal)) ?? this.#facts?.sizeBytes;
    if (size === undefined || size <= offset) {
      await this.#held.startOver();
      return;
    }
    const message = `RETR brought nothing from byte ${offset} on, but the server's file has ${size}`;
    throw new VerificationError(message, {
      ...{ bytes: 0, safeBytes: this.#held.isRefuted ? 0 : this.#held.count, resumable: true, reply },
      reason: 'size-differs',
    });
  }

  /** What no hash of the whole has proved has to be of one file all the same. */
  async #mustBeOneFile(context: LoginContext, file: MovedFile, facts: RemoteFacts): Promise<void> {
    const { offset: resumedAt, prefix } = this.#held.start;
    const pieces = { resumedAt, prefix, facts };
    const doubt = await doubtOfPieces(context, { file, pieces, options: this.#options });
    if (doubt === undefined) return;
    const bytes = this.#held.count;
    await this.#held.startOver();
    throw new VerificationError(doubt.message, {
      ...{ bytes, safeBytes: 0, resumable: true, reply: file.reply, reason: doubt.reason },
    });
  }

  async #commit({ modifiedAt }: RemoteFacts): Promise<TimesReport | undefined> {
    const wanted = this.#options.preserveTimes;
    const times = await this.#sink.commit(wanted ? modifiedAt : undefined);
    if (!wanted || times !== undefined) return times;
    return { set: false, reason: 'the server does not tell when the file was modified' };
  }
}

/** Whether the server does not send the file, or not from there. What passes is tried again as it is. */
function isRefusal(error: unknown): boolean {
  return error instanceof ReplyError && (error.verb === 'REST' || error.verb === 'RETR') && !isTransient(error);
}
