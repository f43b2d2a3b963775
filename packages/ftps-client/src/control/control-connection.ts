// The user-PI: commands out, replies matched to them in order (RFC 959 §5.4).
import type { Reply, TextEncoding } from '@ftps-kit/ftp-protocol';
import { ConnectionError, TimeoutError, withDeadline, type ByteChannel, type Endpoint } from '@ftps-kit/tls-core';
import { announceNothing, type Announce } from '../client-events.js';
import { publishControl } from '../diagnostics.js';
import { ProtocolError, ReplyError, errorOf, isCompletion, isNegative, refused, replyText } from '../errors.js';
import { OpenExchange, type Exchange } from './exchange.js';
import type { OutgoingCommand } from './outgoing-command.js';
import { isOfTransfer } from './reply-of-transfer.js';
import type { ReplyReader } from './reply-reader.js';
import { SpokenSecrets } from './spoken-secrets.js';
import { noteUnanswered } from './unanswered-command.js';

const SERVICE_NOT_AVAILABLE = 421;

/** Commands that are answered with 350 (RFC 959 §5.4), for the next one does the rest. */
const LEADING_UP: readonly string[] = ['RNFR', 'REST'];

/** What NOOP is answered with, by those that do not know it too. */
export const NOOP_CODES: readonly number[] = [200, 202, 500, 501, 502, 503];

/** How long a reply is waited for. */
export interface ReplyDeadline {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A control connection whose security is settled. It reads all the time, so the server's going is noticed at once. */
export class ControlConnection {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly #channel: ByteChannel;
  readonly #reader: ReplyReader;
  readonly #announce: Announce;
  /** Exchanges whose final reply has not come, oldest first. */
  readonly #open: OpenExchange[] = [];
  /** Replies that nobody waits for any more, and that have not come. */
  readonly #abandoned = new Set<Promise<unknown>>();
  /** What PASS and ACCT said. */
  readonly #secrets = new SpokenSecrets();
  #written: Promise<void> = Promise.resolve();
  #lost: Error | undefined;
  #onLoss: () => void = () => undefined;
  /** Whether QUIT was said: then the server may close first. */
  #isLeaving = false;
  #barrier: { readonly exchange: Exchange; readonly code: number } | undefined;
  #isLedUp = false;
  #mayBeToldUnasked = false;

  constructor(
    channel: ByteChannel,
    reader: ReplyReader,
    ends: { readonly remote: Endpoint; readonly local: Endpoint },
    announce: Announce = announceNothing,
  ) {
    this.#channel = channel;
    this.#announce = announce;
    this.#reader = reader;
    this.remote = ends.remote;
    this.local = ends.local;
    void this.#readReplies();
  }

  /** Whether it can carry no command any more. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** What ended it; undefined while it stands. */
  get loss(): Error | undefined {
    return this.#lost;
  }

  /** Whether the last reply was 3yz (RFC 959 §4.2): the server waits for one command, and for no other. */
  get isLedUp(): boolean {
    return this.#isLedUp;
  }

  /** To be called where the server may say of its own what became of a data connection: it is taken for no other reply then. */
  expectUnasked(): void {
    this.#mayBeToldUnasked = true;
  }

  /** Has `listener` called when it is lost, before any exchange fails for it. */
  whenLost(listener: () => void): void {
    this.#onLoss = listener;
  }

  /** How names are spelled in commands and replies. */
  get encoding(): TextEncoding {
    return this.#reader.encoding;
  }

  /** Has names spelled as `encodingNow` says each time. */
  spellBy(encodingNow: () => TextEncoding): void {
    this.#reader.encodingNow = encodingNow;
  }

  /**
   * Sends a command behind those under way. Throws `ConnectionError` where the connection is lost, and `ConfigError` for a
   * name that the connection's encoding does not have.
   */
  begin(command: OutgoingCommand): Exchange {
    return this.#send(command);
  }

  #send(command: OutgoingCommand): OpenExchange {
    if (this.#lost !== undefined) {
      throw new ConnectionError(`the control connection is gone: ${this.#lost.message}`, { cause: this.#lost });
    }
    const bytes = command.encode(this.encoding);
    const exchange = new OpenExchange(command);
    this.#open.push(exchange);
    this.#secrets.add(command);
    publishControl({ kind: 'command', line: command.shown }, this.#announce);
    // Each in a TLS record of its own: a server that takes what it read for one command still hears all of them.
    this.#written = this.#written
      .then(() => this.#channel.write(bytes))
      // The reader meets the same end, and may have the server's reason for it.
      .catch(() => undefined);
    return exchange;
  }

  /**
   * Sends a command, NOOP by what its reply may be, in the middle of an exchange that has begun with 1yz; undefined where there
   * is none. Its reply may come before that exchange's final one, or behind it.
   */
  beginAside(command: OutgoingCommand): Exchange | undefined {
    const [first] = this.#open;
    if (first?.hasBegun !== true) return undefined;
    const exchange = this.#send(command);
    first.hasAside = true;
    exchange.isAside = true;
    return exchange;
  }

  /** Sends a command and gives its final reply, whatever its code. What ends the wait for it says what was waited for. */
  async run(command: OutgoingCommand, deadline: ReplyDeadline): Promise<Reply> {
    const { final } = this.begin(command);
    try {
      return await this.replyTo(final, deadline);
    } catch (error) {
      // The loss of the connection is an error of all that wait, and of none of them alone.
      if (error !== this.#lost) noteUnanswered(error, command);
      throw error;
    }
  }

  /**
   * Sends a command and gives its final reply; rejects with `ReplyError` unless that is 2yz, or 3yz for a command that only
   * leads up to another one (RNFR, REST).
   */
  async demand(command: OutgoingCommand, deadline: ReplyDeadline): Promise<Reply> {
    const reply = await this.run(command, deadline);
    const isDone = LEADING_UP.includes(command.verb) ? !isNegative(reply) : isCompletion(reply);
    if (!isDone) throw refused(command, reply);
    return reply;
  }

  /**
   * Waits for a reply. When its time is over the connection is given up, since nobody could tell later replies apart.
   * An abort only ends the wait: the reply is still taken off when it comes.
   */
  replyTo<T>(reply: Promise<T>, { timeoutMs, signal }: ReplyDeadline): Promise<T> {
    return withDeadline('reply', { timeoutMs, signal }, reply, () => {
      if (signal?.aborted === true) this.#abandon(reply);
      else this.destroy(new TimeoutError('reply', timeoutMs));
    });
  }

  /**
   * Waits for the replies whose wait was aborted, or for the loss of the connection; otherwise rejects as `replyTo`. ftp-srv
   * does commands that come together at once, and may answer the next one before those.
   */
  async answered(deadline: ReplyDeadline): Promise<void> {
    if (this.#abandoned.size === 0) return;
    await this.replyTo(Promise.allSettled(this.#abandoned), deadline);
  }

  #abandon(reply: Promise<unknown>): void {
    const over = (): void => void this.#abandoned.delete(reply);
    this.#abandoned.add(reply);
    reply.then(over, over);
  }

  /**
   * Brings the connection back into step where nobody knows how many replies are still to come, as after ABOR: sends a
   * command and drops replies until the one with its unmistakable code comes.
   */
  async synchronize({ command, code }: Barrier): Promise<void> {
    const exchange = this.begin(command);
    this.#barrier = { exchange, code };
    await exchange.final;
  }

  /** Says QUIT, and closes the connection within `timeoutMs`, whatever the server does. Never rejects. */
  async quit(command: OutgoingCommand, timeoutMs: number): Promise<void> {
    const farewell = async (): Promise<void> => {
      await this.begin(command).final;
      await this.#channel.end();
    };
    this.#isLeaving = true;
    try {
      await withDeadline('close', { timeoutMs }, farewell(), () => undefined);
    } catch {
      // The connection was gone, or goes now.
    }
    this.destroy(clientClosed());
  }

  /** Drops the connection; all exchanges under way reject with `error`. */
  destroy(error: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#channel.destroy(error);
    this.#onLoss();
    for (const exchange of this.#open.splice(0)) exchange.fail(error);
    this.#announce('close', { error });
  }

  /** Whether the reply is for somebody: what comes before the barrier's own may be one too many, or one too few. */
  #passesBarrier({ exchange, code }: { exchange: Exchange; code: number }, reply: Reply): boolean {
    if (reply.code === SERVICE_NOT_AVAILABLE) return true;
    if (reply.code !== code) return this.#open[0] !== exchange;
    while (this.#open.length > 0 && this.#open[0] !== exchange) {
      this.#open.shift()?.fail(new ProtocolError('the server left a command without a reply'));
    }
    this.#barrier = undefined;
    return true;
  }

  async #readReplies(): Promise<void> {
    try {
      for (;;) {
        const reply = this.#masked(await this.#reader.next());
        publishControl({ kind: 'reply', reply }, this.#announce);
        this.#deliver(reply);
      }
    } catch (error) {
      if (this.#isLeaving) this.destroy(clientClosed());
      else this.destroy(errorOf(error));
    }
  }

  /** A server may repeat a secret at once or in a later refusal; what else it says is given as it is. */
  #masked(reply: Reply): Reply {
    return this.#open[0]?.secret !== undefined || isNegative(reply) ? this.#secrets.mask(reply) : reply;
  }

  /**
   * RFC 959 §5.4: behind its 1yz a transfer ends with 226, 250, 425, 426, 451, 551 or 552, and with none of those that NOOP is
   * answered with. Pure-FTPd says 500 to it in the middle of a transfer.
   */
  #exchangeOf(reply: Reply): OpenExchange | undefined {
    const [first] = this.#open;
    if (first?.hasBegun !== true || !NOOP_CODES.includes(reply.code)) return first;
    const aside = this.#open.find(({ isAside }) => isAside);
    if (aside !== undefined && isNegative(reply)) first.doubtful ??= reply;
    return aside ?? first;
  }

  /**
   * What a reply says to the exchange that it comes to. Where NOOP was said in the middle of it, 200 cannot be its end: then it
   * is NOOP's, and a 500 that was taken for NOOP's ended the exchange.
   */
  #meaningOf(reply: Reply, exchange: OpenExchange | undefined): Reply {
    if (exchange?.hasAside !== true || isNegative(reply) || !NOOP_CODES.includes(reply.code)) return reply;
    if (exchange.doubtful !== undefined) return exchange.doubtful;
    throw new ProtocolError(
      `the server answered NOOP once too often, or ended ${exchange.verb} as nothing but NOOP is ended ` +
        `(transferKeepAliveMs: 0 says none): ${replyText(reply)}`,
    );
  }

  #deliver(reply: Reply): void {
    this.#isLedUp = reply.code >= 300 && reply.code < 400;
    if (this.#barrier !== undefined && !this.#passesBarrier(this.#barrier, reply)) return;
    const exchange = this.#exchangeOf(reply);
    // One that was sent amid a transfer may get that where the transfer was aborted; then the replies are sorted out otherwise.
    if (exchange !== undefined && !exchange.isAside && isOfTransfer(reply, exchange.verb, this.#mayBeToldUnasked)) {
      throw new ProtocolError(`the server ended a transfer twice: ${replyText(reply)} is no reply to ${exchange.verb}`);
    }
    if (exchange?.take(this.#meaningOf(reply, exchange)) === true) this.#open.splice(this.#open.indexOf(exchange), 1);
    // RFC 959 §4.2.2: 421 "may be a reply to any command if the service knows it must shut down", and to none.
    if (reply.code === SERVICE_NOT_AVAILABLE) {
      throw new ReplyError(exchange?.verb ?? 'any command', reply, 'the server ended the control connection');
    }
    if (exchange === undefined) {
      throw new ProtocolError(`the server sent a reply that nobody asked for: ${replyText(reply)}`);
    }
  }
}

/** A command whose reply cannot be taken for that of another one. */
export interface Barrier {
  readonly command: OutgoingCommand;
  readonly code: number;
}

function clientClosed(): ConnectionError {
  return new ConnectionError('the client was closed');
}
