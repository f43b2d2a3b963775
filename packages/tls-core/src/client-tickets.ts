// The client side of the explicit ticket store. Its contract: a TLS 1.3 ticket is handed out at most once.
import { inspect } from 'node:util';
import { systemClock, type Clock } from './clock.js';
import { CLIENT_TICKETS } from './limits.js';
import type { Ticket } from './ticket.js';

/** Bound and clock of a store. */
export interface ClientTicketsOptions {
  /** Most tickets kept; the oldest falls out. Default 16. */
  readonly capacity?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** The unused tickets of one control connection. Never shared between two: logins must not mix. */
export class ClientTickets {
  readonly #capacity: number;
  readonly #clock: Clock;
  /** Oldest first. */
  #tickets: Ticket[] = [];

  constructor(options: ClientTicketsOptions = {}) {
    this.#capacity = options.capacity ?? CLIENT_TICKETS;
    this.#clock = options.clock ?? systemClock;
  }

  /** Unexpired tickets at hand. */
  get size(): number {
    this.#dropExpired();
    return this.#tickets.length;
  }

  insert(ticket: Ticket): void {
    this.#dropExpired();
    this.#tickets.push(ticket);
    if (this.#tickets.length > this.#capacity) this.#tickets.shift();
  }

  /**
   * The newest unexpired ticket, or undefined. A TLS 1.3 ticket is forgotten as it is handed out; a TLS 1.2 session,
   * which may be resumed any number of times, stays.
   */
  takeOnce(): Ticket | undefined {
    this.#dropExpired();
    return this.#take(this.#tickets.at(-1));
  }

  /** As `takeOnce`, but the last ticket that came on the control connection stays. */
  takeSparing(): Ticket | undefined {
    this.#dropExpired();
    const ofControl = this.#tickets.filter(({ source }) => source === 'control');
    const spared = ofControl.length === 1 ? ofControl[0] : undefined;
    return this.#take(this.#tickets.findLast((ticket) => ticket !== spared));
  }

  /** Hands out, and forgets, all unexpired tickets that came on the control connection, the newest first. */
  takeAllOfControl(): readonly Ticket[] {
    this.#dropExpired();
    const taken = this.#tickets.filter(({ source }) => source === 'control').reverse();
    this.#tickets = this.#tickets.filter(({ source }) => source !== 'control');
    return taken;
  }

  clear(): void {
    this.#tickets = [];
  }

  [inspect.custom](): string {
    return `ClientTickets { size: ${this.size} }`;
  }

  #take(ticket: Ticket | undefined): Ticket | undefined {
    if (ticket !== undefined && !ticket.reusable) this.#tickets = this.#tickets.filter((other) => other !== ticket);
    return ticket;
  }

  #dropExpired(): void {
    const now = this.#clock();
    this.#tickets = this.#tickets.filter((ticket) => ticket.expiresAt > now);
  }
}
