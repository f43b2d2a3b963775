// What all transfers of a server share: so many bytes a second, each way.
import type { CommandContext } from './command-row.js';
import type { TransferDirection } from './events.js';
import { tellLimit } from './limit-event.js';
import type { ServerLimits } from './limits.js';
import { RateLimit, type Rate } from './rate-limit.js';
import { systemTiming, type Timing } from './timing.js';

const LIMIT_OF = {
  received: 'uploadBytesPerSecond',
  sent: 'downloadBytesPerSecond',
} as const satisfies Record<TransferDirection, keyof ServerLimits>;

export type ServerRateLimits = Pick<ServerLimits, 'uploadBytesPerSecond' | 'downloadBytesPerSecond'>;

export class ServerRates {
  readonly #limits: Readonly<Record<TransferDirection, RateLimit | undefined>>;

  constructor(limits: ServerRateLimits, timing: Timing = systemTiming) {
    const limitOn = (direction: TransferDirection): RateLimit | undefined => {
      const bytesPerSecond = limits[LIMIT_OF[direction]];
      return bytesPerSecond === Infinity ? undefined : new RateLimit(bytesPerSecond, timing);
    };
    this.#limits = { received: limitOn('received'), sent: limitOn('sent') };
  }

  /** The limit as one transfer meets it, if there is one; `onHeldUp` is called the first time that it has to wait. */
  of(direction: TransferDirection, onHeldUp: () => void): readonly Rate[] {
    const limit = this.#limits[direction];
    return limit === undefined ? [] : [new ToldRate(limit, onHeldUp)];
  }
}

class ToldRate implements Rate {
  readonly #limit: RateLimit;
  #onHeldUp: (() => void) | undefined;

  constructor(limit: RateLimit, onHeldUp: () => void) {
    this.#limit = limit;
    this.#onHeldUp = onHeldUp;
  }

  get pieceBytes(): number {
    return this.#limit.pieceBytes;
  }

  take(bytes: number, signal?: AbortSignal): Promise<void> {
    if (!this.#limit.isFree) {
      this.#onHeldUp?.();
      this.#onHeldUp = undefined;
    }
    return this.#limit.take(bytes, signal);
  }
}

/** All that a transfer's bytes are taken from: the session's, its account's, and the server's, which it shares with more and more. */
export function transferRates({ server, session }: CommandContext, direction: TransferDirection): readonly Rate[] {
  const serverRates = server.rates.of(direction, () => {
    tellLimit(server, session, LIMIT_OF[direction], 'a transfer waits for others');
  });
  return [...session.rates[direction], ...serverRates];
}
