// The facade: one login, and what can be done with it.
import type { Readable, Writable } from 'node:stream';
import type { Reply } from '@ftps-kit/ftp-protocol';
import { ConfigError, ConnectionError, type EngineName, type HandshakeSummary } from '@ftps-kit/tls-core';
import { parseClientOptions, type ClientOptions, type FtpsClientOptions } from './client-options.js';
import { openControl, type OpenedControl } from './control-opener.js';
import { DataConnections } from './data-connection.js';
import { download } from './download.js';
import type { DownloadSink } from './download-sink.js';
import { negotiateFeatures, type Features } from './features.js';
import type { Entry } from './list-entry.js';
import { Lister } from './listing.js';
import { logIn, protectData } from './login.js';
import { outgoing, outgoingPath } from './outgoing-command.js';
import type { CallOptions, TransferOptions, TransferResult } from './transfer-result.js';
import type { LoginContext } from './transfer.js';
import { TurnQueue } from './turn-queue.js';
import { upload } from './upload.js';
import { remoteSize } from './verify.js';

/** Verbs that move data, or change what this client keeps track of: `raw` does not send them. */
const KEPT_VERBS: readonly string[] = [
  ...['RETR', 'STOR', 'STOU', 'APPE', 'LIST', 'NLST', 'MLSD', 'PORT', 'EPRT', 'PASV', 'EPSV', 'ABOR', 'REST'],
  ...['AUTH', 'CCC', 'PBSZ', 'PROT', 'USER', 'PASS', 'ACCT', 'REIN', 'QUIT', 'TYPE', 'MODE', 'STRU'],
];

/**
 * A login on an FTP server, over TLS. Calls run one at a time, in the order they were made. Every call rejects with an
 * `FtpsError`; after most of them the client goes on, and where its control connection is lost, every later call rejects
 * with `ConnectionError`.
 */
export class FtpsClient implements AsyncDisposable {
  readonly engine: EngineName;
  /** Of the control connection; undefined on plain FTP. */
  readonly handshake: HandshakeSummary | undefined;
  readonly features: Features;
  readonly greeting: Reply;
  readonly #context: LoginContext;
  readonly #lister: Lister;
  readonly #turns = new TurnQueue();
  #closing: Promise<void> | undefined;

  private constructor(options: ClientOptions, { greeting, protection }: OpenedControl, context: LoginContext) {
    this.engine = options.engine.name;
    this.handshake = protection?.handshake;
    this.features = context.features;
    this.greeting = greeting;
    this.#context = context;
    this.#lister = new Lister(context);
  }

  /**
   * Connects and logs in. Rejects with `ConfigError`, `ConnectionError`, `TimeoutError` (phases `connect`, `tls`,
   * `reply`), `AbortedError`, `CertificateError`, `HandshakeError`, `LoginError`, `ReplyError`, `ProtocolError` or
   * `PlaintextInjectionError`; nothing stays open then.
   */
  static async connect(options: FtpsClientOptions): Promise<FtpsClient> {
    const parsed = parseClientOptions(options);
    const opened = await openControl(parsed);
    const { control, protection } = opened;
    const { timeouts, signal, onNotResumed } = parsed;
    const deadline = { timeoutMs: timeouts.replyMs, signal };
    try {
      await logIn(control, parsed.credentials, deadline);
      if (protection !== undefined) await protectData(control, deadline);
      const features = await negotiateFeatures(control, deadline);
      // RFC 959 §3.1.1: without it files are ASCII, and SIZE counts other bytes than RETR moves.
      await control.demand(outgoing('TYPE', 'I'), deadline);
      const data = new DataConnections(control, protection, parsed);
      return new FtpsClient(parsed, opened, { control, data, features, timeouts, onNotResumed });
    } catch (error) {
      control.destroy(error instanceof Error ? error : new ConnectionError(String(error)));
      throw error;
    }
  }

  /** Whether the control connection still stands. */
  get isOpen(): boolean {
    return this.#closing === undefined && !this.#context.control.isLost;
  }

  /**
   * The entries of `path`, or of the current folder, without `.` and `..`: MLSD where the server has it, else LIST. The
   * whole listing is read before the first entry is given, so other calls may be made in the loop.
   */
  async *list(path?: string, { signal }: CallOptions = {}): AsyncGenerator<Entry, void, undefined> {
    yield* await this.#call(signal, () => this.#lister.list(path, signal));
  }

  /**
   * Downloads a file. A local path gets the file under its name only once it is whole and checked. A stream is ended on
   * success and destroyed on failure, as `stream.pipeline` does. Resolves after the data connection's end, the final
   * reply and the comparison of sizes; rejects with `TransferError`, `VerificationError`, `ReplyError` (no such file),
   * `NotResumedError`, `LocalFileError` and those of `connect`.
   */
  download(
    remotePath: string,
    sink: string | Writable | DownloadSink,
    options: TransferOptions = {},
  ): Promise<TransferResult> {
    return this.#call(options.signal, () => download(this.#context, remotePath, sink, options));
  }

  /** Uploads a file from a local path, from bytes, or from a stream of them. Resolves and rejects as `download` does. */
  upload(
    source: string | Uint8Array | Readable | AsyncIterable<Uint8Array>,
    remotePath: string,
    options: TransferOptions = {},
  ): Promise<TransferResult> {
    return this.#call(options.signal, () => upload(this.#context, source, remotePath, options));
  }

  /** The size of a remote file, bytes (RFC 3659 §4). */
  size(path: string, { signal }: CallOptions = {}): Promise<number> {
    return this.#call(signal, () => remoteSize(this.#context.control, path, this.#deadline(signal)));
  }

  /** Makes a folder (MKD). */
  mkdir(path: string, options: CallOptions = {}): Promise<void> {
    return this.#pathCall('MKD', path, options);
  }

  /** Removes a file (DELE). */
  remove(path: string, options: CallOptions = {}): Promise<void> {
    return this.#pathCall('DELE', path, options);
  }

  /** Removes an empty folder (RMD). */
  removeDirectory(path: string, options: CallOptions = {}): Promise<void> {
    return this.#pathCall('RMD', path, options);
  }

  /** Renames, or moves (RNFR, RNTO). What stands under the new name may be replaced; that is for the server to say. */
  rename(from: string, to: string, { signal }: CallOptions = {}): Promise<void> {
    return this.#call(signal, async () => {
      const { control } = this.#context;
      const steps = [outgoingPath('RNFR', from), outgoingPath('RNTO', to)];
      for (const step of steps) await control.demand(step, this.#deadline(signal));
    });
  }

  /**
   * Sends any other command and gives its final reply, whatever its code. Rejects with `ConfigError` for the verbs that
   * move data or change what this client keeps track of.
   */
  raw(verb: string, argument?: string, { signal }: CallOptions = {}): Promise<Reply> {
    return this.#call(signal, () => {
      if (KEPT_VERBS.includes(verb.toUpperCase())) {
        throw new ConfigError(`raw: ${verb} is not for sending by hand; the client keeps track of it`);
      }
      return this.#context.control.run(outgoing(verb, argument), this.#deadline(signal));
    });
  }

  /**
   * Says QUIT and closes the connection, within `timeouts.closeMs`. A call under way is broken off. Never rejects, also
   * where the connection is gone.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { control, timeouts } = this.#context;
    if (this.#turns.isIdle && !control.isLost) await control.quit(outgoing('QUIT'), timeouts.closeMs);
    else control.destroy(new ConnectionError('the client was closed'));
  }

  #pathCall(verb: string, path: string, { signal }: CallOptions): Promise<void> {
    return this.#call(signal, async () => {
      await this.#context.control.demand(outgoingPath(verb, path), this.#deadline(signal));
    });
  }

  #call<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(signal, () => {
      if (this.#closing !== undefined) throw new ConnectionError('the client is closed');
      return work();
    });
  }

  #deadline(signal: AbortSignal | undefined) {
    return { timeoutMs: this.#context.timeouts.replyMs, signal };
  }
}
