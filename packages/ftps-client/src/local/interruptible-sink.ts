// A sink as its download calls it: nothing that hangs in it outlasts the call for long, and let go of once, it is asked
// nothing more.
import { withDeadline } from '@ftps-kit/tls-core';
import { endOf, unlessEnded, type CallEnds } from '../call-ends.js';
import { errorOf } from '../errors.js';
import type { LeftBehind } from '../files/left-behind.js';
import type { ParsedDownloadOptions } from '../files/transfer-options.js';
import type { TimesReport } from '../files/transfer-result.js';
import { SINK_PATIENCE_MS } from '../limits.js';
import type { RemoteFacts } from '../remote/remote-facts.js';
import { openSink, sinkOf, type DownloadTarget, type OpenSink } from './download-sink.js';

/** As `openSink`; rejects also when the call ends. `to` is let go of then, also where it opens behind that. */
export async function openInterruptible(
  to: DownloadTarget,
  options: ParsedDownloadOptions,
  ends: CallEnds,
): Promise<OpenSink> {
  const opening = openSink(to, options);
  try {
    return new InterruptibleSink(await unlessEnded(opening, ends), ends);
  } catch (thrown) {
    const error = errorOf(thrown);
    opening.then(
      (late) => late.discard(error).catch(() => undefined),
      () => letGoOfTarget(to, error),
    );
    throw error;
  }
}

/** Lets go of a target whose download never began, as of one whose download failed. Never rejects. */
export async function letGoOfTarget(to: DownloadTarget, error: Error): Promise<void> {
  if (typeof to === 'string') return;
  try {
    await withPatience(sinkOf(to).discard(error));
  } catch {
    // No sink at all, or a Web stream that somebody else writes into; and what a sink of the caller throws here has no reader.
  }
}

class InterruptibleSink implements OpenSink {
  readonly #sink: OpenSink;
  readonly #ends: CallEnds;
  #discarding: Promise<LeftBehind | undefined> | undefined;

  constructor(sink: OpenSink, ends: CallEnds) {
    this.#sink = sink;
    this.#ends = ends;
  }

  get canRestart(): boolean {
    return this.#sink.canRestart;
  }

  get atFailure(): OpenSink['atFailure'] {
    return this.#sink.atFailure;
  }

  get holdsBy(): OpenSink['holdsBy'] {
    return this.#sink.holdsBy;
  }

  begin(remotePath: string, facts: RemoteFacts): Promise<number> {
    return this.#heard(() => this.#sink.begin(remotePath, facts));
  }

  async *held(): AsyncGenerator<Uint8Array> {
    const chunks = this.#sink.held()[Symbol.asyncIterator]();
    for (;;) {
      const next = await unlessEnded(chunks.next(), this.#ends);
      if (next.done === true) return;
      yield next.value;
    }
  }

  /** Not ended by itself: the transfer does not wait for it either, and its buffer is in use until it has resolved. */
  write(chunk: Uint8Array): Promise<void> {
    return this.#discarding === undefined ? this.#sink.write(chunk) : letGoOf();
  }

  restart(remotePath: string, facts: RemoteFacts): Promise<void> {
    return this.#heard(() => this.#sink.restart(remotePath, facts));
  }

  /** Resolves also where the call ended meanwhile, and it was too late for that: what has its name is done. */
  async commit(modifiedAt: Date | undefined): Promise<TimesReport | undefined> {
    const tooLate = endOf(this.#ends);
    if (tooLate !== undefined) throw tooLate;
    const committing = this.#sink.commit(modifiedAt);
    try {
      return await unlessEnded(committing, this.#ends);
    } catch (error) {
      const end = endOf(this.#ends);
      if (end === undefined) throw error;
      // Calls it off.
      void this.discard(end);
      return withPatience(committing).catch(() => {
        throw end;
      });
    }
  }

  discard(error: Error): Promise<LeftBehind | undefined> {
    this.#discarding ??= withPatience(this.#sink.discard(error)).catch(() => undefined);
    return this.#discarding;
  }

  #heard<T>(work: () => Promise<T>): Promise<T> {
    return this.#discarding === undefined ? unlessEnded(work(), this.#ends) : letGoOf();
  }
}

/** Rejects where the work takes too long, which goes on all the same. */
export function withPatience<T>(work: Promise<T>): Promise<T> {
  return withDeadline('sink', { timeoutMs: SINK_PATIENCE_MS }, work, () => undefined);
}

function letGoOf(): Promise<never> {
  return Promise.reject(new Error('the download has ended'));
}
