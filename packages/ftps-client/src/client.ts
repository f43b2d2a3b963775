// The facade: one login, and what can be done with it.
import { EventEmitter } from 'node:events';
import type { Reply } from '@ftps-kit/ftp-protocol';
import type { EngineName, HandshakeSummary } from '@ftps-kit/tls-core';
import { anySignal } from './any-signal.js';
import {
  parseHashOptions,
  parseTreeOptions,
  type CallOptions,
  type HashOptions,
  type TreeOptions,
} from './call-options.js';
import { ClientCalls } from './client-calls.js';
import { announceNothing, announcerOf, type Announce, type ClientEvents } from './client-events.js';
import { parseClientOptions, type ClientOptions, type FtpsClientOptions } from './client-options.js';
import { outgoingPath } from './control/outgoing-command.js';
import { mayChangeFolder, rawCommand } from './control/raw-command.js';
import { isCompletion } from './errors.js';
import { download } from './files/download.js';
import {
  parseDownloadOptions,
  parseUploadOptions,
  type DownloadOptions,
  type UploadOptions,
} from './files/transfer-options.js';
import type { TransferResult } from './files/transfer-result.js';
import { upload } from './files/upload.js';
import type { DownloadTarget } from './local/download-sink.js';
import { letGoOfTarget } from './local/interruptible-sink.js';
import { letGoOfSource, type UploadInput } from './local/upload-source.js';
import { ClientLogin } from './login/client-login.js';
import type { Features } from './login/features.js';
import type { LoginContext } from './login/login-context.js';
import { workingFolder } from './remote/entering.js';
import { fileHash, type RemoteHash } from './remote/file-hash.js';
import type { Entry } from './remote/list-entry.js';
import { listEntries } from './remote/listing.js';
import { remoteExists, remoteStat } from './remote/remote-entry.js';
import { remoteSize } from './remote/remote-facts.js';
import { RemoteReadStream, RemoteWriteStream } from './remote/remote-stream.js';
import { remoteModifiedAt, setRemoteModified } from './remote/remote-time.js';
import { makeFolders, removeTree } from './remote/remote-tree.js';
import { allOf, checkWalkOptions, oneByOne, walkTree, type WalkEntry, type WalkOptions } from './remote/walk.js';

/**
 * A login on an FTP server, over TLS. Calls run one at a time, in the order they were made. Every call rejects with an
 * `FtpsError`; after most of them the client goes on. Where its control connection is lost, the call under way rejects,
 * and later ones reject with `ConnectionError`, or with `reconnect: true` log in again first.
 *
 * Remote paths are taken as they are: with a leading slash from the root, else from the working folder. A leading `~` or
 * `-` is a character of a name, and nobody's home folder or an option.
 */
export class FtpsClient extends EventEmitter<ClientEvents> implements AsyncDisposable {
  readonly engine: EngineName;
  readonly #login: ClientLogin;
  readonly #announce: Announce;
  readonly #calls: ClientCalls;

  private constructor({ engine, reconnect }: ClientOptions, login: ClientLogin) {
    super();
    this.engine = engine.name;
    this.#login = login;
    this.#announce = announcerOf(this);
    this.#calls = new ClientCalls(login, reconnect, this.#announce);
  }

  /**
   * Connects and logs in. Rejects with `ConfigError`, `ConnectionError`, `TimeoutError` (phases `connect`, `tls`,
   * `reply`), `AbortedError`, `CertificateError`, `HandshakeError`, `LoginError`, `ReplyError`, `ProtocolError` or
   * `PlaintextInjectionError`; nothing stays open then.
   */
  static async connect(options: FtpsClientOptions): Promise<FtpsClient> {
    // Nobody can listen before there is a client.
    let announce: Announce = announceNothing;
    const parsed = parseClientOptions(options, (name, event) => {
      announce(name, event);
    });
    const client = new FtpsClient(parsed, await ClientLogin.open(parsed));
    announce = client.#announce;
    client.#login.rest();
    return client;
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

  /** Whether the working folder was changed (`cwd`, and CWD and the like by `raw`) since the client logged in first. */
  get hasChangedFolder(): boolean {
    return this.#login.hasChangedFolder;
  }

  /**
   * Transfers under way, or waiting, from or to the caller's own code: a stream, an iterable, a function. Calls behind one
   * wait for that code.
   */
  get openStreams(): number {
    return this.#calls.openStreams;
  }

  /** Whether no call is under way, and none waits. */
  get isIdle(): boolean {
    return this.#calls.areOver;
  }

  /** Whether the control connection still stands. */
  get isOpen(): boolean {
    return !this.#calls.isClosed && this.#login.isOpen;
  }

  /**
   * The entries of `path`, or of the working folder, without `.` and `..`: MLSD where the server has it, else LIST. The
   * whole listing is read before the first entry is given (128 MB and two million lines at most, else `LimitError`): the
   * control connection is free then, and other calls may be made in the loop. Where lines of it cannot be read, what can be
   * is given first, and then it rejects with `IncompleteListingError`: whoever sees all entries without an error has all of
   * them.
   */
  async *list(path?: string, options: CallOptions = {}): AsyncGenerator<Entry, void, undefined> {
    yield* oneByOne(this.#calls.call(options, (context, signal) => listEntries(context, path, signal)));
  }

  /**
   * All entries below `path`, or below the working folder, those of one folder together. Links are given and not gone
   * through; a folder that lies within itself is not entered again. Each listing is a call of its own, so that others may
   * be made in the loop. Rejects with the first folder that cannot be listed, unless `onError` is given.
   */
  async *walk(path = '', options: WalkOptions = {}): AsyncGenerator<WalkEntry, void, undefined> {
    checkWalkOptions(options);
    const list = (folder: string | undefined, signal: AbortSignal) => allOf(this.list(folder, { signal }));
    yield* walkTree({ ...options, root: path, width: 1, list });
  }

  /**
   * What is at `path`: by MLST (RFC 3659 §7), else from the listing of its folder. Rejects with `NotFoundError`. A link is
   * told as the server tells it: by MLST many tell what it leads to.
   */
  stat(path: string, options: CallOptions = {}): Promise<Entry> {
    return this.#calls.call(options, (context, signal) => remoteStat(context, path, signal));
  }

  /** Whether the server shows something at `path`. What it hides from this user does not exist. */
  exists(path: string, options: CallOptions = {}): Promise<boolean> {
    return this.#calls.call(options, (context, signal) => remoteExists(context, path, signal));
  }

  /** The size of a remote file, bytes (SIZE, RFC 3659 §4). */
  size(path: string, options: CallOptions = {}): Promise<number> {
    return this.#calls.call(options, (context, signal) =>
      remoteSize(context.control, path, { timeoutMs: context.timeouts.replyMs, signal }),
    );
  }

  /**
   * The hash of a remote file, worked out by the server (HASH, or XSHA256 and the like), which reads the whole file for it:
   * a second is allowed for every 10 MB besides `timeouts.replyMs`. Rejects with `UnsupportedError` where the server has
   * not that algorithm.
   */
  async hash(path: string, options: HashOptions = {}): Promise<RemoteHash> {
    const { algorithm, rest } = parseHashOptions(options);
    return this.#calls.call(rest, (context, signal) => fileHash(context, path, { algorithm, signal }));
  }

  /** When it was modified: MDTM (RFC 3659 §3), else as `stat`. Rejects with `UnsupportedError` where nothing tells. */
  modifiedAt(path: string, options: CallOptions = {}): Promise<Date> {
    return this.#calls.call(options, (context, signal) => remoteModifiedAt(context, path, signal));
  }

  /**
   * Sets when it was modified, to the second: MFMT (draft-somers-ftp-mfxx), else MDTM with a time. Rejects with
   * `UnsupportedError` where the server takes neither.
   */
  setModified(path: string, time: Date, options: CallOptions = {}): Promise<void> {
    return this.#calls.call(options, (context, signal) => setRemoteModified(context, path, time, signal));
  }

  /**
   * Downloads a file. A local path gets the file under its name only once it is whole and checked. A stream is ended on
   * success and destroyed on failure, as `stream.pipeline` does, also where the download never begins. Resolves after the
   * data connection's end, the final reply and the check (`verify`); rejects with `TransferError`, `VerificationError`,
   * `ReplyError` (no such file), `NotResumedError`, `LocalFileError` and those of `connect`.
   */
  download(remotePath: string, sink: DownloadTarget, options: DownloadOptions = {}): Promise<TransferResult> {
    const subject = { direction: 'download', remotePath } as const;
    return this.#calls.transfer(
      { subject, end: sink, letGo: letGoOfTarget, options: () => parseDownloadOptions(options) },
      (logins, given, observed) => download(logins, remotePath, given, observed),
    );
  }

  /**
   * Uploads a file from a local path, from bytes, from a stream of them, or from a function that opens one. Resolves and
   * rejects as `download` does, and with `RenameError` where an atomic upload is whole and did not get its name.
   */
  upload(source: UploadInput, remotePath: string, options: UploadOptions = {}): Promise<TransferResult> {
    const subject = { direction: 'upload', remotePath } as const;
    return this.#calls.transfer(
      { subject, end: source, letGo: letGoOfSource, options: () => parseUploadOptions(options) },
      (logins, given, observed) => upload(logins, given, remotePath, observed),
    );
  }

  /**
   * A download as a stream. It ends when the file is whole and checked, and is destroyed with the error of `download`
   * where it fails; `result` is what `download` gives. While nobody reads, the calls behind it wait; destroyed early, it
   * ends the download.
   */
  createReadStream(remotePath: string, options: DownloadOptions = {}): RemoteReadStream {
    return new RemoteReadStream(async (sink, ends) => {
      const parsed = parseDownloadOptions(options);
      return this.download(remotePath, sink, { ...parsed, signal: anySignal(parsed.signal, ends) });
    });
  }

  /**
   * An upload as a stream. It finishes when the file is whole and checked, and is destroyed with the error of `upload`
   * where it fails; `result` is what `upload` gives. Until it is ended, the calls behind it wait.
   */
  createWriteStream(remotePath: string, options: UploadOptions = {}): RemoteWriteStream {
    return new RemoteWriteStream(async (source, ends) => {
      const parsed = parseUploadOptions(options);
      return this.upload(source, remotePath, { ...parsed, signal: anySignal(parsed.signal, ends) });
    });
  }

  /**
   * Makes a folder (MKD). With `recursive` also those around it that are missing, and one that is there already is as good
   * as made; without it that is a `ReplyError`.
   */
  async mkdir(path: string, options: TreeOptions = {}): Promise<void> {
    const { recursive, rest } = parseTreeOptions(options);
    if (!recursive) return this.#pathCall('MKD', path, rest);
    return this.#calls.call(rest, (context, signal) => makeFolders(context, path, signal));
  }

  /** Removes a file or a link (DELE). */
  remove(path: string, options: CallOptions = {}): Promise<void> {
    return this.#pathCall('DELE', path, options);
  }

  /**
   * Removes an empty folder (RMD). With `recursive` whatever is in it too: links are removed and not gone through, and what
   * somebody else removes at the same time is gone too. Rejects with the first refusal, and what is left then is whole.
   */
  async removeDirectory(path: string, options: TreeOptions = {}): Promise<void> {
    const { recursive, rest } = parseTreeOptions(options);
    if (!recursive) return this.#pathCall('RMD', path, rest);
    return removeTree(this, path, { ...rest, width: 1 });
  }

  /** Renames, or moves (RNFR, RNTO). What stands under the new name may be replaced; that is for the server to say. */
  rename(from: string, to: string, options: CallOptions = {}): Promise<void> {
    return this.#calls.call(options, async ({ control, timeouts }, signal) => {
      const steps = [outgoingPath('RNFR', from), outgoingPath('RNTO', to)];
      for (const step of steps) await control.demand(step, { timeoutMs: timeouts.replyMs, signal });
    });
  }

  /** The working folder (PWD), from which paths without a leading slash are meant. */
  pwd(options: CallOptions = {}): Promise<string> {
    return this.#calls.call(options, workingFolder);
  }

  /**
   * Makes `path` the working folder (CWD); a login that is opened again begins there. Where this rejects, the working folder
   * is the one before, also on a login that is opened again. Once CWD is sent, the signal no longer ends it: nobody would know
   * where the login is.
   */
  async cwd(path: string, options: CallOptions = {}): Promise<void> {
    const command = outgoingPath('CWD', path);
    const move = async ({ control, timeouts }: LoginContext): Promise<void> => {
      await control.demand(command, { timeoutMs: timeouts.replyMs });
      await this.#login.folderChanged(command);
    };
    await this.#calls.call(options, move, command);
  }

  /**
   * Sends any other command and gives its final reply, whatever its code. Rejects with `ConfigError` for the verbs that
   * move data or change what this client keeps track of. CWD and the like are not ended by the signal, as in `cwd`.
   */
  async raw(verb: string, argument?: string, options: CallOptions = {}): Promise<Reply> {
    const command = rawCommand(verb, argument);
    const maySwitch = mayChangeFolder(command);
    const send = async ({ control, timeouts }: LoginContext, signal: AbortSignal | undefined): Promise<Reply> => {
      const reply = await control.run(command, { timeoutMs: timeouts.replyMs, signal: maySwitch ? undefined : signal });
      if (maySwitch && isCompletion(reply)) await this.#login.folderChanged(command);
      return reply;
    };
    return this.#calls.call(options, send, command);
  }

  /**
   * Says QUIT and closes the connection, within `timeouts.closeMs`. A call under way is broken off. Never rejects, also
   * where the connection is gone. Every later call rejects with `ConnectionError`.
   */
  close(): Promise<void> {
    return this.#calls.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pathCall(verb: string, path: string, options: CallOptions): Promise<void> {
    return this.#calls.call(options, async ({ control, timeouts }, signal) => {
      await control.demand(outgoingPath(verb, path), { timeoutMs: timeouts.replyMs, signal });
    });
  }
}
