// A ticket of a control connection, kept for the one that comes after it, with what the trust in its TLS session rests on.
import { X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import { Ticket } from './ticket.js';

/**
 * What was found out when the server showed its certificate on a control connection. A resumed handshake shows none: the
 * server is trusted again for these reasons, as long as they hold.
 */
export interface SessionTrust {
  /** The digest of everything that decided about the certificate, and about who we are to the server. */
  readonly scope: string;
  /** The chain that the server showed, leaf first. */
  readonly peerCertificates: readonly X509Certificate[];
  /** When the certificate has to be seen again, milliseconds since the epoch, however often the session was resumed. */
  readonly trustedUntil: number;
}

/**
 * One ticket with the trust that it stands for. Whoever has it can resume the TLS session, and can pretend to be the server to
 * a client that resumes it: it shows neither in `inspect` nor in JSON, and `encode` is for a store that nobody else reads.
 */
export class ControlTicket {
  readonly ticket: Ticket;
  readonly trust: SessionTrust;

  constructor(ticket: Ticket, trust: SessionTrust) {
    this.ticket = ticket;
    this.trust = trust;
  }

  /** Milliseconds since the epoch: when the ticket's time is over, or that of the trust in it. */
  get expiresAt(): number {
    return Math.min(this.ticket.expiresAt, this.trust.trustedUntil);
  }

  /** Whether it may be used at `now`. One that comes from the future was kept by a clock that is wrong. */
  isFresh(now: number): boolean {
    return this.ticket.receivedAt <= now && now < this.expiresAt;
  }

  /** As bytes, to be kept; secret. */
  encode(): Uint8Array {
    const { ticket, trust } = this;
    return Buffer.from(
      JSON.stringify({
        version: VERSION,
        protocol: ticket.protocol,
        receivedAt: ticket.receivedAt,
        lifetimeSeconds: ticket.lifetimeSeconds,
        session: Buffer.from(ticket.sessionForEngine()).toString('base64'),
        scope: trust.scope,
        trustedUntil: trust.trustedUntil,
        peerCertificates: trust.peerCertificates.map((certificate) => certificate.raw.toString('base64')),
      }),
    );
  }

  /** What `encode` made; undefined where these bytes are something else. */
  static decode(bytes: Uint8Array): ControlTicket | undefined {
    try {
      return fromJson(JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown);
    } catch {
      return undefined;
    }
  }

  toJSON(): object {
    return { protocol: this.ticket.protocol, expiresAt: this.expiresAt };
  }

  [inspect.custom](): string {
    return `ControlTicket { ${this.ticket.protocol}, expires ${new Date(this.expiresAt).toISOString()} }`;
  }
}

const VERSION = 1;

/** Throws for certificates that are none. */
function fromJson(value: unknown): ControlTicket | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { version, protocol, receivedAt, lifetimeSeconds, session, scope, trustedUntil, peerCertificates } =
    value as Readonly<Record<string, unknown>>;
  const isWhole =
    version === VERSION &&
    (protocol === 'TLSv1.2' || protocol === 'TLSv1.3') &&
    isTime(receivedAt) &&
    (lifetimeSeconds === undefined || isTime(lifetimeSeconds)) &&
    typeof session === 'string' &&
    typeof scope === 'string' &&
    isTime(trustedUntil) &&
    Array.isArray(peerCertificates);
  if (!isWhole) return undefined;
  const ticket = new Ticket({
    session: Buffer.from(session, 'base64'),
    protocol,
    source: 'control',
    receivedAt,
    lifetimeSeconds,
  });
  const chain = peerCertificates.map((der) => new X509Certificate(Buffer.from(String(der), 'base64')));
  return new ControlTicket(ticket, { scope, trustedUntil, peerCertificates: chain });
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
