// One command on the control connection and its replies.
import type { Reply } from '@ftps-kit/ftp-protocol';
import { ProtocolError } from '../errors.js';
import { MAX_PRELIMINARY_REPLIES } from '../limits.js';
import type { OutgoingCommand } from './outgoing-command.js';

/** What its sender waits for. Both promises reject when the control connection is lost. */
export interface Exchange {
  readonly verb: string;
  /** The 1yz reply, or undefined where the final one came without it. */
  readonly preliminary: Promise<Reply | undefined>;
  /** The reply that ends the exchange: 2yz to 5yz. */
  readonly final: Promise<Reply>;
}

/** What the control connection knows of it while its final reply has not come. */
export class OpenExchange implements Exchange {
  /** Whether a 1yz has come. */
  hasBegun = false;
  /** Whether it was sent in the middle of another one. */
  isAside = false;
  /** Whether another one was sent in the middle of this one. */
  hasAside = false;
  /** The first refusal that went to one sent in the middle of this one, and may have been for this one. */
  doubtful: Reply | undefined;
  readonly verb: string;
  readonly secret: string | undefined;
  readonly preliminary: Promise<Reply | undefined>;
  readonly final: Promise<Reply>;
  #givePreliminary: (reply: Reply | undefined) => void = () => undefined;
  #giveFinal: (reply: Reply) => void = () => undefined;
  readonly #failures: ((error: Error) => void)[] = [];
  #preliminaries = 0;

  constructor({ verb, secret }: OutgoingCommand) {
    this.verb = verb;
    this.secret = secret;
    this.preliminary = new Promise((resolve, reject) => {
      this.#givePreliminary = resolve;
      this.#failures.push(reject);
    });
    this.final = new Promise((resolve, reject) => {
      this.#giveFinal = resolve;
      this.#failures.push(reject);
    });
    // Whoever began the exchange may have stopped waiting for it.
    this.preliminary.catch(() => undefined);
    this.final.catch(() => undefined);
  }

  /** Takes one reply; gives whether it was the final one. Throws `ProtocolError` where that is put off without end. */
  take(reply: Reply): boolean {
    if (reply.code < 200) {
      this.#preliminaries += 1;
      if (this.#preliminaries > MAX_PRELIMINARY_REPLIES) {
        throw new ProtocolError(
          `the server answered ${this.verb} ${MAX_PRELIMINARY_REPLIES} times with 1yz, and not in the end`,
        );
      }
      this.hasBegun = true;
      this.#givePreliminary(reply);
      return false;
    }
    this.#givePreliminary(undefined);
    this.#giveFinal(reply);
    return true;
  }

  fail(error: Error): void {
    for (const reject of this.#failures) reject(error);
  }
}
