// The login of one client: lost and opened again, with what its caller relies on restored.
import { ConnectionError, FtpsError, HandshakeError, NotResumedError } from '@ftps-kit/tls-core';
import { anySignal } from '../any-signal.js';
import type { ClientOptions } from '../client-options.js';
import { outgoing, outgoingPath, type OutgoingCommand } from '../control/outgoing-command.js';
import { ReplyError, isCompletion } from '../errors.js';
import { MAX_FOLDER_MOVES } from '../limits.js';
import { printable } from '../printable.js';
import { workingFolder } from '../remote/entering.js';
import { LostToOrderError } from '../transfer/transfer-attempts.js';
import { openLogin, type OpenedLogin } from './login-opener.js';
import type { ServerTraits } from './server-traits.js';
import { VersionPin, type VersionChoice } from './version-pin.js';

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
  /** Whether the current login is not in that folder: it was opened to go to another. */
  #isAstray = false;
  readonly #pin: VersionPin;
  /** What the current login was opened with. */
  #choice: VersionChoice;
  /** Fires when it is closed, and ends an opening that is under way. */
  readonly #closing = new AbortController();

  private constructor(options: ClientOptions, traits: ServerTraits, first: OpenedLogin, pin: VersionPin) {
    this.#options = options;
    this.#traits = traits;
    this.#current = first;
    this.#pin = pin;
    this.#choice = pin.choice;
  }

  /** Opens the first login, with TLS 1.3 where the pinned version is not spoken any more. Rejects as `openLogin`. */
  static async open(options: ClientOptions): Promise<ClientLogin> {
    const traits = options.memory.traitsOf(options.host, options.port);
    const pin = new VersionPin(options);
    await pin.recall();
    return new ClientLogin(options, traits, await openPinned(pin, traits, options.signal), pin);
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

  /** Whether it was lost to what was asked of the server ahead of a transfer: its caller did not ask for that. */
  get isLostToHolding(): boolean {
    const { control, ahead } = this.#current;
    return control.isLost && ahead.hasCostLogin;
  }

  /** To be called when no call is under way: the server may be asked for what the next one needs. */
  rest(): void {
    this.#current.ahead.rest();
  }

  /**
   * Waits for the replies to what calls that were aborted have sent, and to what was asked ahead: a server that does several commands
   * at once may answer the next one before those, and its reply would be taken for one of theirs. Rejects as
   * `ControlConnection.replyTo`.
   */
  async answered(signal?: AbortSignal): Promise<void> {
    const { control, ahead, timeouts } = this.#current;
    await ahead.wake(signal);
    await control.answered({ timeoutMs: timeouts.replyMs, signal });
  }

  /**
   * The current login, or where its control connection is lost a new one. Where `next`, which will be sent first, leads to the
   * same folder wherever it begins, the working folder before is not restored for it, and may be gone. Rejects as `reconnect`.
   */
  ensureOpen(signal?: AbortSignal, next?: OutgoingCommand): Promise<OpenedLogin> {
    const restores = next === undefined || !this.#leadsAway(next);
    const isThere = !this.#isAstray || !restores;
    return this.isOpen && isThere ? Promise.resolve(this.#current) : this.reconnect(signal, { restores });
  }

  /**
   * Drops the current login, opens another and restores the working folder. Rejects as `openLogin`, with `ReplyError`
   * where the folder is gone, and with `ConnectionError` where nobody can tell the way to it and once it was closed; a later call tries again.
   */
  async reconnect(signal?: AbortSignal, { restores = true } = {}): Promise<OpenedLogin> {
    // A memory that cannot be read now was read before; what it said stands.
    await this.#pin.recall().catch(() => undefined);
    return this.#reopen(signal, restores);
  }

  async #reopen(signal: AbortSignal | undefined, restores = true): Promise<OpenedLogin> {
    this.#mustNotBeClosed();
    if (restores && this.#moves.length > MAX_FOLDER_MOVES) {
      throw new ConnectionError(
        `the login is lost and its working folder cannot be found again, after more than ${MAX_FOLDER_MOVES} changes of ` +
          'folder on a server that does not tell where it is; go to folders by paths that begin with a slash',
      );
    }
    const { control, ahead } = this.#current;
    ahead.close();
    control.destroy(new ConnectionError('the client connects anew'));
    const error = control.loss ?? new ConnectionError('the login was lost');
    await this.#current.leaveTickets(this.#current.timeouts.closeMs);
    const ending = anySignal(signal, this.#closing.signal);
    const { fingerprint } = this.#options.credentials;
    const opening = this.#traits.refusals.inTurn(fingerprint, ending, () =>
      openPinned(this.#pin, this.#traits, ending),
    );
    const opened = await opening.catch((error: unknown) => {
      this.#mustNotBeClosed();
      // TLS 1.2 may have been switched off: the next try is with TLS 1.3.
      if (error instanceof HandshakeError) this.#pin.choose('allowed');
      throw error;
    });
    const { choice } = this.#pin;
    try {
      if (restores) await this.#restoreFolder(opened, ending);
    } catch (error) {
      opened.control.destroy(new ConnectionError('the login could not be restored', { cause: error }));
      this.#mustNotBeClosed();
      throw error;
    }
    if (this.#closing.signal.aborted) opened.control.destroy(new ConnectionError('the client was closed'));
    this.#mustNotBeClosed();
    this.#current = opened;
    this.#choice = choice;
    this.#isAstray = !restores && this.hasChangedFolder;
    this.#options.announce('reconnect', { host: this.#options.host, error });
    return opened;
  }

  async #restoreFolder({ control, timeouts }: OpenedLogin, signal: AbortSignal): Promise<void> {
    const back = this.#folder === undefined ? [] : [outgoingPath('CWD', this.#folder)];
    for (const step of [...back, ...this.#moves]) {
      const reply = await control.run(step, { timeoutMs: timeouts.replyMs, signal });
      if (isCompletion(reply)) continue;
      throw new ReplyError(
        step.verb,
        reply,
        `the login was lost and opened again, but its working folder cannot be entered any more (${printable(step.shown)}); ` +
          'go to another one with cwd() and a path that begins with a slash',
      );
    }
  }

  /** Whether it does not matter where it begins. */
  #leadsAway(move: OutgoingCommand): boolean {
    return isAbsolute(move) && !this.#moves.some(({ verb }) => /^SMNT$/i.test(verb));
  }

  /**
   * To be called after `move` has changed the working folder: asks where it is now, so that `reconnect` can go back there, or
   * keeps in mind how to get there where the server does not tell. Rejects where the connection is lost meanwhile: then
   * `reconnect` goes where it was before.
   */
  async folderChanged(move: OutgoingCommand): Promise<void> {
    this.#isAstray = false;
    try {
      this.#folder = await workingFolder(this.#current, undefined);
      this.#moves = [];
    } catch (error) {
      if (!(error instanceof FtpsError) || this.#current.control.isLost) throw error;
      if (this.#leadsAway(move)) {
        // Where it was before does not matter, and may be gone by the time that this is needed.
        this.#folder = undefined;
        this.#moves = [move];
      } else if (this.#moves.length <= MAX_FOLDER_MOVES) this.#moves = [...this.#moves, move];
    }
  }

  /**
   * Does `work`. Where a data connection in it did not resume and the options say so, opens the login anew and does the work
   * again, unless `obstacle` says why it cannot be done again: with TLS 1.2 where it was TLS 1.3, and with what the options
   * allow where TLS 1.2 was pinned. At most once: nothing took effect the first time, since the server refused it. What was
   * found out is kept in mind, so that a server that resumes under neither is not asked for ever; where the work failed
   * otherwise before anybody could tell, the next time finds out. Rejects as `work`.
   *
   * Nobody but the server can bring this about: what it refuses comes over TLS, and so does the handshake that says "not
   * resumed".
   */
  async withPin<T>(
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
    obstacle: () => string | undefined = () => undefined,
  ): Promise<T> {
    let failure: NotResumedError;
    try {
      return await this.#watched(() => this.#standing(signal, work));
    } catch (error) {
      if (!(error instanceof NotResumedError)) throw error;
      failure = error;
    }
    const other = this.#pin.after(this.#choice);
    const isOther = this.#choice === 'pinned' || this.#current.handshake?.protocol === 'TLSv1.3';
    if (other === undefined || !isOther) throw failure;
    const detail = obstacle();
    if (detail !== undefined) {
      const version = other === 'pinned' ? 'TLS 1.2' : 'TLS 1.3';
      failure.message += `; it was not tried with ${version}: ${detail}`;
      throw failure;
    }
    this.#pin.choose(other);
    try {
      await this.#reopen(signal);
      return await this.#watched(work);
    } catch (error) {
      if (error instanceof HandshakeError && error.isNoCommonVersion && other === 'pinned') {
        await this.#pin.refused();
        failure.message += `; TLS 1.2 cannot be tried instead: ${error.message}`;
        // The client is none the worse for having asked.
        await this.#reopen(signal).catch(() => undefined);
        throw failure;
      }
      // It is still to be found out whether that helps, on a login that begins as this one did.
      if (!(error instanceof NotResumedError) && !this.isOpen) this.#pin.choose('allowed');
      throw error;
    }
  }

  /** Does `work`, and takes note of how its data connections went. */
  async #watched<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (this.#current.data.hasServed) await this.#pin.worked(this.#choice);
      return result;
    } catch (error) {
      if (error instanceof NotResumedError) await this.#pin.failed(this.#choice);
      throw error;
    }
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
    const { control, ahead, timeouts, leaveTickets } = this.#current;
    ahead.close();
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

/** Opens a login; with TLS 1.3 where TLS 1.2 was switched off since it was pinned: a pin must not keep people out. */
async function openPinned(
  pin: VersionPin,
  traits: ServerTraits,
  signal: AbortSignal | undefined,
): Promise<OpenedLogin> {
  const wasPinned = pin.choice === 'pinned' && pin.isProved;
  try {
    return await openLogin({ ...pin.optionsFor(pin.choice), signal }, traits);
  } catch (error) {
    if (!wasPinned || !(error instanceof HandshakeError)) throw error;
  }
  const opened = await openLogin({ ...pin.optionsFor('allowed'), signal }, traits);
  await pin.refused();
  return opened;
}
