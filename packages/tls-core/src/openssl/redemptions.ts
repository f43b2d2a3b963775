// What one connection's client presented, redeemed at one store.
import type { HandshakeEvidence } from '../control-binding.js';
import type { ServerTickets } from '../server-tickets.js';
import type { Redeem } from './native-binding.js';

/** A session that was resumed, and the name it has in its store. */
export interface RedeemedSession {
  readonly name: Uint8Array;
  readonly session: Uint8Array;
  /** Whether it had never been redeemed before. */
  readonly first: boolean;
}

export class Redemptions {
  readonly #store: ServerTickets;
  readonly #answers = new Map<string, ReturnType<Redeem>>();
  #refused: HandshakeEvidence['refusedTicket'];
  #redeemed: RedeemedSession | undefined;

  constructor(store: ServerTickets) {
    this.#store = store;
  }

  /** Why a ticket of the client's was refused; undefined where none was. */
  get refused(): HandshakeEvidence['refusedTicket'] {
    return this.#refused;
  }

  /** What the client presented and the store let pass, lastly. */
  get redeemed(): RedeemedSession | undefined {
    return this.#redeemed;
  }

  /** For the native binding: called in the middle of a handshake, and touches nothing but the store. */
  readonly redeem: Redeem = (name, certain) => {
    const key = Buffer.from(name).toString('base64');
    // RFC 8446 §4.1.2: after a HelloRetryRequest the same ticket comes again, in the same handshake.
    if (this.#answers.has(key)) return this.#answers.get(key);
    const redemption = this.#store.redeem(name);
    const answer = redemption.outcome === 'redeemed' ? redemption : undefined;
    this.#answers.set(key, answer);
    if (answer !== undefined) this.#redeemed = { name, session: answer.session, first: answer.first };
    if (redemption.outcome === 'replayed' || (redemption.outcome === 'foreign' && certain)) {
      if (this.#refused !== 'replayed') this.#refused = redemption.outcome;
    }
    return answer;
  };
}
