// What one login takes of the kept tickets for its control connection, and leaves there for the next.
import { createHash } from 'node:crypto';
import { ticketScope, type ClientBinding, type ControlTicket, type HandshakeSummary } from '@ftps-kit/tls-core';
import type { ClientOptions } from '../client-options.js';
import { TICKETS_LEFT_BY_LOGIN, TICKET_PATIENCE_MS } from '../limits.js';
import type { ServerTraits } from '../login/server-traits.js';
import { turnsOf } from './ticket-turns.js';

export class LoginTickets {
  readonly #options: ClientOptions;
  readonly #traits: ServerTraits;
  readonly #key: string;

  constructor(options: ClientOptions, traits: ServerTraits) {
    this.#options = options;
    this.#traits = traits;
    this.#key = options.controlTickets === undefined ? '' : keyOf(options);
  }

  /** Whether tickets are kept for this server. */
  get areKept(): boolean {
    return this.#options.controlTickets !== undefined && !this.#traits.leavesReturningWithoutTickets;
  }

  /** One to present; it is spent, whatever becomes of it. Never rejects, and is not waited for where the disk hangs. */
  async take(): Promise<ControlTicket | undefined> {
    const { controlTickets, signal } = this.#options;
    if (controlTickets === undefined || !this.areKept) return undefined;
    const deadline = { timeoutMs: TICKET_PATIENCE_MS, signal };
    return turnsOf(controlTickets).inTime(deadline, () => controlTickets.take(this.#key));
  }

  /** To be called when the login is over: its unused tickets go to the next one. Never rejects, and waits for so long at most. */
  async leave(binding: ClientBinding, timeoutMs: number): Promise<void> {
    const { controlTickets } = this.#options;
    if (controlTickets === undefined || !this.areKept) return;
    const unused = binding.takeForNextConnect().slice(0, TICKETS_LEFT_BY_LOGIN);
    // The newest is the first to be taken.
    const tickets = [...unused].reverse();
    await turnsOf(controlTickets).inTime({ timeoutMs }, () => controlTickets.keep(this.#key, tickets));
  }

  /**
   * Whether the server took a ticket and gave none back, as node:tls does under TLS 1.3: then no data connection can resume,
   * and one that must would be refused. RFC 8446 §4.6.1: tickets may come at any time; here the whole login has passed.
   */
  lacksNew(binding: ClientBinding, { resumed, protocol }: HandshakeSummary): boolean {
    return resumed && protocol === 'TLSv1.3' && binding.tickets.size === 0;
  }
}

/** A ticket is offered where it came from, and under the terms that it came under; no host, port or policy can be read off it. */
function keyOf({ host, port, mode, engine, policy }: ClientOptions): string {
  const scope = ticketScope({ engine: engine.name, policy, host });
  return createHash('sha256')
    .update(JSON.stringify([host.toLowerCase(), port, mode, scope]))
    .digest('hex');
}
