// What of a download its sink has: the file's first bytes, their hash, and whether they are of this very file.
import { RemoteChangedError } from '../errors.js';
import type { OpenSink } from '../local/download-sink.js';
import type { LoginContext } from '../login/login-context.js';
import { printable } from '../printable.js';
import type { RemoteFacts } from '../remote/remote-facts.js';
import { remotePrefixHash } from '../remote/remote-hash.js';
import { StreamHash } from './hash-algorithm.js';
import { FROM_THE_BEGINNING, type Start } from './transfer-start.js';
import type { Check } from './verify.js';

/** Where they go, and for which file. */
export interface HeldFile {
  readonly path: string;
  readonly sink: OpenSink;
  /** What is there in place may be a file of the caller's: it stays until something comes instead. */
  readonly isInPlace: boolean;
}

export class HeldBytes {
  readonly #file: HeldFile;
  #count = 0;
  #isRefuted = false;
  #hash: StreamHash | undefined;
  #start: Start = FROM_THE_BEGINNING;
  /** Of the remote file, as it was when the bytes came. */
  #facts: RemoteFacts = { sizeBytes: undefined, modifiedAt: undefined };
  /** How many of them the transfer under way is to bring again; 0 once the first of these has come. */
  #comesAgain = 0;

  constructor(file: HeldFile) {
    this.#file = file;
  }

  get count(): number {
    return this.#count;
  }

  /** Of all of them, where that is worked out. */
  get hash(): StreamHash | undefined {
    return this.#hash;
  }

  /** Whether they are of another file, and are there only until the first byte of this one comes. */
  get isRefuted(): boolean {
    return this.#isRefuted;
  }

  /** Where the last piece of them began, and why what lies before belongs to it. */
  get start(): Start {
    return this.#start;
  }

  /** What was received is not written yet, and what nobody proved to be of this file is not of it for certain. */
  get safeBytes(): number {
    return this.#isRefuted || this.#start.prefix === 'unchecked' ? 0 : this.#count;
  }

  /** Whether their name says of what file they are, or are to be. */
  get areNamedByFacts(): boolean {
    return this.#file.sink.holdsBy === 'facts';
  }

  /** Whether they can be let go of for another piece. */
  get canRestart(): boolean {
    return this.#file.sink.canRestart;
  }

  /** Opens the sink: some may be there from earlier. */
  async begin(facts: RemoteFacts): Promise<void> {
    this.#count = await this.#file.sink.begin(this.#file.path, facts);
  }

  /** Works out the hash of those that will come; `hashThere` that of those that came. */
  hashBy({ hash }: Check): void {
    if (hash !== undefined) this.#hash = new StreamHash(hash.algorithm);
  }

  async hashThere(): Promise<void> {
    if (this.#hash === undefined) return;
    let at = 0;
    for await (const chunk of this.#file.sink.held()) {
      this.#hash.update(chunk, at);
      at += chunk.length;
    }
  }

  /** Compares with the server's hash of as many bytes; undefined where that cannot be had. */
  async compare(
    context: LoginContext,
    { hash }: Check,
    signal: AbortSignal | undefined,
  ): Promise<'hash' | 'differs' | undefined> {
    if (hash === undefined || this.#hash?.bytes !== this.#count) return undefined;
    const file = { path: this.#file.path, bytes: this.#count };
    const value = await remotePrefixHash(context, hash, file, signal);
    if (value === undefined) return undefined;
    return value === this.#hash.value() ? 'hash' : 'differs';
  }

  /** They are of another file than this one. */
  refute(facts: RemoteFacts): Promise<Start> {
    this.#isRefuted = this.#file.isInPlace && this.canRestart;
    return this.#isRefuted ? Promise.resolve(FROM_THE_BEGINNING) : this.startOver(facts);
  }

  /** Lets go of them. Rejects with `RemoteChangedError` where that cannot be. */
  async startOver(facts = this.#facts): Promise<Start> {
    const { sink, path } = this.#file;
    if (!sink.canRestart) {
      throw new RemoteChangedError(
        `${printable(path)} is not known to be the file that ${this.#count} bytes came of, and the stream cannot take them ` +
          'back: download to a path, or give a function that opens the stream',
        { bytes: this.#count, safeBytes: 0, resumable: false },
      );
    }
    await sink.restart(path, facts);
    this.#count = 0;
    this.#isRefuted = false;
    this.#hash?.restart();
    this.#start = FROM_THE_BEGINNING;
    return FROM_THE_BEGINNING;
  }

  /** The next piece is of the file as `facts` have it. */
  goOn(start: Start, facts: RemoteFacts): void {
    this.#start = start;
    this.#facts = facts;
  }

  /** A transfer begins here. */
  expectFrom(offset: number): void {
    this.#start = { ...this.#start, offset };
    this.#comesAgain = this.#count - offset;
  }

  /** Whether a transfer that was to bring some of them again has brought nothing. */
  get areAwaited(): boolean {
    return this.#comesAgain > 0;
  }

  /**
   * The next bytes of the transfer. Of what is there and comes again, one byte is left out; more is let go of, but not before
   * the first of it has come: an end without a byte may be that of a server that broke off, and says so on the control
   * connection.
   */
  async take(chunk: Uint8Array): Promise<void> {
    if (chunk.length === 0) return;
    const isLastByte = this.#comesAgain === 1 && !this.#isRefuted;
    const fresh = chunk.subarray(isLastByte ? 1 : 0);
    if (this.#comesAgain > 0 && !isLastByte) await this.startOver();
    this.#comesAgain = 0;
    this.#hash?.update(fresh, this.#count);
    await this.#file.sink.write(fresh);
    this.#count += fresh.length;
  }
}
