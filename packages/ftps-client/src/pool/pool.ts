// Many logins on one server, lent to whoever has work for one.
import { EventEmitter, setMaxListeners } from 'node:events';
import { AbortedError } from '@ftps-kit/tls-core';
import { waitingTime } from '@ftps-kit/tls-core/internal';
import { anySignal } from '../any-signal.js';
import {
  checkCallOptions,
  parseHashOptions,
  parseTreeOptions,
  type CallOptions,
  type HashOptions,
  type TreeOptions,
} from '../call-options.js';
import { FtpsClient } from '../client.js';
import { announcerOf } from '../client-events.js';
import { parseClientOptions, type FtpsClientOptions } from '../client-options.js';
import { ReplyError } from '../errors.js';
import { parseRetry, withAttempts } from '../files/retry.js';
import {
  parseDownloadOptions,
  parseUploadOptions,
  type DownloadOptions,
  type UploadOptions,
} from '../files/transfer-options.js';
import type { TransferResult } from '../files/transfer-result.js';
import { POOL_RETRY } from '../limits.js';
import type { DownloadTarget } from '../local/download-sink.js';
import { giving, isCallersCode } from '../local/given-stream.js';
import { letGoOfTarget } from '../local/interruptible-sink.js';
import { letGoOfSource, type UploadInput } from '../local/upload-source.js';
import type { RemoteHash } from '../remote/file-hash.js';
import type { Entry } from '../remote/list-entry.js';
import { removeTree } from '../remote/remote-tree.js';
import { allOf, checkWalkOptions, oneByOne, walkTree, type WalkEntry, type WalkOptions } from '../remote/walk.js';
import { Lending, type LendOptions } from './lending.js';
import type { PoolEvents, PoolMetrics } from './pool-events.js';
import { parsePoolOptions, type PoolOptions } from './pool-options.js';
import { PooledClient } from './pooled-client.js';

const ATTEMPTS = { policy: parseRetry(POOL_RETRY), onAttempt: undefined };

/** RFC 959 §4.2.2: "service not available, closing control connection", and "not logged in", which many say for too many. */
const NO_MORE_LOGINS: readonly number[] = [421, 530];

const NO_MORE = 'the server grants no more logins than stand';

/** How a pool ends. */
export interface PoolCloseOptions {
  /** How long the calls that were made may still take, milliseconds; then they are broken off. Default: as long as it takes. */
  readonly graceMs?: number | undefined;
  /** Breaks them off when it fires. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Logins that are opened as they are needed, up to `size`, each with its own control connection and TLS tickets. Calls get
 * one in the order they were made. A login that was lost is replaced; where the server grants fewer than `size`, the pool
 * goes on with those (event `shrink`).
 *
 * Within `run` a call of the same pool never waits for a login that its own caller holds: it takes an idle one or opens
 * one, and where there can be none it works on the caller's. Where that is taken by a stream of the caller's own, and all
 * others are too, the call rejects with `PoolExhaustedError`.
 */
export class FtpsPool extends EventEmitter<PoolEvents> implements AsyncDisposable {
  readonly #lending: Lending<PooledClient>;
  readonly #width: number;

  /** Opens nothing yet. Throws `ConfigError`. */
  constructor(options: FtpsClientOptions, poolOptions: PoolOptions = {}) {
    super();
    const settings = parsePoolOptions(poolOptions);
    const { host, port, credentials, memory } = parseClientOptions(options);
    const tell = announcerOf<PoolEvents>(this);
    this.#width = settings.size;
    this.#lending = new Lending({
      settings,
      open: (ending, isAlone) => {
        const signal = anySignal(ending, options.signal);
        return withAttempts(
          // Where others work, a refusal says that there can be no more of them.
          {
            ...ATTEMPTS,
            signal,
            obstacle: (error) => (isAlone() || !(error instanceof ReplyError) ? undefined : NO_MORE),
          },
          () =>
            memory
              .traitsOf(host, port)
              .refusals.inTurn(
                credentials.fingerprint,
                signal,
                async () =>
                  new PooledClient(await FtpsClient.connect({ ...options, memory, signal }), options.reconnect),
              ),
        );
      },
      isRefusal: (error) => error instanceof ReplyError && NO_MORE_LOGINS.includes(error.reply.code),
      onOpen: ({ client }) => {
        tell('open', client);
      },
      onDrop: (event) => {
        tell('drop', event);
      },
      onShrink: (event) => {
        tell('shrink', event);
      },
      onGrow: (event) => {
        tell('grow', event);
      },
    });
  }

  /** How many logins there are and what they do, and how many calls wait. */
  get metrics(): PoolMetrics {
    return this.#lending.members.metrics;
  }

  /**
   * Lends a login to `work`, and takes it back when that is done. Rejects as `work` does, with `AbortedError` or
   * `TimeoutError` (phase `acquire`) where none was free in time, as `FtpsClient.connect` where none could be opened (a
   * transient error is tried three times, and for 30 seconds where logins stood before), and with `ConnectionError` once the
   * pool is closed. The signal ends the waiting; `work` sees to its own.
   */
  async run<T>(work: (client: FtpsClient) => Promise<T>, options: CallOptions = {}): Promise<T> {
    checkCallOptions(options);
    return this.#run(work, { signal: options.signal, isStreamed: false });
  }

  /** As `FtpsClient.download`, on a login that is free. */
  download(remotePath: string, target: DownloadTarget, options: DownloadOptions = {}): Promise<TransferResult> {
    const isStreamed = isCallersCode(target);
    return giving(target, letGoOfTarget, async (given) => {
      const { signal } = parseDownloadOptions(options);
      return this.#run((client) => client.download(remotePath, given.take(), options), { signal, isStreamed });
    });
  }

  /** As `FtpsClient.upload`, on a login that is free. */
  upload(source: UploadInput, remotePath: string, options: UploadOptions = {}): Promise<TransferResult> {
    const isStreamed = isCallersCode(source);
    return giving(source, letGoOfSource, async (given) => {
      const { signal } = parseUploadOptions(options);
      return this.#run((client) => client.upload(given.take(), remotePath, options), { signal, isStreamed });
    });
  }

  /** As `FtpsClient.list`; the login is given back before the first entry comes. */
  async *list(path?: string, options: CallOptions = {}): AsyncGenerator<Entry, void, undefined> {
    yield* oneByOne(this.#ask((client) => allOf(client.list(path, options)), options));
  }

  /** As `FtpsClient.walk`, with as many folders listed at a time as the pool has logins; their order is left to chance. */
  async *walk(path = '', options: WalkOptions = {}): AsyncGenerator<WalkEntry, void, undefined> {
    checkWalkOptions(options);
    const list = (folder: string | undefined, signal: AbortSignal) => allOf(this.list(folder, { signal }));
    yield* walkTree({ ...options, root: path, width: this.#width, list });
  }

  /** As `FtpsClient.stat`. */
  stat(path: string, options: CallOptions = {}): Promise<Entry> {
    return this.#ask((client) => client.stat(path, options), options);
  }

  /** As `FtpsClient.exists`. */
  exists(path: string, options: CallOptions = {}): Promise<boolean> {
    return this.#ask((client) => client.exists(path, options), options);
  }

  /** As `FtpsClient.size`. */
  size(path: string, options: CallOptions = {}): Promise<number> {
    return this.#ask((client) => client.size(path, options), options);
  }

  /** As `FtpsClient.modifiedAt`. */
  modifiedAt(path: string, options: CallOptions = {}): Promise<Date> {
    return this.#ask((client) => client.modifiedAt(path, options), options);
  }

  /** As `FtpsClient.hash`. */
  async hash(path: string, options: HashOptions = {}): Promise<RemoteHash> {
    const { rest } = parseHashOptions(options);
    return this.#ask((client) => client.hash(path, options), rest);
  }

  /** As `FtpsClient.setModified`. */
  setModified(path: string, time: Date, options: CallOptions = {}): Promise<void> {
    return this.run((client) => client.setModified(path, time, options), options);
  }

  /** As `FtpsClient.mkdir`. */
  async mkdir(path: string, options: TreeOptions = {}): Promise<void> {
    const { rest } = parseTreeOptions(options);
    return this.run((client) => client.mkdir(path, options), rest);
  }

  /** As `FtpsClient.remove`. */
  remove(path: string, options: CallOptions = {}): Promise<void> {
    return this.run((client) => client.remove(path, options), options);
  }

  /** As `FtpsClient.removeDirectory`; what is in a tree is removed on all logins at a time. */
  async removeDirectory(path: string, options: TreeOptions = {}): Promise<void> {
    const { recursive, rest } = parseTreeOptions(options);
    if (!recursive) return this.run((client) => client.removeDirectory(path, rest), rest);
    return removeTree(this, path, { ...rest, width: this.#width });
  }

  /** As `FtpsClient.rename`. */
  rename(from: string, to: string, options: CallOptions = {}): Promise<void> {
    return this.run((client) => client.rename(from, to, options), options);
  }

  /**
   * Takes no new calls, does all that were made, also those that still wait for a login, and says QUIT on every login. Calls
   * within those go on being taken. What is left when `graceMs` are over or `signal` fires is broken off, with
   * `ConnectionError`. Within `run` it does not wait for the work that it was called in. Never rejects, but for `ConfigError`.
   */
  async close(options: PoolCloseOptions = {}): Promise<void> {
    checkCallOptions(options, ['graceMs', 'signal'] satisfies (keyof PoolCloseOptions)[]);
    const { graceMs, signal = new AbortController().signal } = options;
    if (graceMs === undefined) return this.#lending.close(signal);
    const grace = new AbortController();
    const timer = setTimeout(
      () => {
        grace.abort();
      },
      waitingTime('graceMs', graceMs),
    );
    try {
      await this.#lending.close(AbortSignal.any([signal, grace.signal]));
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run<T>(work: (client: FtpsClient) => Promise<T>, options: LendOptions): Promise<T> {
    // One signal for a thousand calls is no leak.
    const { signal } = options;
    if (signal !== undefined) setMaxListeners(0, signal);
    if (signal?.aborted === true) throw new AbortedError('aborted before it began', { cause: signal.reason });
    return this.#lending.run(({ client }) => work(client), options);
  }

  /** What only asks can be asked again where the login that was lent for it failed. That there was none to lend is final. */
  async #ask<T>(work: (client: FtpsClient) => Promise<T>, options: CallOptions): Promise<T> {
    checkCallOptions(options);
    const { signal } = options;
    const once = async (): Promise<Asked<T>> => {
      const put = async (client: FtpsClient): Promise<Put<T>> => {
        try {
          return { answer: await work(client) };
        } catch (failure) {
          return { failure };
        }
      };
      const asked = await this.run(put, options).catch((noLogin: unknown) => ({ noLogin }));
      if ('failure' in asked) throw asked.failure;
      return asked;
    };
    const asked = await withAttempts({ ...ATTEMPTS, signal, obstacle: () => undefined }, once);
    if ('noLogin' in asked) throw asked.noLogin;
    return asked.answer;
  }
}

/** What a question came to that was put to a login. */
type Put<T> = { readonly answer: T } | { readonly failure: unknown };
/** What it came to without a failure there. */
type Asked<T> = { readonly answer: T } | { readonly noLogin: unknown };
