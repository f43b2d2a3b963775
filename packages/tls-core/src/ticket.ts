// What a NewSessionTicket gives a client: the right to resume one TLS session.
import { inspect } from 'node:util';
import { TICKET_LIFETIME_SECONDS } from './limits.js';

/** The connection that a ticket came on. */
export type TicketSource = 'control' | 'data';

/** What an engine knows about a ticket when it comes. */
export interface TicketFacts {
  /** The engine's own serialisation of the TLS session; secret. */
  readonly session: Uint8Array;
  readonly protocol: 'TLSv1.2' | 'TLSv1.3';
  readonly source: TicketSource;
  /** When it came, milliseconds since the epoch. */
  readonly receivedAt: number;
  /** How long the server announced it to last; undefined where the engine cannot see it. */
  readonly lifetimeSeconds?: number | undefined;
  /** How much 0-RTT early data it allows, bytes; 0 where none. */
  readonly maxEarlyDataBytes?: number | undefined;
}

/** A ticket. The session in it is secret and shows neither in `inspect` nor in JSON. */
export class Ticket {
  readonly protocol: 'TLSv1.2' | 'TLSv1.3';
  readonly source: TicketSource;
  readonly receivedAt: number;
  /** Milliseconds since the epoch. RFC 8446 §4.6.1: never later than 7 days after it came. */
  readonly expiresAt: number;
  readonly lifetimeSeconds: number | undefined;
  readonly maxEarlyDataBytes: number;
  readonly #session: Uint8Array;

  constructor(facts: TicketFacts) {
    this.protocol = facts.protocol;
    this.source = facts.source;
    this.receivedAt = facts.receivedAt;
    this.lifetimeSeconds = facts.lifetimeSeconds;
    this.maxEarlyDataBytes = facts.maxEarlyDataBytes ?? 0;
    const seconds = Math.min(facts.lifetimeSeconds ?? TICKET_LIFETIME_SECONDS, TICKET_LIFETIME_SECONDS);
    this.expiresAt = facts.receivedAt + seconds * 1000;
    this.#session = facts.session;
  }

  /**
   * Whether it may serve again after it was used. A TLS 1.2 session may by nature; a TLS 1.3 ticket SHOULD NOT
   * (RFC 8446 §C.4).
   */
  get reusable(): boolean {
    return this.protocol === 'TLSv1.2';
  }

  /** The engine's serialisation, for an engine only. */
  sessionForEngine(): Uint8Array {
    return this.#session;
  }

  toJSON(): object {
    return { protocol: this.protocol, source: this.source, expiresAt: this.expiresAt };
  }

  [inspect.custom](): string {
    return `Ticket { ${this.protocol} from ${this.source} connection, expires ${new Date(this.expiresAt).toISOString()} }`;
  }
}
