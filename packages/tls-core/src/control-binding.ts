// The binding of data connections to their control connection: one object per control connection and side.
import { randomUUID, type X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import { ClientTickets } from './client-tickets.js';
import { systemClock, type Clock } from './clock.js';
import { ControlTicket, type SessionTrust } from './control-ticket.js';
import { NotResumedError } from './errors.js';
import { ServerTickets, type ServerTicketsOptions } from './server-tickets.js';
import type { Ticket } from './ticket.js';

/**
 * What a server found out about a data connection's handshake:
 * - `bound`: it resumed a session of this control connection, so the same client holds both ends;
 * - `full-handshake`: it resumed nothing. An engine that cannot see tickets it does not know says this for foreign ones too;
 * - `foreign`: it offered a ticket that this control connection never issued;
 * - `replayed`: it offered a ticket of this control connection that is spent.
 */
export type BindingVerdict = 'bound' | 'full-handshake' | 'foreign' | 'replayed';

/** What an engine saw in a data handshake. */
export interface HandshakeEvidence {
  readonly resumed: boolean;
  /** What became of the ticket the client offered; undefined where it offered none, or the engine cannot see it. */
  readonly refusedTicket?: 'foreign' | 'replayed' | undefined;
}

/** The server side: owns the tickets it issued on one control connection, and dies with it. */
export class ServerBinding {
  /** Names the control connection in events and logs; no secret. */
  readonly id = randomUUID();
  readonly tickets: ServerTickets;
  /** The client's certificate chain, leaf first, as checked on the control connection; a resumed handshake shows none. */
  peerCertificates: readonly X509Certificate[] = [];
  #closed = false;

  constructor(options: ServerTicketsOptions = {}) {
    this.tickets = new ServerTickets(options);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The verdict on a data connection's handshake. Nothing is bound to a closed control connection. */
  judge(evidence: HandshakeEvidence): BindingVerdict {
    if (evidence.resumed) return this.#closed ? 'foreign' : 'bound';
    return evidence.refusedTicket ?? 'full-handshake';
  }

  /** Ends the binding: at the end of the control connection, at REIN and at CCC. Its tickets resume nothing from here on. */
  close(): void {
    this.#closed = true;
    this.tickets.clear();
  }

  [inspect.custom](): string {
    return `ServerBinding { id: ${this.id}, tickets: ${this.tickets.size}, closed: ${this.#closed} }`;
  }
}

/** What a client does for a data connection when no unused ticket is left. */
export type WhenEmpty = 'reuse-last' | 'full-handshake' | 'fail';

/** How a client's binding treats its tickets. */
export interface ClientBindingOptions {
  /**
   * Default `reuse-last`: servers in the field issue two tickets at login and none later, and a client that refuses to
   * present one again is locked out at the third file.
   */
  readonly whenEmpty?: WhenEmpty | undefined;
  /**
   * Whether the last unused ticket of the control connection is left for the next one (`takeForNextConnect`), where data
   * connections can present another again (`reuse-last`). Default false.
   */
  readonly sparesLast?: boolean | undefined;
  readonly clock?: Clock | undefined;
}

/** The client side: owns the tickets that came on one control connection and its data connections. */
export class ClientBinding {
  readonly tickets: ClientTickets;
  /** The server's certificate chain, leaf first, as checked on the control connection; a resumed handshake shows none. */
  peerCertificates: readonly X509Certificate[] = [];
  /** Why the server is trusted; set by the handshake of the control connection. */
  trust: SessionTrust | undefined;
  readonly #whenEmpty: WhenEmpty;
  readonly #sparesLast: boolean;
  readonly #clock: Clock;
  #last: Ticket | undefined;

  constructor(options: ClientBindingOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.tickets = new ClientTickets({ clock: this.#clock });
    this.#whenEmpty = options.whenEmpty ?? 'reuse-last';
    this.#sparesLast = (options.sparesLast ?? false) && this.#whenEmpty === 'reuse-last';
  }

  /**
   * The ticket to present on the next data connection, or undefined for a full handshake.
   * Throws `NotResumedError` when none is left and the binding was told to fail then.
   */
  ticketForDataConnection(): Ticket | undefined {
    const fresh =
      this.#sparesLast && this.#usedBefore() !== undefined ? this.tickets.takeSparing() : this.tickets.takeOnce();
    if (fresh !== undefined) {
      this.#last = fresh;
      return fresh;
    }
    switch (this.#whenEmpty) {
      case 'reuse-last':
        return this.#usedBefore();
      case 'full-handshake':
        return undefined;
      case 'fail':
        throw new NotResumedError(
          'no unused ticket is left for the data connection: the server issued too few; allow whenEmpty: reuse-last',
          'full-handshake',
        );
    }
  }

  /**
   * Hands out, and forgets, the unused tickets of the control connection, the newest first: to be called when it ends, and to
   * be presented by the next one, once each. TLS 1.2 has a session instead, which data connections have used all the time.
   */
  takeForNextConnect(): readonly ControlTicket[] {
    const { trust } = this;
    return trust === undefined ? [] : this.tickets.takeAllOfControl().map((ticket) => new ControlTicket(ticket, trust));
  }

  /** Forgets every ticket. */
  close(): void {
    this.tickets.clear();
    this.#last = undefined;
  }

  #usedBefore(): Ticket | undefined {
    // RFC 8446 §4.6.1: clients MUST NOT use a ticket beyond its lifetime.
    return this.#last !== undefined && this.#last.expiresAt > this.#clock() ? this.#last : undefined;
  }

  [inspect.custom](): string {
    return `ClientBinding { tickets: ${this.tickets.size}, whenEmpty: ${this.#whenEmpty} }`;
  }
}
