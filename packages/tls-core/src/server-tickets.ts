// The server side of the explicit ticket store. Its contract: what was not issued here is not found here.
import { inspect } from 'node:util';
import { systemClock, type Clock } from './clock.js';
import { SERVER_LATER_TICKETS, SERVER_SPENT_TICKETS, TICKET_LIFETIME_SECONDS } from './limits.js';

/** How a store treats its tickets. */
export interface ServerTicketsOptions {
  /** `once`: a ticket resumes one connection. `reusable`: any number. Default `reusable`. */
  readonly redeem?: 'once' | 'reusable' | undefined;
  /** Of tickets issued after the first ones, how many of the newest are kept. Default 16. */
  readonly laterCapacity?: number | undefined;
  /** Default 7 days. */
  readonly lifetimeSeconds?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** What became of a ticket that a client presented. */
export type Redemption =
  /** It is ours. At its `first` redemption early data may be accepted (RFC 8446 §8.1: single-use tickets). */
  | { readonly outcome: 'redeemed'; readonly session: Uint8Array; readonly first: boolean }
  /** It was ours and is spent. */
  | { readonly outcome: 'replayed' }
  /** It was never issued here, or has expired. */
  | { readonly outcome: 'foreign' };

/** What is known of a ticket when it is issued. */
export interface IssueFacts {
  /** Whether it belongs to the control connection's first ones, which stay; of the later ones the newest stay. */
  readonly atLogin: boolean;
  /** It resumes any number of times even under `once`: a TLS 1.2 session, of which there is only one. Default false. */
  readonly reusable?: boolean | undefined;
}

interface Entry {
  readonly session: Uint8Array;
  readonly issuedAt: number;
  readonly reusable: boolean;
  redeemed: boolean;
}

/** The tickets issued for one control connection, by the name the ticket carries (TLS 1.2: the session id). */
export class ServerTickets {
  readonly #redeem: 'once' | 'reusable';
  readonly #laterCapacity: number;
  readonly #lifetimeMs: number;
  readonly #clock: Clock;
  readonly #login = new Map<string, Entry>();
  /** Oldest first. */
  readonly #later = new Map<string, Entry>();
  readonly #spent = new Set<string>();

  constructor(options: ServerTicketsOptions = {}) {
    this.#redeem = options.redeem ?? 'reusable';
    this.#laterCapacity = options.laterCapacity ?? SERVER_LATER_TICKETS;
    this.#lifetimeMs = (options.lifetimeSeconds ?? TICKET_LIFETIME_SECONDS) * 1000;
    this.#clock = options.clock ?? systemClock;
  }

  get size(): number {
    return this.#login.size + this.#later.size;
  }

  /** Keeps what resumes under `name`. */
  issue(name: Uint8Array, session: Uint8Array, facts: IssueFacts): void {
    const entry = { session, issuedAt: this.#clock(), reusable: facts.reusable ?? false, redeemed: false };
    (facts.atLogin ? this.#login : this.#later).set(keyOf(name), entry);
    const [oldest] = this.#later.keys();
    if (this.#later.size > this.#laterCapacity && oldest !== undefined) this.#later.delete(oldest);
  }

  /** Redeems the ticket called `name`; under `once` it is spent by this, whatever becomes of the handshake. */
  redeem(name: Uint8Array): Redemption {
    const key = keyOf(name);
    if (this.#spent.has(key)) return { outcome: 'replayed' };
    const entry = this.#login.get(key) ?? this.#later.get(key);
    if (entry === undefined) return { outcome: 'foreign' };
    if (entry.issuedAt + this.#lifetimeMs <= this.#clock()) {
      this.#forget(key);
      return { outcome: 'foreign' };
    }
    const first = !entry.redeemed;
    entry.redeemed = true;
    if (this.#redeem === 'once' && !entry.reusable) this.#spend(key);
    return { outcome: 'redeemed', session: entry.session, first };
  }

  clear(): void {
    this.#login.clear();
    this.#later.clear();
    this.#spent.clear();
  }

  [inspect.custom](): string {
    return `ServerTickets { size: ${this.size}, redeem: ${this.#redeem} }`;
  }

  #forget(key: string): void {
    this.#login.delete(key);
    this.#later.delete(key);
  }

  #spend(key: string): void {
    this.#forget(key);
    this.#spent.add(key);
    const [oldest] = this.#spent;
    if (this.#spent.size > SERVER_SPENT_TICKETS && oldest !== undefined) this.#spent.delete(oldest);
  }
}

function keyOf(name: Uint8Array): string {
  return Buffer.from(name).toString('base64');
}
