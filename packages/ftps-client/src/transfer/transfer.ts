// One transfer: a data connection, the command that uses it, the bytes, and the final reply (RFC 959 §5.4).
import type { Reply } from '@ftps-kit/ftp-protocol';
import {
  AbortedError,
  ConnectionError,
  TimeoutError,
  type ByteChannel,
  type HandshakeSummary,
  type SocketChannel,
} from '@ftps-kit/tls-core';
import { comeIntoStep, findStep } from '../control/coming-into-step.js';
import type { Exchange } from '../control/exchange.js';
import { clearRestartPoint, setRestartPoint } from '../control/restart-point.js';
import { errorOf, isCompletion, replyText } from '../errors.js';
import { PIPELINE_PATIENCE_MS } from '../limits.js';
import type { LoginContext } from '../login/login-context.js';
import { letGo, type Listening } from './data-connection.js';
import { earlyCompletion } from './early-completion.js';
import {
  failureOf,
  isPeersDoing,
  notResumedHere,
  refusalOf,
  transferAborted,
  type TransferState,
} from './transfer-failure.js';
import { TransferKeepAlive } from './transfer-keep-alive.js';
import { faultOf, type OrderFault, type TransferOrder } from './transfer-order.js';
import type { TransferOutcome, TransferRequest } from './transfer-request.js';

const CLOSING_DATA_CONNECTION = 226;

/** One attempt of one transfer. */
export class Transfer {
  readonly #context: LoginContext;
  readonly #request: TransferRequest;
  readonly #order: TransferOrder;
  #transport: SocketChannel | undefined;
  #channel: ByteChannel | undefined;
  #handshake: HandshakeSummary | undefined;
  /** Whether the command is on its way. */
  #isSent = false;
  #begun = false;
  #finalReply: Reply | undefined;
  /** What ended it first; everything that breaks afterwards is a consequence. */
  #failure: Error | undefined;
  /** Whether the failure is the final reply. */
  #isRefused = false;
  /** Whether this side, which sends, has said that this was all. */
  #hasEndedSending = false;
  #tellFailure: (error: Error) => void = () => undefined;
  #isWithoutPort = false;
  #isUnanswered = false;
  /** Whether this side gave the control connection up, as the server did not hear ABOR. */
  #isGivenUp = false;
  /** Whether ABOR was said before any final reply: what came then may be the reply to that. */
  #isAborted = false;
  #patience: NodeJS.Timeout | undefined;
  readonly #keepAlive: TransferKeepAlive;

  constructor(context: LoginContext, request: TransferRequest, order: TransferOrder) {
    this.#context = context;
    this.#request = request;
    this.#order = order;
    this.#keepAlive = new TransferKeepAlive(context);
  }

  /** Resolves when the data connection has ended and the final reply is positive. */
  async run(): Promise<TransferOutcome> {
    const { meter, signal, command } = this.#request;
    const startedAt = performance.now();
    const [exchange, agreed] = await this.#begin();
    this.#isSent = true;
    const onAbort = (): void => {
      this.#break(transferAborted(command, signal));
    };
    const failed = new Promise<never>((_, reject) => {
      this.#tellFailure = reject;
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#watch(exchange, agreed);
    // Where it fired while the server answered REST, nobody listened.
    if (signal?.aborted === true) onAbort();
    try {
      // A source or a sink may keep `#carry` waiting for ever; a failure does not wait for it.
      await Promise.race([this.#carry(exchange, agreed), failed]);
    } catch (error) {
      this.#break(errorOf(error));
    } finally {
      meter.stop();
      this.#keepAlive.stop();
      clearTimeout(this.#patience);
      signal?.removeEventListener('abort', onAbort);
    }
    letGo(agreed);
    const reply = await this.#settle(exchange)
      .finally(() => this.#keepAlive.settle(() => findStep(this.#context)))
      .then((final) => this.#withoutNoop(final))
      .catch(async (error: unknown) => {
        if ((this.#request.restartAt ?? 0) > 0) await clearRestartPoint(this.#context);
        throw error;
      });
    this.#transport?.destroy();
    const closure = (this.#channel ?? this.#transport)?.closure ?? 'open';
    this.#channel?.destroy();
    const durationMs = performance.now() - startedAt;
    return { bytes: meter.bytes, durationMs, handshake: this.#handshake, closure, reply };
  }

  /** Sends the command; gives what comes of it, and where the data connection is to be made. */
  async #begin(): Promise<[Exchange, Promise<Listening>]> {
    const { command, signal, restartAt = 0 } = this.#request;
    const { control, data } = this.#context;
    if (this.#order === 'one-flight') return this.#beginInOneFlight();
    const listening = await (this.#request.listening ?? data.listen(signal));
    if (this.#order === 'connection-first' && !data.areActive) this.#transport = await listening.connect(signal);
    try {
      if (signal?.aborted === true) throw transferAborted(command, signal);
      if (restartAt > 0) await setRestartPoint(this.#context, command, restartAt, signal);
      return [control.begin(command), Promise.resolve(listening)];
    } catch (error) {
      listening.close();
      this.#transport?.destroy();
      throw error;
    }
  }

  #beginInOneFlight(): [Exchange, Promise<Listening>] {
    const { command, signal } = this.#request;
    const { control, data } = this.#context;
    if (signal?.aborted === true) throw transferAborted(command, signal);
    // For what it throws: nothing is sent then.
    command.encode(control.encoding);
    const agreed = data.listenByEpsv(signal).then((listening) => {
      if (listening !== undefined) return listening;
      this.#isWithoutPort = true;
      throw new ConnectionError('the server did not listen for the data connection');
    });
    // Told by whoever waits for it.
    agreed.catch(() => undefined);
    return [control.begin(command), agreed];
  }

  /** The server may refuse at any time, and a lost control connection ends its transfers. */
  #watch({ preliminary, final }: Exchange, agreed: Promise<Listening>): void {
    preliminary.then(
      (reply) => {
        this.#begun = reply !== undefined;
      },
      () => undefined,
    );
    final.then(
      (reply) => {
        this.#finalReply = reply;
        if (isCompletion(reply)) {
          this.#doubt(reply);
          return;
        }
        // What became of EPSV is the reason for what became of the command, and its reply was there first.
        const refuse = (): void => {
          this.#refuse(reply);
        };
        agreed.then(refuse, () => setImmediate(refuse));
      },
      (error: unknown) => {
        this.#break(error instanceof Error ? error : new ConnectionError(String(error)));
      },
    );
  }

  async #carry({ preliminary }: Exchange, agreed: Promise<Listening>): Promise<void> {
    const { data, control, timeouts, onNotResumed } = this.#context;
    const { meter, sends, signal } = this.#request;
    const listening = await agreed;
    if (this.#hasEnded()) return;
    const transport = this.#transport ?? (await listening.connect(signal));
    if (this.#hasEnded()) {
      transport.destroy();
      return;
    }
    this.#transport = transport;
    this.#waitForAnswer();
    // The command is on its way: some servers do their part of the handshake before the 150, some behind it.
    const { channel, handshake } = await data.protect(transport);
    this.#handshake = handshake;
    if (handshake?.resumed === false && onNotResumed === 'fail') throw notResumedHere();
    if (sends) await control.replyTo(preliminary, { timeoutMs: timeouts.replyMs });
    if (this.#hasEnded()) return;
    this.#channel = channel;
    meter.start(channel, sends ? 'sent' : 'received', (error) => {
      this.#break(error);
    });
    this.#keepAlive.start();
    await this.#request.move(channel, async () => {
      this.#hasEndedSending = true;
      await meter.step(channel.end());
    });
  }

  #doubt(reply: Reply): void {
    const error = earlyCompletion(reply, this.#request, {
      hasBegun: this.#begun,
      hasShakenHands: this.hasShakenHands,
      hasEndedSending: this.#hasEndedSending,
      mayBeNoops: this.#keepAlive.isUnanswered,
    });
    if (error !== undefined) this.#break(error);
  }

  /** A server that was never seen to take a command behind EPSV may have thrown it away, and waits for it now. */
  #waitForAnswer(): void {
    const { timeouts, traits } = this.#context;
    if (this.#order !== 'one-flight' || traits.commandBehindPassive !== 'untried') return;
    const timeoutMs = Math.min(timeouts.replyMs, PIPELINE_PATIENCE_MS);
    this.#patience = setTimeout(() => {
      if (this.#hasBegun || this.#finalReply !== undefined) return;
      this.#isUnanswered = true;
      this.#break(new TimeoutError('reply', timeoutMs));
    }, timeoutMs);
  }

  /** The server's last word, and the reason unless something else broke before. */
  #refuse(reply: Reply): void {
    if (this.#failure !== undefined) return;
    this.#isRefused = true;
    this.#break(refusalOf(reply, this.#state()));
  }

  /** What of its order may have been at fault where it failed; nothing took effect then. undefined: nothing. */
  get fault(): OrderFault | undefined {
    const attempt = {
      ...{ isSent: this.#isSent, hasConnected: this.hasConnected, hasBegun: this.#hasBegun },
      ...{ hasShakenHands: this.hasShakenHands, isAborted: this.#isAborted },
      ...{ failure: this.#failure, finalReply: this.#finalReply, isRefused: this.#isRefused },
      ...{ isWithoutPort: this.#isWithoutPort, isUnanswered: this.#isUnanswered, isGivenUp: this.#isGivenUp },
    };
    return faultOf(this.#order, attempt, this.#context, this.#request);
  }

  /** Whether a data connection was made, of TCP at least. */
  get hasConnected(): boolean {
    return this.#transport !== undefined;
  }

  /** Whether the TLS handshake of the data connection came to its end. */
  get hasShakenHands(): boolean {
    return this.#handshake !== undefined;
  }

  /** Whether the server said 1yz, or sent something. */
  get #hasBegun(): boolean {
    return this.#begun || this.#request.meter.bytes > 0;
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

  /**
   * RFC 959 §5.4: NOOP has 200, but some say 250 to everything, which ends a transfer as well; 226 is never NOOP's. What is then
   * taken for NOOP's reply is the transfer's own, and where none came nothing was said of its last byte.
   */
  #withoutNoop(final: Reply): Reply {
    const { refusal, isUnanswered } = this.#keepAlive;
    if (final.code === CLOSING_DATA_CONNECTION) return final;
    if (refusal !== undefined) throw refusalOf(refusal, this.#state());
    if (!isUnanswered) return final;
    const message = `of two replies that were due only one came (${replyText(final)}), which may be the one to NOOP`;
    const failure = new ConnectionError(message, { cause: this.#context.control.loss });
    throw failureOf(failure, final, this.#state());
  }

  /** Brings the control connection back into step, and gives the positive final reply or throws the right error. */
  async #settle(exchange: Exchange): Promise<Reply> {
    const { control, timeouts } = this.#context;
    const { signal } = this.#request;
    if (this.#failure === undefined) {
      try {
        const reply = await control.replyTo(exchange.final, { timeoutMs: timeouts.replyMs, signal });
        if (isCompletion(reply)) return reply;
        this.#refuse(reply);
      } catch (error) {
        // Said of the transfer, whichever wait it was that the caller ended.
        if (error instanceof AbortedError) this.#break(transferAborted(this.#request.command, signal));
        else this.#break(errorOf(error));
      }
    }
    const failure = this.#failure ?? new ConnectionError('the transfer ended without a reason');
    if (this.#finalReply === undefined && !control.isLost) {
      // One that was made ahead may be gone on the server's side, which would wait for another.
      const hasConnected = this.#transport !== undefined && (this.#request.isAhead !== true || this.hasShakenHands);
      this.#isAborted = !(isPeersDoing(failure) && hasConnected);
      this.#isGivenUp = await comeIntoStep(this.#context, { exchange, failure, hasConnected, signal });
    }
    if (this.#isRefused) throw failure;
    // A 4yz is the answer to ABOR then, and what it says of the data connection is not the reason but this is.
    const isAnswerToAbort = this.#transport === undefined && (this.#finalReply?.code ?? 0) < 500;
    throw isAnswerToAbort ? failure : failureOf(failure, this.#finalReply, this.#state());
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
