// Where the bytes of a download go, whatever the caller gave: one contract over files, streams and functions.
import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { ConfigError, withDeadline } from '@ftps-kit/tls-core';
import { callersFailure } from '../errors.js';
import type { LeftBehind } from '../files/left-behind.js';
import type { ParsedDownloadOptions } from '../files/transfer-options.js';
import type { TimesReport } from '../files/transfer-result.js';
import { SINK_CALL_PATIENCE_MS } from '../limits.js';
import type { RemoteFacts } from '../remote/remote-facts.js';
import { FilelessSink } from './fileless-sink.js';
import { openLocalFileSink } from './local-file-sink.js';
import { OpenedStreamSink, has, streamSinkOf } from './stream-sink.js';

/**
 * What a caller may implement to take a download. One call is under way at a time, and none follows `discard`; a call that does not
 * end within half a second when the download fails or is ended has `discard` called meanwhile. Where one throws or rejects, the
 * download rejects with a `LocalFileError` whose `cause` that is.
 */
export interface DownloadSink {
  /** Takes bytes; the buffer is used again once this has resolved. */
  write(chunk: Uint8Array): Promise<void>;
  /** All bytes came and were checked. */
  commit(): Promise<void>;
  /** The download failed, or was ended: nothing written may be taken for the file. Must not reject. */
  discard(error: Error): Promise<void>;
  /** Forgets all bytes: the file comes again from its beginning. Without it a download that has to do so fails. */
  restart?(): Promise<void>;
}

/** Opens a stream for the file's bytes from `start` on; it is called with 0, and again where the file comes anew. */
export type SinkOpener = (start: number) => WritableSink | Promise<WritableSink>;
export type WritableSink = Writable | WritableStream<Uint8Array>;

/** A local path; a stream, which is ended on success and destroyed on failure; a function that opens one; or a sink. */
export type DownloadTarget = string | WritableSink | SinkOpener | DownloadSink;

/** A sink as a download sees it. */
export interface OpenSink {
  /** Whether it can forget what it has. */
  readonly canRestart: boolean;
  /** What becomes of what it has where the download fails: kept for a later one, removed, or already somewhere else. */
  readonly atFailure: 'keeps' | 'removes' | 'passed-on';
  /** How what it holds from earlier is known to be of this very file: by the facts in its name, or not at all. */
  readonly holdsBy: 'facts' | 'nothing';
  /** Opens it for this file, and gives how many bytes of it are there already. */
  begin(remotePath: string, facts: RemoteFacts): Promise<number>;
  /** Those bytes. */
  held(): AsyncIterable<Uint8Array>;
  write(chunk: Uint8Array): Promise<void>;
  /** Forgets all; what comes from here on is of the file as it is now. */
  restart(remotePath: string, facts: RemoteFacts): Promise<void>;
  /** All is there and checked. With `modifiedAt`, sets that time. While it is under way, `discard` calls it off where that can be. */
  commit(modifiedAt: Date | undefined): Promise<TimesReport | undefined>;
  /** It failed. Never rejects; gives what is kept. */
  discard(error: Error): Promise<LeftBehind | undefined>;
}

/**
 * Opens the sink; rejects with `LocalFileError`, and with `ConfigError` for what is none and for options that only a
 * local path can follow.
 */
export async function openSink(to: DownloadTarget, options: ParsedDownloadOptions): Promise<OpenSink> {
  if (typeof to === 'string') return openLocalFileSink(to, options);
  for (const name of ['resume', 'preserveTimes', 'durable'] as const) {
    if (options[name] !== false) throw new ConfigError(`${name}: works with a local path only`);
  }
  return sinkOf(to);
}

/** Throws `ConfigError` for what is none. */
export function sinkOf(to: Exclude<DownloadTarget, string>): OpenSink {
  if (typeof to === 'function') return new OpenedStreamSink(to);
  if (has(to, 'write', 'commit', 'discard')) return new CallersSink(to as DownloadSink);
  const sink = streamSinkOf(to);
  if (sink !== undefined) return sink;
  throw new ConfigError('download: the target is a path, a writable stream, a function that opens one, or a sink');
}

class CallersSink extends FilelessSink {
  override readonly canRestart: boolean;
  readonly #sink: DownloadSink;
  #underWay: Promise<void> = Promise.resolve();
  #end: 'committed' | 'discarded' | undefined;

  constructor(sink: DownloadSink) {
    super();
    this.#sink = sink;
    this.canRestart = sink.restart !== undefined;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#call(() => this.#sink.write(chunk));
  }

  override restart(): Promise<void> {
    return this.#call(async () => {
      await this.#sink.restart?.();
    });
  }

  async commit(): Promise<undefined> {
    await this.#call(async () => {
      await this.#sink.commit();
      if (this.#end === 'discarded') throw new Error('the sink was told to discard what it had meanwhile');
      this.#end = 'committed';
    });
  }

  async discard(error: Error): Promise<undefined> {
    // One that hangs may wait for just this.
    await withDeadline('sink', { timeoutMs: SINK_CALL_PATIENCE_MS }, this.#underWay, () => undefined).catch(
      () => undefined,
    );
    if (this.#end !== undefined) return;
    this.#end = 'discarded';
    await this.#sink.discard(error);
  }

  /** Rejects with `LocalFileError` where what the caller wrote throws or rejects. */
  async #call(work: () => Promise<void>): Promise<void> {
    try {
      const working = (async () => work())();
      this.#underWay = working.catch(() => undefined);
      await working;
    } catch (error) {
      throw callersFailure('the sink to download to failed', undefined, error);
    }
  }
}
