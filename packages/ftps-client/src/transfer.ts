// One transfer: a data connection, the command that uses it, the bytes, and the final reply (RFC 959 §5.4).
import { encodeByteOffset, type Reply } from '@ftps-kit/ftp-protocol';
import {
  AbortedError,
  ConnectionError,
  NotResumedError,
  withDeadline,
  type ByteChannel,
  type Closure,
  type HandshakeSummary,
  type SocketChannel,
} from '@ftps-kit/tls-core';
import type { ControlConnection, Exchange } from './control-connection.js';
import type { DataConnections, Listening } from './data-connection.js';
import { ProtocolError, isNegative } from './errors.js';
import type { Features } from './features.js';
import type { Timeouts } from './client-options.js';
import { outgoing, type OutgoingCommand } from './outgoing-command.js';
import type { ServerTimeZone } from './server-time-zone.js';
import type { ServerTraits } from './server-traits.js';
import { failureOf, isPeersDoing, refusalOf, type TransferState } from './transfer-failure.js';
import type { TransferMeter } from './transfer-meter.js';

const CANNOT_OPEN_DATA_CONNECTION = 425;
const BAD_SEQUENCE = 503;

/** What one login has to work with. */
export interface LoginContext {
  readonly control: ControlConnection;
  readonly data: DataConnections;
  readonly features: Features;
  readonly timeouts: Timeouts;
  readonly onNotResumed: 'allow' | 'fail';
  /** That LIST writes its times in; `learn`: to be found out; undefined: not to be guessed. */
  readonly serverTimeZone: ServerTimeZone | 'learn' | undefined;
  /** What is known of the server; kept beyond this login. */
  readonly traits: ServerTraits;
}

/** What is to be transferred, and how. */
export interface TransferRequest {
  readonly command: OutgoingCommand;
  /** Whether this side sends: then the server's 1yz is waited for first. */
  readonly sends: boolean;
  /** Where in the file the server is to begin (REST); default 0. */
  readonly restartAt?: number | undefined;
  readonly meter: TransferMeter;
  readonly signal?: AbortSignal | undefined;
  /** Where somebody listens for this transfer, where that was agreed on already. */
  readonly listening?: Promise<Listening> | undefined;
  /** Moves the bytes to their end. Whatever it waits for on the channel rejects when the transfer breaks off. */
  move(channel: ByteChannel): Promise<void>;
}

/** A transfer that the server called complete. */
export interface TransferOutcome {
  readonly bytes: number;
  readonly durationMs: number;
  readonly handshake: HandshakeSummary | undefined;
  readonly closure: Closure;
  readonly reply: Reply;
}

/**
 * Runs one transfer. Resolves when the data connection has ended and the final reply is positive. However it ends, the
 * control connection is in step again, or lost.
 */
export async function runTransfer(context: LoginContext, request: TransferRequest): Promise<TransferOutcome> {
  const { traits, data } = context;
  // One round trip less. Not where this side sends: a data connection that fails must leave the old file alone.
  const isRead = !request.sends && (request.restartAt ?? 0) === 0;
  if (!isRead || !data.mayPipeline || traits.wantsDataConnectionFirst) return new Transfer(context, request).run();
  const transfer = new Transfer(context, request, 'command-first');
  try {
    return await transfer.run();
  } catch (error) {
    if (!transfer.cameTooEarly || context.control.isLost) throw error;
  }
  const outcome = await new Transfer(context, { ...request, listening: undefined }).run();
  traits.wantsDataConnectionFirst = true;
  return outcome;
}

class Transfer {
  readonly #context: LoginContext;
  readonly #request: TransferRequest;
  readonly #order: 'connection-first' | 'command-first';
  #transport: SocketChannel | undefined;
  #channel: ByteChannel | undefined;
  #handshake: HandshakeSummary | undefined;
  #begun = false;
  #finalReply: Reply | undefined;
  /** What ended it first; everything that breaks afterwards is a consequence. */
  #failure: Error | undefined;
  /** Whether the failure is the final reply. */
  #isRefused = false;
  #tellFailure: (error: Error) => void = () => undefined;

  /** `command-first`: the transfer command goes out while the data connection is being made, and not behind it. */
  constructor(
    context: LoginContext,
    request: TransferRequest,
    order: 'connection-first' | 'command-first' = 'connection-first',
  ) {
    this.#context = context;
    this.#request = request;
    this.#order = order;
  }

  async run(): Promise<TransferOutcome> {
    const { meter, signal, command } = this.#request;
    const startedAt = performance.now();
    const { data } = this.#context;
    const listening = await (this.#request.listening ?? data.listen(signal));
    if (this.#order === 'connection-first' && !data.areActive) this.#transport = await listening.connect(signal);
    const exchange = await this.#begin(listening);
    const onAbort = (): void => {
      this.#break(aborted(command, signal));
    };
    const failed = new Promise<never>((_, reject) => {
      this.#tellFailure = reject;
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#watch(exchange);
    // Where it fired while the server answered REST, nobody listened.
    if (signal?.aborted === true) onAbort();
    try {
      // A source or a sink may keep `#carry` waiting for ever; a failure does not wait for it.
      await Promise.race([this.#carry(exchange, listening), failed]);
    } catch (error) {
      this.#break(error instanceof Error ? error : new Error(String(error)));
    } finally {
      meter.stop();
      signal?.removeEventListener('abort', onAbort);
    }
    listening.close();
    const reply = await this.#settle(exchange).catch(async (error: unknown) => {
      await this.#takeRestartBack();
      throw error;
    });
    this.#transport?.destroy();
    const closure = (this.#channel ?? this.#transport)?.closure ?? 'open';
    this.#channel?.destroy();
    const durationMs = performance.now() - startedAt;
    return { bytes: meter.bytes, durationMs, handshake: this.#handshake, closure, reply };
  }

  async #begin(listening: Listening): Promise<Exchange> {
    const { command, signal, restartAt = 0 } = this.#request;
    const { control, timeouts } = this.#context;
    try {
      if (signal?.aborted === true) throw aborted(command, signal);
      // RFC 959 §4.1.3, of REST: "This command shall be immediately followed by the appropriate FTP service command". Nobody aborts
      // between the two: the next transfer would begin in the middle of its file.
      if (restartAt > 0) {
        // For what it throws: a name that cannot be spelled must not come to light between the two.
        command.encode(control.encoding);
        await control.demand(restart(restartAt), { timeoutMs: timeouts.replyMs });
      }
      return control.begin(command);
    } catch (error) {
      listening.close();
      this.#transport?.destroy();
      throw error;
    }
  }

  /** The server may refuse at any time, and a lost control connection ends its transfers. */
  #watch({ preliminary, final }: Exchange): void {
    preliminary.then(
      (reply) => {
        this.#begun = reply !== undefined;
      },
      () => undefined,
    );
    final.then(
      (reply) => {
        this.#finalReply = reply;
        if (isNegative(reply)) this.#refuse(reply);
      },
      (error: unknown) => {
        this.#break(error instanceof Error ? error : new ConnectionError(String(error)));
      },
    );
  }

  async #carry({ preliminary }: Exchange, listening: Listening): Promise<void> {
    const { data, control, timeouts, onNotResumed } = this.#context;
    const { meter, sends, signal } = this.#request;
    const transport = this.#transport ?? (await listening.connect(signal));
    if (this.#hasEnded()) {
      transport.destroy();
      return;
    }
    this.#transport = transport;
    // The command is on its way: some servers do their part of the handshake before the 150, some behind it.
    const { channel, handshake } = await data.protect(transport);
    this.#handshake = handshake;
    if (handshake?.resumed === false && onNotResumed === 'fail') throw notResumedHere();
    const beginning = sends ? await control.replyTo(preliminary, { timeoutMs: timeouts.replyMs }) : undefined;
    if (this.#hasEnded()) return;
    // RFC 959 §5.4: 125 or 150 comes before any 226; a file that was complete before it was sent is another file.
    if (sends && beginning === undefined && this.#finalReply?.code !== undefined && !isNegative(this.#finalReply)) {
      throw new ProtocolError('the server called the upload complete before a byte of it was sent');
    }
    this.#channel = channel;
    meter.start(channel, sends ? 'sent' : 'received', (error) => {
      this.#break(error);
    });
    await this.#request.move(channel);
  }

  /** The server's last word, and the reason unless something else broke before. */
  #refuse(reply: Reply): void {
    if (this.#failure !== undefined) return;
    this.#isRefused = true;
    this.#break(refusalOf(reply, this.#state()));
  }

  /** Whether it was refused, before anything else of it, because the data connection was not there yet. */
  get cameTooEarly(): boolean {
    const code = this.#isRefused && !this.#begun ? this.#finalReply?.code : undefined;
    return code === BAD_SEQUENCE || (code === CANNOT_OPEN_DATA_CONNECTION && this.#transport === undefined);
  }

  #hasEnded(): boolean {
    return this.#failure !== undefined;
  }

  /** Ends the transfer for this reason, unless it has ended already. */
  #break(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#tellFailure(error);
    this.#transport?.destroy(error);
    this.#channel?.destroy(error);
  }

  /** Brings the control connection back into step, and gives the positive final reply or throws the right error. */
  async #settle(exchange: Exchange): Promise<Reply> {
    const { control, timeouts } = this.#context;
    const { signal } = this.#request;
    if (this.#failure === undefined) {
      try {
        const reply = await control.replyTo(exchange.final, { timeoutMs: timeouts.replyMs, signal });
        if (!isNegative(reply)) return reply;
        this.#refuse(reply);
      } catch (error) {
        // Said of the transfer, whichever wait it was that the caller ended.
        if (error instanceof AbortedError) this.#break(aborted(this.#request.command, signal));
        else this.#break(error instanceof Error ? error : new Error(String(error)));
      }
    }
    const failure = this.#failure ?? new ConnectionError('the transfer ended without a reason');
    if (this.#finalReply === undefined && !control.isLost) await this.#comeIntoStep(exchange, failure);
    if (this.#isRefused) throw failure;
    // A 4yz is the answer to ABOR then, and what it says of the data connection is not the reason but this is.
    const isAnswerToAbort = this.#transport === undefined && (this.#finalReply?.code ?? 0) < 500;
    throw isAnswerToAbort ? failure : failureOf(failure, this.#finalReply, this.#state());
  }

  async #comeIntoStep(exchange: Exchange, failure: Error): Promise<void> {
    const { control, timeouts } = this.#context;
    try {
      // A server whose data connection nobody made would wait for it.
      if (isPeersDoing(failure) && this.#transport !== undefined) {
        await control.replyTo(exchange.final, { timeoutMs: timeouts.replyMs, signal: this.#request.signal });
        return;
      }
      await withDeadline('close', { timeoutMs: timeouts.closeMs }, this.#abort(exchange), () => {
        control.destroy(
          new ConnectionError('the server did not come back from an aborted transfer', { cause: failure }),
        );
      });
    } catch {
      // The failure that began it is the one to tell; the control connection says for itself that it is lost.
    }
  }

  /** RFC 959 §4.1.3 has 426 for the transfer and 226 for ABOR; Pure-FTPd has one 226 for both, ftp-srv may have three. */
  async #abort({ final }: Exchange): Promise<void> {
    const { control, features } = this.#context;
    control.begin(outgoing('ABOR'));
    await final;
    // Not earlier: Pure-FTPd looks for ABOR, and nothing else, while it sends.
    const barrier = features.size > 0 ? { verb: 'FEAT', code: 211 } : { verb: 'PWD', code: 257 };
    await control.synchronize({ command: outgoing(barrier.verb), code: barrier.code });
  }

  /** ftp-srv keeps the offset of a command that it refused for the one after, which may be of another file. */
  async #takeRestartBack(): Promise<void> {
    const { control, timeouts } = this.#context;
    if ((this.#request.restartAt ?? 0) === 0 || control.isLost) return;
    // Whatever it answers, the failure before is the one to tell.
    await control.run(restart(0), { timeoutMs: timeouts.closeMs }).catch(() => undefined);
  }

  #state(): TransferState {
    const { command, meter, sends } = this.#request;
    return {
      command,
      bytes: meter.bytes,
      safeBytes: sends ? undefined : meter.offset + meter.bytes,
      connected: this.#channel !== undefined,
      begun: this.#begun,
      isProtected: this.#context.data.areProtected,
      handshake: this.#handshake,
    };
  }
}

function restart(offset: number): OutgoingCommand {
  return outgoing('REST', encodeByteOffset(offset));
}

function aborted({ verb }: OutgoingCommand, signal: AbortSignal | undefined): AbortedError {
  return new AbortedError(`${verb} was aborted`, { cause: signal?.reason });
}

function notResumedHere(): NotResumedError {
  return new NotResumedError(
    'the data connection did not resume the TLS session of the control connection, so nothing proves that it leads to ' +
      "the same server; nothing was transferred (onNotResumed: 'allow' goes on all the same)",
    'full-handshake',
  );
}
