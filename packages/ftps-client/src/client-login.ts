// The login of one client: lost and opened again, with what its caller relies on restored.
import { ConnectionError, FtpsError, HandshakeError, NotResumedError } from '@ftps-kit/tls-core';
import type { ClientOptions } from './client-options.js';
import { MAX_FOLDER_MOVES } from './limits.js';
import { openLogin, type OpenedLogin } from './login-opener.js';
import { outgoing, outgoingPath, type OutgoingCommand } from './outgoing-command.js';
import { workingFolder } from './remote-entry.js';
import type { ServerTraits } from './server-traits.js';
import { LostToOrderError } from './transfer-attempts.js';

/**
 * Holds one login at a time. Whoever works with it asks for `current`, `ensureOpen` or `reconnect` when the work begins,
 * and keeps none for longer than that. One of these is under way at a time.
 */
export class ClientLogin {
  readonly #options: ClientOptions;
  readonly #traits: ServerTraits;
  #current: OpenedLogin;
  /** The working folder as the server told it, where the caller has changed it. */
  #folder: string | undefined;
  /** How the caller went on from there, where the server did not tell the folder. */
  #moves: readonly OutgoingCommand[] = [];
  #isPinned: boolean;
  #hasTriedPin = false;
  /** Whether it is not known yet that the pin helps. */
  #isPinUntested = false;
  /** Fires when it is closed, and ends an opening that is under way. */
  readonly #closing = new AbortController();

  private constructor(options: ClientOptions, traits: ServerTraits, first: OpenedLogin, isPinned: boolean) {
    this.#options = options;
    this.#traits = traits;
    this.#current = first;
    this.#isPinned = isPinned;
  }

  /** Opens the first login, with TLS 1.3 where the pinned version is not spoken any more. Rejects as `openLogin`. */
  static async open(options: ClientOptions): Promise<ClientLogin> {
    const { memory, host, port, onNotResumed } = options;
    const traits = memory.traitsOf(host, port);
    const isPinned = onNotResumed === 'pin-1.2' && (await memory.isPinned(host, port));
    try {
      return new ClientLogin(options, traits, await openLogin(withVersion(options, isPinned), traits), isPinned);
    } catch (error) {
      if (!isPinned || !(error instanceof HandshakeError)) throw error;
    }
    // TLS 1.2 may have been switched off since it was pinned: a pin must not keep people out.
    const login = new ClientLogin(options, traits, await openLogin(options, traits), false);
    await keeping(options, memory.unpin(host, port));
    return login;
  }

  /** The login as it is, also where it is lost: then every command on it rejects with `ConnectionError`. */
  get current(): OpenedLogin {
    return this.#current;
  }

  get hasChangedFolder(): boolean {
    return this.#folder !== undefined || this.#moves.length > 0;
  }

  /** Fires when it is closed for good. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Whether the current login can carry commands. */
  get isOpen(): boolean {
    return !this.#closing.signal.aborted && !this.#current.control.isLost;
  }

  /** The current login, or where its control connection is lost a new one. Rejects as `reconnect`. */
  ensureOpen(signal?: AbortSignal): Promise<OpenedLogin> {
    return this.isOpen ? Promise.resolve(this.#current) : this.reconnect(signal);
  }

  /**
   * Drops the current login, opens another and restores the working folder. Rejects as `openLogin`, with `ReplyError`
   * where the folder is gone, and with `ConnectionError` where nobody can tell the way to it and once it was closed; a later call tries again.
   */
  async reconnect(signal?: AbortSignal): Promise<OpenedLogin> {
    this.#mustNotBeClosed();
    if (this.#moves.length > MAX_FOLDER_MOVES) {
      throw new ConnectionError(
        `the login is lost and its working folder cannot be found again, after more than ${MAX_FOLDER_MOVES} changes of ` +
          'folder on a server that does not tell where it is; go to folders by paths that begin with a slash',
      );
    }
    const { control } = this.#current;
    control.destroy(new ConnectionError('the client connects anew'));
    const error = control.loss ?? new ConnectionError('the login was lost');
    await this.#current.leaveTickets(this.#current.timeouts.closeMs);
    const ends = this.#closing.signal;
    const opened = await openLogin(
      {
        ...withVersion(this.#options, this.#isPinned),
        signal: signal === undefined ? ends : AbortSignal.any([signal, ends]),
      },
      this.#traits,
    ).catch((error: unknown) => {
      this.#mustNotBeClosed();
      // TLS 1.2 may have been switched off: the next try is with TLS 1.3.
      if (error instanceof HandshakeError) this.#isPinned = false;
      throw error;
    });
    try {
      const deadline = { timeoutMs: opened.timeouts.replyMs, signal };
      const back = this.#folder === undefined ? [] : [outgoingPath('CWD', this.#folder)];
      for (const step of [...back, ...this.#moves]) await opened.control.demand(step, deadline);
    } catch (error) {
      opened.control.destroy(new ConnectionError('the login could not be restored', { cause: error }));
      throw error;
    }
    if (ends.aborted) opened.control.destroy(new ConnectionError('the client was closed'));
    this.#mustNotBeClosed();
    this.#current = opened;
    this.#options.announce('reconnect', { host: this.#options.host, error });
    return opened;
  }

  /**
   * To be called after `move` has changed the working folder: asks where it is now, so that `reconnect` can go back there, or
   * keeps in mind how to get there where the server does not tell. Rejects where the connection is lost meanwhile: then
   * `reconnect` goes where it was before.
   */
  async folderChanged(move: OutgoingCommand): Promise<void> {
    try {
      this.#folder = await workingFolder(this.#current, undefined);
      this.#moves = [];
    } catch (error) {
      if (!(error instanceof FtpsError) || this.#current.control.isLost) throw error;
      if (isAbsolute(move) && !this.#moves.some(({ verb }) => /^SMNT$/i.test(verb))) {
        // Where it was before does not matter, and may be gone by the time that this is needed.
        this.#folder = undefined;
        this.#moves = [move];
      } else if (this.#moves.length <= MAX_FOLDER_MOVES) this.#moves = [...this.#moves, move];
    }
  }

  /**
   * Does `work`. Where a data connection in it did not resume under TLS 1.3 and the options say so, opens the login anew
   * with TLS 1.2 and does the work again, unless `obstacle` says why it cannot be done again: once for each client, and
   * nothing took effect the first time, since the server refused it. That this helps is remembered; where it does not, TLS
   * 1.3 is spoken again; where the work failed otherwise before anybody could tell, the next time finds out. Rejects as
   * `work`.
   *
   * Nobody but the server can bring this about: what it refuses comes over TLS, and so does the handshake that says "not
   * resumed".
   */
  async withPin<T>(
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
    obstacle: () => string | undefined = () => undefined,
  ): Promise<T> {
    try {
      const result = await this.#standing(signal, work);
      await this.#pinHelped();
      return result;
    } catch (error) {
      if (error instanceof NotResumedError) this.#pinDidNotHelp();
      const mayPin = this.#options.onNotResumed === 'pin-1.2' && !this.#isPinned && !this.#hasTriedPin;
      if (!mayPin || !(error instanceof NotResumedError)) throw error;
      if (this.#current.handshake?.protocol !== 'TLSv1.3') throw error;
      const detail = obstacle();
      if (detail !== undefined) {
        error.message += `; it was not tried with TLS 1.2: ${detail}`;
        throw error;
      }
    }
    this.#hasTriedPin = true;
    this.#isPinned = true;
    this.#isPinUntested = true;
    try {
      await this.reconnect(signal);
      this.#options.announce('pin', { host: this.#options.host, version: '1.2' });
      const result = await work();
      await this.#pinHelped();
      return result;
    } catch (error) {
      const isNoHelp = error instanceof NotResumedError;
      if (isNoHelp) this.#pinDidNotHelp();
      else if (!this.isOpen) this.#isPinned = false;
      this.#hasTriedPin = isNoHelp || this.isOpen;
      throw error;
    }
  }

  /** Remembers the pin, where data connections were taken since it was set. */
  async #pinHelped(): Promise<void> {
    if (!this.#isPinned || !this.#isPinUntested || !this.#current.data.hasServed) return;
    this.#isPinUntested = false;
    await keeping(this.#options, this.#options.memory.pin(this.#options.host, this.#options.port));
  }

  #pinDidNotHelp(): void {
    if (this.#isPinUntested) this.#isPinned = false;
    this.#isPinUntested = false;
  }

  /** Does `work`; where the login was lost to the order of its commands, which is known now, does it on another one. */
  async #standing<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LostToOrderError)) throw error;
    }
    await this.reconnect(signal);
    return work();
  }

  /** Ends it for good; with `farewell`, QUIT is said first. Never rejects, and takes `timeouts.closeMs` at most. */
  async close({ farewell }: { readonly farewell: boolean }): Promise<void> {
    this.#closing.abort();
    const startedAt = performance.now();
    const { control, timeouts, leaveTickets } = this.#current;
    if (farewell && !control.isLost) await control.quit(outgoing('QUIT'), timeouts.closeMs);
    else control.destroy(new ConnectionError('the client was closed'));
    await leaveTickets(Math.max(1, timeouts.closeMs - (performance.now() - startedAt)));
  }

  #mustNotBeClosed(): void {
    if (this.#closing.signal.aborted) throw new ConnectionError('the client is closed');
  }
}

/** Whether it leads to the same folder wherever it begins; RFC 959 §4.1.1: what SMNT mounts may be another tree. */
function isAbsolute({ shown }: OutgoingCommand): boolean {
  return /^X?CWD \//i.test(shown);
}

/** What was to be done is done; that the next process has to find out about the server again is no failure of it. */
async function keeping({ host }: ClientOptions, change: Promise<void>): Promise<void> {
  await change.catch((error: unknown) => {
    process.emitWarning(`what was found out about TLS 1.2 on ${host} is not kept: ${String(error)}`, {
      type: 'FtpsKitWarning',
    });
  });
}

function withVersion(options: ClientOptions, isPinned: boolean): ClientOptions {
  return isPinned ? { ...options, policy: { ...options.policy, maxVersion: 'TLSv1.2' } } : options;
}
