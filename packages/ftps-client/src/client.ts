// The facade: one login, and what can be done with it.
import type { Readable, Writable } from 'node:stream';
import type { Reply } from '@ftps-kit/ftp-protocol';
import { ConfigError, ConnectionError, type EngineName, type HandshakeSummary } from '@ftps-kit/tls-core';
import { parseClientOptions, type ClientOptions, type FtpsClientOptions } from './client-options.js';
import { ClientLogin } from './client-login.js';
import type { ReplyDeadline } from './control-connection.js';
import { download } from './download.js';
import type { DownloadSink } from './download-sink.js';
import { isNegative } from './errors.js';
import type { Features } from './features.js';
import type { Entry } from './list-entry.js';
import { listEntries } from './listing.js';
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

/** Verbs after which the working folder is another one. */
const FOLDER_VERBS: readonly string[] = ['CWD', 'CDUP', 'XCWD', 'XCUP', 'SMNT'];

/**
 * A login on an FTP server, over TLS. Calls run one at a time, in the order they were made. Every call rejects with an
 * `FtpsError`; after most of them the client goes on. Where its control connection is lost, the call under way rejects,
 * and later ones reject with `ConnectionError`, or with `reconnect: true` log in again first.
 */
export class FtpsClient implements AsyncDisposable {
  readonly engine: EngineName;
  readonly #reconnects: boolean;
  readonly #login: ClientLogin;
  readonly #turns = new TurnQueue();
  #closing: Promise<void> | undefined;

  private constructor({ engine, reconnect }: ClientOptions, login: ClientLogin) {
    this.engine = engine.name;
    this.#reconnects = reconnect;
    this.#login = login;
  }

  /**
   * Connects and logs in. Rejects with `ConfigError`, `ConnectionError`, `TimeoutError` (phases `connect`, `tls`,
   * `reply`), `AbortedError`, `CertificateError`, `HandshakeError`, `LoginError`, `ReplyError`, `ProtocolError` or
   * `PlaintextInjectionError`; nothing stays open then.
   */
  static async connect(options: FtpsClientOptions): Promise<FtpsClient> {
    const parsed = parseClientOptions(options);
    return new FtpsClient(parsed, await ClientLogin.open(parsed));
  }

  /** Of the control connection; undefined on plain FTP. */
  get handshake(): HandshakeSummary | undefined {
    return this.#login.current.handshake;
  }

  get features(): Features {
    return this.#login.current.features;
  }

  get greeting(): Reply {
    return this.#login.current.greeting;
  }

  /** Whether the control connection still stands. */
  get isOpen(): boolean {
    return this.#closing === undefined && this.#login.isOpen;
  }

  /**
   * The entries of `path`, or of the current folder, without `.` and `..`: MLSD where the server has it, else LIST. The
   * whole listing is read before the first entry is given, so other calls may be made in the loop.
   */
  async *list(path?: string, { signal }: CallOptions = {}): AsyncGenerator<Entry, void, undefined> {
    yield* await this.#call(signal, (context) => listEntries(context, path, signal));
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
    return this.#call(options.signal, (context) => download(context, remotePath, sink, options));
  }

  /** Uploads a file from a local path, from bytes, or from a stream of them. Resolves and rejects as `download` does. */
  upload(
    source: string | Uint8Array | Readable | AsyncIterable<Uint8Array>,
    remotePath: string,
    options: TransferOptions = {},
  ): Promise<TransferResult> {
    return this.#call(options.signal, (context) => upload(context, source, remotePath, options));
  }

  /** The size of a remote file, bytes (RFC 3659 §4). */
  size(path: string, { signal }: CallOptions = {}): Promise<number> {
    return this.#call(signal, (context) => remoteSize(context.control, path, deadline(context, signal)));
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
    return this.#call(signal, async (context) => {
      const steps = [outgoingPath('RNFR', from), outgoingPath('RNTO', to)];
      for (const step of steps) await context.control.demand(step, deadline(context, signal));
    });
  }

  /**
   * Sends any other command and gives its final reply, whatever its code. Rejects with `ConfigError` for the verbs that
   * move data or change what this client keeps track of.
   */
  raw(verb: string, argument?: string, { signal }: CallOptions = {}): Promise<Reply> {
    return this.#call(signal, async (context) => {
      if (KEPT_VERBS.includes(verb.toUpperCase())) {
        throw new ConfigError(`raw: ${verb} is not for sending by hand; the client keeps track of it`);
      }
      const reply = await context.control.run(outgoing(verb, argument), deadline(context, signal));
      if (FOLDER_VERBS.includes(verb.toUpperCase()) && !isNegative(reply)) await this.#login.folderChanged(signal);
      return reply;
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
    await this.#login.close({ farewell: this.#turns.isIdle });
  }

  #pathCall(verb: string, path: string, { signal }: CallOptions): Promise<void> {
    return this.#call(signal, async (context) => {
      await context.control.demand(outgoingPath(verb, path), deadline(context, signal));
    });
  }

  #call<T>(signal: AbortSignal | undefined, work: (context: LoginContext) => Promise<T>): Promise<T> {
    return this.#turns.take(signal, async () => {
      if (this.#closing !== undefined) throw new ConnectionError('the client is closed');
      return work(this.#reconnects ? await this.#login.ensureOpen(signal) : this.#login.current);
    });
  }
}

function deadline({ timeouts }: LoginContext, signal: AbortSignal | undefined): ReplyDeadline {
  return { timeoutMs: timeouts.replyMs, signal };
}
