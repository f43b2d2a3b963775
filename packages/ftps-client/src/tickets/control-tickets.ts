// Tickets that control connections leave to those that come after them: shared between clients, and kept on disk if asked.
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError, systemClock, type Clock, type ControlTicket } from '@ftps-kit/tls-core';
import { knownKeys, optionalFunction } from '@ftps-kit/tls-core/internal';
import { errorOf } from '../errors.js';
import { MAX_KEPT_TICKETS, MAX_KEPT_TICKETS_PER_SERVER } from '../limits.js';
import { warn } from '../process-warning.js';
import { TicketFolder } from './ticket-folder.js';

export interface ControlTicketsOptions {
  /**
   * Where tickets are kept for the next process, a file of mode 0600 each. It is made with mode 0700 where it does not exist,
   * and must belong to us and to nobody else. Whoever may read in it can pretend to be the servers, and can read what went
   * over TLS 1.2; whoever may write in it can have us believe a server of theirs. Default: none, and they end with the process.
   */
  readonly folder?: string | undefined;
  readonly clock?: Clock | undefined;
}

/** What tickets are kept in. */
interface Shelf {
  take(key: string): Promise<ControlTicket | undefined>;
  keep(key: string, tickets: readonly ControlTicket[]): Promise<void>;
}

/**
 * Give one to a client, to several, or to a pool (`controlTickets`): a login that ends leaves its unused tickets, and the next
 * one on the same server, under the same terms of TLS, resumes with one of them instead of having the certificate shown and
 * checked again. Each is handed out once, to whichever client or process asks first, and lasts for 7 days at most. Nothing that
 * goes wrong here makes a connect fail: it is told as a warning of the process, once, and the handshake is made in full.
 */
export class ControlTickets {
  readonly #shelf: Shelf;
  readonly #warned = new Set<string>();

  /** Throws `ConfigError`. Reads and writes nothing yet. */
  constructor(options: ControlTicketsOptions = {}) {
    knownKeys('controlTickets', options, ['folder', 'clock'] satisfies (keyof ControlTicketsOptions)[]);
    const { folder, clock = systemClock } = options;
    if (folder !== undefined && (typeof folder !== 'string' || folder === '')) {
      throw new ConfigError('controlTickets.folder: name a folder');
    }
    optionalFunction('controlTickets.clock', clock);
    this.#shelf = folder === undefined ? new TicketShelf(clock) : new TicketFolder(resolve(folder), clock);
  }

  /** A ticket for what `key` stands for, which nobody gets again; undefined where there is none. Never rejects. */
  async take(key: string): Promise<ControlTicket | undefined> {
    return this.#tolerant(() => this.#shelf.take(key));
  }

  /** Keeps tickets for what `key` stands for. Never rejects. */
  async keep(key: string, tickets: readonly ControlTicket[]): Promise<void> {
    if (tickets.length > 0) await this.#tolerant(() => this.#shelf.keep(key, tickets));
  }

  [inspect.custom](): string {
    return 'ControlTickets {}';
  }

  async #tolerant<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const why = errorOf(error).message;
      if (!this.#warned.has(why) && this.#warned.size < MAX_WARNINGS) {
        this.#warned.add(why);
        warn(`control connections do not resume: ${why}`);
      }
      return undefined;
    }
  }
}

/** Messages of the system have paths in them, and could be new each time. */
const MAX_WARNINGS = 5;

/** In memory. */
class TicketShelf implements Shelf {
  readonly #clock: Clock;
  /** The server that was kept for longest ago first; of each, the newest ticket last. */
  readonly #kept = new Map<string, ControlTicket[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(key: string): Promise<ControlTicket | undefined> {
    this.#dropExpired();
    return Promise.resolve(this.#kept.get(key)?.pop());
  }

  keep(key: string, tickets: readonly ControlTicket[]): Promise<void> {
    const all = [...(this.#kept.get(key) ?? []), ...tickets];
    this.#kept.delete(key);
    this.#kept.set(key, all.slice(-MAX_KEPT_TICKETS_PER_SERVER));
    this.#dropExpired();
    let count = [...this.#kept.values()].reduce((sum, { length }) => sum + length, 0);
    for (const [server, { length }] of this.#kept) {
      if (count <= MAX_KEPT_TICKETS) break;
      this.#kept.delete(server);
      count -= length;
    }
    return Promise.resolve();
  }

  #dropExpired(): void {
    const now = this.#clock();
    for (const [key, tickets] of this.#kept) {
      const fresh = tickets.filter((ticket) => ticket.isFresh(now));
      if (fresh.length === 0) this.#kept.delete(key);
      else this.#kept.set(key, fresh);
    }
  }
}
