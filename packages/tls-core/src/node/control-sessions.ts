// What one control connection's binding is made of on node:tls: ticket keys of its own, and the marks of its sessions.
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import type tls from 'node:tls';
import type { ServerBinding } from '../control-binding.js';
import type { ConnectionRole } from '../tls-channel.js';
import { SessionField, sessionNumber } from './session-der.js';

/** RFC 5077 §4 recommends it, and node:tls wants exactly this: 16 bytes of name, 16 of HMAC key, 16 of AES key. */
const TICKET_KEY_BYTES = 48;

/**
 * The sessions that began on one control connection.
 *
 * node:tls sends tickets on every full handshake, on data connections too, and decrypts them with the same keys. A ticket
 * from a data connection proves nothing: whoever was first at a passive port has one. So sessions of control connections
 * and of data connections get lifetimes that differ by a second, and the lifetime of the session that a data connection
 * resumed says on which kind it began.
 *
 * TLS 1.2 clients that want no tickets (curl is one) resume by session id; only control connections put theirs into the
 * binding's store.
 */
export class ControlSessions {
  readonly #lifetimeSeconds: number;
  readonly #contexts: Readonly<Record<ConnectionRole, tls.SecureContext>>;
  readonly #stores: Readonly<Record<ConnectionRole, net.Server>>;

  constructor(
    binding: ServerBinding,
    lifetimeSeconds: number,
    newContext: (options: tls.SecureContextOptions) => tls.SecureContext,
  ) {
    this.#lifetimeSeconds = lifetimeSeconds;
    const ticketKeys = randomBytes(TICKET_KEY_BYTES);
    const contextFor = (sessionTimeout: number): tls.SecureContext =>
      newContext({ ticketKeys, sessionIdContext: 'ftps-kit', sessionTimeout });
    this.#contexts = { control: contextFor(lifetimeSeconds), data: contextFor(lifetimeSeconds - 1) };
    this.#stores = { control: sessionStore(binding, { issues: true }), data: sessionStore(binding, { issues: false }) };
  }

  /** How a connection of this kind is to be accepted. */
  socketOptions(role: ConnectionRole): tls.TLSSocketOptions {
    return { secureContext: this.#contexts[role], server: this.#stores[role] };
  }

  /** Whether the TLS session of this connection began on the control connection. */
  beganHere(tlsSocket: tls.TLSSocket): boolean {
    const session = tlsSocket.getSession();
    return session !== undefined && sessionNumber(session, SessionField.timeout) === this.#lifetimeSeconds;
  }
}

/** What node:tls asks for sessions by id; it listens nowhere. */
function sessionStore({ tickets }: ServerBinding, { issues }: { readonly issues: boolean }): net.Server {
  const store = new net.Server();
  store.on('resumeSession', (id: Buffer, done: (error: null, session: Buffer | null) => void) => {
    const redemption = tickets.redeem(id);
    done(null, redemption.outcome === 'redeemed' ? Buffer.from(redemption.session) : null);
  });
  if (issues) {
    store.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
      tickets.issue(id, session, { atLogin: true });
      done();
    });
  }
  return store;
}
