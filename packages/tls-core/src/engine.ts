// The contract of a TLS engine.
import type { ClientBinding, ClientBindingOptions, ServerBinding } from './control-binding.js';
import type { ControlTicket } from './control-ticket.js';
import type { Deadline } from './deadline.js';
import type { ServerIdentity } from './server-identity.js';
import type { SocketChannel } from './socket-channel.js';
import type { ConnectionRole, TlsChannel } from './tls-channel.js';
import type { ClientPolicy, ServerPolicy } from './tls-policy.js';

/** What an engine can do beyond TLS itself. Asking for what it cannot is a `ConfigError`; nothing degrades in silence. */
export interface EngineCapabilities {
  /** A server may choose the number of tickets at login, and send another at any time. */
  readonly ticketsOnDemand: boolean;
  /** A server can enforce that a ticket is redeemed once. */
  readonly redeemOnce: boolean;
  /** A server can tell a data connection that offered a foreign or spent ticket from one that offered none. */
  readonly seesRefusedTickets: boolean;
  /** A server can ask for client certificates in the handshake. */
  readonly clientCertificates: boolean;
  /** Client certificates after the handshake. */
  readonly postHandshakeAuth: boolean;
  /** 0-RTT early data, both sides. */
  readonly earlyData: boolean;
  /** close_notify is told from a cut connection. */
  readonly secureClosure: boolean;
  readonly keyUpdate: boolean;
  /** Several identities, chosen by the name the client asks for. */
  readonly serverNames: boolean;
  /** TLS can end, and the connection below go on in clear. */
  readonly returnsToClear: boolean;
}

export type EngineName = 'openssl' | 'node';

/** How a server takes one connection. */
export interface AcceptOptions extends Deadline {
  readonly role: ConnectionRole;
  /** The control connection that this connection is, or must belong to. */
  readonly binding: ServerBinding;
  /**
   * Data connections: asked once, when the ClientHello has come; true where this side does nothing but send (downloads).
   * A resumed TLS 1.3 connection is resolved at once then, and may send and end before the client's Finished (0.5-RTT,
   * RFC 8446 §4.4.4). What is sent can be read by the ticket's owner only. Since the ClientHello may be a replay,
   * it is the ticket's first redemption that counts (RFC 8446 §8.1), and whoever comes with it again is waited for.
   * Default: never. An engine without the capability `earlyData` waits for Finished.
   */
  readonly sendsBeforeFinished?: (() => boolean) | undefined;
}

/** The server side of TLS: one for each listener. */
export interface TlsAcceptor {
  readonly policy: ServerPolicy;
  /** A binding for a new control connection. */
  newBinding(): ServerBinding;
  /**
   * Does the server's part of the handshake; the transport is spent by it. Rejects with `HandshakeError`,
   * `CertificateError`, `TimeoutError` (phase `tls`) or `AbortedError`, and has closed the connection then.
   * A data connection's verdict is in the handshake summary; refusing it is the caller's part.
   */
  accept(transport: SocketChannel, options: AcceptOptions): Promise<TlsChannel>;
  /** Shows other certificates from the next control connection on. */
  replaceIdentities(identities: readonly [ServerIdentity, ...ServerIdentity[]]): void;
  /**
   * Checks client certificates against other revocation lists (PEM) from the next control connection on. Throws `ConfigError`
   * where one is wrong, where the policy has no `clientCa`, and where the engine asks for no certificates.
   */
  replaceClientCrl(crl: string | readonly string[]): void;
}

/** How a client makes one connection. */
export interface TlsConnectOptions extends Deadline {
  readonly role: ConnectionRole;
  /** The host as the user named it: what the certificate is checked for unless the policy has a `serverName`. */
  readonly host: string;
  readonly binding: ClientBinding;
  /**
   * Control connections: a ticket of an earlier one (`ClientBinding.takeForNextConnect`). It is spent by the call, and is
   * offered only where the trust in its session still holds under this policy and for this host; a server that does not take
   * it shows its certificate. Data connections never present it: their tickets are those of this control connection.
   */
  readonly ticket?: ControlTicket | undefined;
  /** Data connections: bytes to send as 0-RTT where the ticket allows it; sent again by the channel if refused. */
  readonly earlyData?: Uint8Array | undefined;
}

/** The client side of TLS: one for each set of options. */
export interface TlsConnector {
  readonly policy: ClientPolicy;
  /** A binding for a new control connection. */
  newBinding(options?: ClientBindingOptions): ClientBinding;
  /**
   * Does the client's part of the handshake; the transport is spent by it. A data connection presents a ticket of its
   * binding, a control connection the one in the options; whether it resumed is in the handshake summary. Rejects as `TlsAcceptor.accept`, and with
   * `NotResumedError` when the binding has no ticket left and must not go without.
   */
  connect(transport: SocketChannel, options: TlsConnectOptions): Promise<TlsChannel>;
}

/** A TLS implementation. Contexts are made from policies; the policy is checked against the capabilities then. */
export interface TlsEngine {
  readonly name: EngineName;
  /** For people: name and OpenSSL version. */
  readonly description: string;
  readonly capabilities: EngineCapabilities;
  acceptor(policy: ServerPolicy): TlsAcceptor;
  connector(policy: ClientPolicy): TlsConnector;
}
