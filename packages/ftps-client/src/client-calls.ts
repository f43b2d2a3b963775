// How the calls of a client get at its login: one at a time, in the order they were made, and each on one that stands.
import { ConnectionError } from '@ftps-kit/tls-core';
import { checkCallOptions, type CallOptions } from './call-options.js';
import type { Announce, TransferSubject } from './client-events.js';
import type { OutgoingCommand } from './control/outgoing-command.js';
import { announcing } from './files/announced-transfer.js';
import { loginsOf, type Logins } from './files/transfer-logins.js';
import type { ParsedTransferOptions } from './files/transfer-options.js';
import type { TransferResult } from './files/transfer-result.js';
import { giving, isCallersCode, type Given } from './local/given-stream.js';
import type { ClientLogin } from './login/client-login.js';
import type { LoginContext } from './login/login-context.js';
import { TurnQueue } from './login/turn-queue.js';

/** A transfer as it was asked for. */
export interface AskedTransfer<End, Options> {
  readonly subject: TransferSubject;
  /** This side's end of it. */
  readonly end: End;
  /** Lets go of that, where the transfer never takes it up. Never rejects. */
  readonly letGo: (end: End, error: Error) => Promise<void>;
  /** Throws `ConfigError`. */
  readonly options: () => Options;
}

export class ClientCalls {
  readonly #login: ClientLogin;
  readonly #reconnects: boolean;
  readonly #announce: Announce;
  readonly #turns: TurnQueue;
  #openStreams = 0;
  #closing: Promise<void> | undefined;

  /** With `reconnects` a login that is lost is opened again for the next call. */
  constructor(login: ClientLogin, reconnects: boolean, announce: Announce) {
    this.#login = login;
    this.#reconnects = reconnects;
    this.#announce = announce;
    this.#turns = new TurnQueue(() => {
      login.rest();
    });
  }

  /** Transfers under way, or waiting, from or to the caller's own code. */
  get openStreams(): number {
    return this.#openStreams;
  }

  /** Whether none is under way, and none waits. */
  get areOver(): boolean {
    return this.#turns.isIdle;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Does `work`, which sends `first` before all else, in its turn. Where its data connection did not resume it may be done again,
   * with TLS 1.2.
   */
  async call<T>(
    options: CallOptions,
    work: (context: LoginContext, signal: AbortSignal | undefined) => Promise<T>,
    first?: OutgoingCommand,
  ): Promise<T> {
    checkCallOptions(options);
    const { signal } = options;
    return this.#turn(signal, () => this.#login.withPin(signal, () => work(this.#login.current, signal)), first);
  }

  /** Does `move` in its turn, and tells those who listen of it. */
  async transfer<End, Options extends ParsedTransferOptions>(
    { subject, end, letGo, options }: AskedTransfer<End, Options>,
    move: (logins: Logins, given: Given<End>, observed: Options) => Promise<TransferResult>,
  ): Promise<TransferResult> {
    const count = isCallersCode(end) ? 1 : 0;
    this.#openStreams += count;
    try {
      return await giving(end, letGo, async (given) => {
        const observed = announcing(options(), subject, this.#announce);
        // No pin around it: an attempt has its own, and what was read of a stream cannot be read again from out here.
        const result = await this.#turn(observed.signal, () => move(loginsOf(this.#login), given, observed));
        this.#announce('transfer', { ...subject, result });
        return result;
      });
    } finally {
      this.#openStreams -= count;
    }
  }

  /** Breaks off what is under way, and closes the login. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#login.close({ farewell: this.#turns.isIdle });
    return this.#closing;
  }

  /** When all calls before it are done, on a login that is opened again where that is wanted. */
  #turn<T>(signal: AbortSignal | undefined, work: () => Promise<T>, first?: OutgoingCommand): Promise<T> {
    return this.#turns.take(signal, async () => {
      if (this.isClosed) throw new ConnectionError('the client is closed');
      await this.#login.answered(signal);
      if (this.#reconnects || this.#login.isLostToHolding) await this.#login.ensureOpen(signal, first);
      return work();
    });
  }
}
