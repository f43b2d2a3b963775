// Server-PI: channel <-> framer <-> dispatcher, for one control connection from its first byte to its last.
import { ReplyCode, encodeReply, type FramedLine } from '@ftps-kit/ftp-protocol';
import {
  AbortedError,
  FtpsError,
  PlaintextInjectionError,
  TimeoutError,
  withDeadline,
  type ByteChannel,
  type Endpoint,
  type SocketChannel,
} from '@ftps-kit/tls-core';
import type { ServerContext } from './command-row.js';
import { commandTable } from './command-table.js';
import { ControlLines } from './control-lines.js';
import { Dispatcher } from './dispatcher.js';
import type { ControlMode } from './events.js';
import { closeGently } from './gentle-close.js';
import { tellLimit, tellTimeout } from './limit-event.js';
import { HELD_COMMAND_BYTES } from './limits.js';
import { outcome, type Outcome } from './outcome.js';
import { Session } from './session.js';

/** Who is at the other end of a control connection, whether or not a proxy stands between. */
export interface Caller {
  readonly client: Endpoint;
  /** Where the client connected to. */
  readonly reached: Endpoint;
}

export class ControlConnection {
  readonly session: Session;
  readonly #server: ServerContext;
  readonly #dispatcher: Dispatcher;
  readonly #lines: ControlLines;
  /** Commands that came in the middle of a transfer and wait for its end. */
  readonly #waiting: FramedLine[] = [];
  readonly #closing = new AbortController();
  /** When the time for a login began. */
  #freshSince = performance.now();
  readonly #mode: ControlMode;
  #tcp: SocketChannel;
  #channel: ByteChannel;
  /** What is said to who did nothing wrong. */
  #farewell = 'The server closes.';
  /** Why this side ended it. */
  #destroyedFor: FtpsError | undefined;

  constructor(server: ServerContext, tcp: SocketChannel, mode: ControlMode, { client, reached }: Caller) {
    this.#server = server;
    this.#tcp = tcp;
    this.#channel = tcp;
    this.#mode = mode;
    this.#lines = new ControlLines(() => this.#channel, server.settings.limits.maxCommandBytes);
    this.session = new Session(server.acceptor.newBinding(), client, tcp.local, reached);
    this.session.dismiss = () => {
      this.#farewell = 'This account was closed.';
      this.close();
    };
    this.#dispatcher = new Dispatcher(server, this.session, commandTable, (code, text) =>
      this.#send(outcome(code, text)),
    );
  }

  /** Serves the client to the end; never rejects. */
  async serve(): Promise<void> {
    const { events, settings } = this.#server;
    const info = { id: this.session.id, client: this.session.client };
    events.emit('connection', info);
    let error: FtpsError | undefined;
    try {
      if (this.#mode === 'implicit') await this.#upgrade();
      await this.#send(outcome(ReplyCode.ServiceReady, settings.greeting));
      error = await this.#conversation();
      await closeGently(this.#channel);
    } catch (reason) {
      error = this.#destroyedFor ?? (reason instanceof FtpsError ? reason : undefined);
      tellTimeout(this.#server, info, error);
      this.#channel.destroy();
    } finally {
      this.session.close();
      events.emit('disconnect', { ...info, error });
    }
  }

  /** Ends the conversation with 421, after the command that is under way. */
  close(): void {
    this.#closing.abort();
  }

  /** Ends the connection at once, transfers included. */
  destroy(error?: FtpsError): void {
    this.#destroyedFor ??= error;
    this.#closing.abort();
    this.session.close();
    this.#channel.destroy();
  }

  /** Gives what ended it, unless that was QUIT or the client's end. */
  async #conversation(): Promise<FtpsError | undefined> {
    for (;;) {
      const line = await this.#nextLine();
      if (line === undefined) return undefined;
      if (line instanceof FtpsError) {
        if (line instanceof TimeoutError) tellLimit(this.#server, this.session, this.#patience, line.message);
        await this.#send(farewell(line, this.#farewell));
        return line;
      }
      const result = await this.#perform(line);
      if (result.then === 'upgrade') await this.#refuseInjection();
      if (result.then === 'reinitialize' && this.#hasMoreUnderTls()) {
        await this.#send(outcome(ReplyCode.ServiceNotAvailable, 'Commands came behind REIN under TLS; closing.'));
        return undefined;
      }
      await this.#send(result);
      if (result.then === 'close') return undefined;
      if (result.then === 'upgrade') await this.#upgrade();
      if (result.then === 'reinitialize') await this.#reinitialize();
    }
  }

  /** Does a command; while it moves a file, the client is listened to. */
  async #perform(line: FramedLine): Promise<Outcome> {
    const row = this.#dispatcher.rowOf(line);
    if (row?.transfers !== true) return this.#dispatcher.dispatch(line);
    const [abort, over] = [new AbortController(), new AbortController()];
    const listening = this.#listenDuringTransfer(abort, over.signal).then((isGone) => {
      if (isGone && row.endsWithClient === true) abort.abort();
    });
    const result = await this.#dispatcher.dispatch(line, abort.signal);
    over.abort();
    await listening;
    return result;
  }

  /** RFC 959 §4.1.3: ABOR and STAT are heard in the middle of a transfer. Gives whether the client is gone; never rejects. */
  async #listenDuringTransfer(abort: AbortController, over: AbortSignal): Promise<boolean> {
    const { maxWaitingCommands } = this.#server.settings.limits;
    try {
      while (!over.aborted && this.#waiting.length <= maxWaitingCommands) {
        const line = await this.#lines.next(() => ({ signal: over }));
        if (line === undefined) return true;
        const duringTransfer = this.#dispatcher.rowOf(line)?.duringTransfer;
        if (duringTransfer === 'aborts') abort.abort();
        if (duringTransfer === 'overtakes') await this.#send(await this.#dispatcher.dispatch(line));
        else this.#waiting.push(line);
      }
      if (this.#waiting.length > maxWaitingCommands) {
        const detail = 'more commands came in the middle of a transfer; they are looked at behind it';
        tellLimit(this.#server, this.session, 'maxWaitingCommands', detail);
        // Who sends no more than that is still seen to go.
        return await this.#lines.endsWithin(HELD_COMMAND_BYTES, () => ({ signal: over }));
      }
      return false;
    } catch {
      // The transfer is over; or the control connection is, which its next use says. The data connection speaks for itself
      // until then: an upload counts from the moment it is whole.
      return !over.aborted;
    }
  }

  /** The next line; undefined at the client's end; an error when its time is over or the server closes. */
  async #nextLine(): Promise<FramedLine | FtpsError | undefined> {
    if (this.#closing.signal.aborted) return new AbortedError('the server closes');
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting;
    const waitsSince = performance.now();
    try {
      return await this.#lines.next(() => ({
        timeoutMs: this.#patienceMs(waitsSince),
        signal: this.#closing.signal,
      }));
    } catch (error) {
      if (error instanceof AbortedError || error instanceof TimeoutError) return error;
      throw error;
    }
  }

  /**
   * Before a login all time counts, so that nobody can hold a connection open without one; after it a whole command
   * counts, so that nobody can do so with a byte now and then.
   */
  #patienceMs(waitsSince: number): number {
    const from = this.#patience === 'idleTimeoutMs' ? waitsSince : this.#freshSince;
    return Math.max(1, from + this.#server.settings.limits[this.#patience] - performance.now());
  }

  /** The limit on the wait for the next command. */
  get #patience(): 'idleTimeoutMs' | 'loginTimeoutMs' {
    return this.session.login.state === 'logged-in' ? 'idleTimeoutMs' : 'loginTimeoutMs';
  }

  /** What came behind AUTH TLS came in clear: somebody between the peers put it there, to be obeyed as if protected. */
  async #refuseInjection(): Promise<void> {
    const unread = this.#lines.bufferedBytes + this.#tcp.unreadBytes;
    if (unread === 0) return;
    const { id, client } = this.session;
    const detail = `${unread} bytes came in clear behind AUTH`;
    this.#server.events.emit('refusal', { id, client, reason: 'plaintext-injection', detail });
    await this.#send(outcome(ReplyCode.ServiceNotAvailable, 'Bytes came in clear behind AUTH; closing.'));
    throw new PlaintextInjectionError(detail);
  }

  /** What comes behind REIN has to be said in clear: until TLS is over nobody can tell what it was meant for. */
  #hasMoreUnderTls(): boolean {
    const isProtected = this.session.security === 'protected';
    return isProtected && this.#waiting.length + this.#lines.bufferedBytes > 0;
  }

  /** RFC 4217 §13: the reply went out protected; TLS is cleared behind it. Where TLS is implicit it begins again at once. */
  async #reinitialize(): Promise<void> {
    const { control, login } = this.session;
    const { tlsTimeoutMs } = this.#server.settings.limits;
    if (control !== undefined) {
      this.#tcp = await control.endTls({ timeoutMs: tlsTimeoutMs, signal: this.#closing.signal });
      this.#channel = this.#tcp;
    }
    // Who never logged in has no more time for it than before.
    if (login.state === 'logged-in') this.#freshSince = performance.now();
    this.session.reinitialize(this.#server.acceptor.newBinding());
    if (this.#mode === 'implicit') await this.#upgrade();
  }

  async #upgrade(): Promise<void> {
    this.session.moveSecurity('upgrading');
    const channel = await this.#server.acceptor.accept(this.#tcp, {
      role: 'control',
      binding: this.session.binding,
      timeoutMs: this.#server.settings.limits.tlsTimeoutMs,
      signal: this.#closing.signal,
    });
    this.#channel = channel;
    this.session.control = channel;
    this.session.moveSecurity('protected');
    const { id, client } = this.session;
    this.#server.events.emit('secured', { id, client, handshake: channel.handshake });
  }

  #send({ code, text }: Outcome): Promise<void> {
    return withDeadline(
      'reply',
      { timeoutMs: this.#server.settings.limits.stallTimeoutMs },
      this.#channel.write(encodeReply(code, text)),
      () => {
        this.#channel.destroy();
      },
    );
  }
}

function farewell(error: FtpsError, otherwise: string): Outcome {
  const text = error instanceof TimeoutError ? 'Nothing came for too long.' : otherwise;
  return outcome(ReplyCode.ServiceNotAvailable, text);
}
