// NOOP while a file moves: some firewalls forget a control connection on which nobody says anything for long.
import { withDeadline } from '@ftps-kit/tls-core';
import type { Reply } from '@ftps-kit/ftp-protocol';
import type { Timeouts } from '../client-options.js';
import { NOOP_CODES, type ControlConnection } from '../control/control-connection.js';
import type { Exchange } from '../control/exchange.js';
import { outgoing } from '../control/outgoing-command.js';
import { isNegative } from '../errors.js';
import { MAX_UNANSWERED_NOOPS, PIPELINE_PATIENCE_MS } from '../limits.js';
import type { ServerTraits } from '../login/server-traits.js';

/** What the NOOPs of one transfer need. */
export interface KeepAliveContext {
  readonly control: ControlConnection;
  readonly traits: ServerTraits;
  readonly timeouts: Timeouts;
  /** How often, milliseconds; 0: never. */
  readonly transferKeepAliveMs: number;
}

/** The NOOPs of one transfer, whose replies come at once, or all together behind that to the transfer. */
export class TransferKeepAlive {
  readonly #context: KeepAliveContext;
  readonly #unanswered = new Set<Exchange>();
  /** Whether one was refused, or the transfer was and it looked like that. */
  #wasRefused = false;
  #refusal: Reply | undefined;
  #wasLost = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: KeepAliveContext) {
    this.#context = context;
  }

  /** A refusal that NOOP is never answered with: then a 250 that ended the transfer before was NOOP's, and this ended it. */
  get refusal(): Reply | undefined {
    return this.#refusal;
  }

  /** Whether a reply never came: then one that ended the transfer may have been NOOP's, and nothing was said of the transfer. */
  get isUnanswered(): boolean {
    return this.#wasLost || this.#unanswered.size > 0;
  }

  start(): void {
    const { transferKeepAliveMs } = this.#context;
    if (transferKeepAliveMs > 0) this.#timer = setInterval(this.#say, transferKeepAliveMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * Waits for the replies that are left, once the transfer has its own. Where one does not come, says NOOP to this server no
   * more. Finds out where the replies stand after that, and after a refusal. Never rejects.
   */
  async settle(barrier: () => Promise<void>): Promise<void> {
    this.stop();
    const { control, timeouts, traits } = this.#context;
    let isDoubtful = this.#wasRefused;
    const timeoutMs = Math.min(timeouts.replyMs, PIPELINE_PATIENCE_MS);
    const answers = Promise.allSettled([...this.#unanswered].map(({ final }) => final));
    try {
      await withDeadline('reply', { timeoutMs }, answers, () => undefined);
    } catch {
      traits.mindsNoop = true;
      isDoubtful = true;
    }
    if (isDoubtful && !control.isLost) await barrier().catch(() => undefined);
  }

  readonly #say = (): void => {
    const { control, traits } = this.#context;
    if (traits.mindsNoop || control.isLost || this.#unanswered.size >= MAX_UNANSWERED_NOOPS) return;
    const exchange = control.beginAside(outgoing('NOOP'));
    if (exchange === undefined) return;
    this.#unanswered.add(exchange);
    exchange.final.then(
      (reply: Reply) => {
        this.#unanswered.delete(exchange);
        if (!isNegative(reply)) return;
        this.#wasRefused = true;
        if (!NOOP_CODES.includes(reply.code)) this.#refusal ??= reply;
        traits.mindsNoop = true;
      },
      () => {
        this.#unanswered.delete(exchange);
        this.#wasLost = true;
      },
    );
  };
}
