// The login of one client: lost and opened again, with what its caller relies on restored.
import { parseQuotedPath } from '@ftps-kit/ftp-protocol';
import { ConnectionError } from '@ftps-kit/tls-core';
import type { ClientOptions } from './client-options.js';
import { isNegative } from './errors.js';
import { openLogin, type OpenedLogin } from './login-opener.js';
import { outgoing, outgoingPath } from './outgoing-command.js';
import { ServerTraits } from './server-traits.js';

/**
 * Holds one login at a time. Whoever works with it asks for `current`, `ensureOpen` or `reconnect` when the work begins,
 * and keeps none for longer than that. One of these is under way at a time.
 */
export class ClientLogin {
  readonly #options: ClientOptions;
  readonly #traits: ServerTraits;
  #current: OpenedLogin;
  /** The working folder, where the caller has changed it. */
  #folder: string | undefined;
  /** Fires when it is closed, and ends an opening that is under way. */
  readonly #closing = new AbortController();

  private constructor(options: ClientOptions, traits: ServerTraits, first: OpenedLogin) {
    this.#options = options;
    this.#traits = traits;
    this.#current = first;
  }

  /** Opens the first login. Rejects as `openLogin`. */
  static async open(options: ClientOptions): Promise<ClientLogin> {
    const traits = new ServerTraits();
    return new ClientLogin(options, traits, await openLogin(options, traits));
  }

  /** The login as it is, also where it is lost: then every command on it rejects with `ConnectionError`. */
  get current(): OpenedLogin {
    return this.#current;
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
   * where the folder is gone, and with `ConnectionError` once it was closed; a later call tries again.
   */
  async reconnect(signal?: AbortSignal): Promise<OpenedLogin> {
    this.#mustNotBeClosed();
    const { control } = this.#current;
    control.destroy(new ConnectionError('the client connects anew'));
    const error = control.loss ?? new ConnectionError('the login was lost');
    const ends = this.#closing.signal;
    const opened = await openLogin(
      { ...this.#options, signal: signal === undefined ? ends : AbortSignal.any([signal, ends]) },
      this.#traits,
    ).catch((error: unknown) => {
      this.#mustNotBeClosed();
      throw error;
    });
    try {
      if (this.#folder !== undefined) {
        const deadline = { timeoutMs: opened.timeouts.replyMs, signal };
        await opened.control.demand(outgoingPath('CWD', this.#folder), deadline);
      }
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

  /** To be called after the working folder was changed: asks where it is now, so that `reconnect` can go back there. */
  async folderChanged(signal?: AbortSignal): Promise<void> {
    const { control, timeouts } = this.#current;
    const reply = await control.run(outgoing('PWD'), { timeoutMs: timeouts.replyMs, signal });
    this.#folder = isNegative(reply) ? undefined : parseQuotedPath(reply.lines.join(' '));
  }

  /** Ends it for good; with `farewell`, QUIT is said first. Never rejects, and takes `timeouts.closeMs` at most. */
  async close({ farewell }: { readonly farewell: boolean }): Promise<void> {
    this.#closing.abort();
    const { control, timeouts } = this.#current;
    if (farewell && !control.isLost) await control.quit(outgoing('QUIT'), timeouts.closeMs);
    else control.destroy(new ConnectionError('the client was closed'));
  }

  #mustNotBeClosed(): void {
    if (this.#closing.signal.aborted) throw new ConnectionError('the client is closed');
  }
}
