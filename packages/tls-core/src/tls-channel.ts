// A ByteChannel with TLS on it: what was agreed in the handshake, and what TLS 1.3 can do after it.
import type { X509Certificate } from 'node:crypto';
import type { ByteChannel } from './byte-channel.js';
import type { BindingVerdict } from './control-binding.js';
import type { Deadline } from './deadline.js';
import type { SocketChannel } from './socket-channel.js';
import type { Ticket, TicketSource } from './ticket.js';

/** The connections FTP has: the one that is logged in, and those that carry files. */
export type ConnectionRole = 'control' | 'data';

/** What a handshake agreed on. */
export interface HandshakeSummary {
  readonly role: ConnectionRole;
  readonly protocol: 'TLSv1.2' | 'TLSv1.3';
  /** IANA name, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipherSuite: string;
  /** Key exchange group, where the engine can tell. */
  readonly group: string | undefined;
  readonly resumed: boolean;
  /** Client: where the ticket that was resumed came from. Server: undefined. */
  readonly ticketSource: TicketSource | undefined;
  /** Server, data connections: whether the handshake proved to belong to the control connection. */
  readonly verdict: BindingVerdict | undefined;
  /** Whether 0-RTT early data was sent, and what became of it. */
  readonly earlyData: 'none' | 'accepted' | 'rejected';
  readonly alpn: string | undefined;
  /** SNI: sent by a client, seen by a server. */
  readonly serverName: string | undefined;
  /** The peer's chain, leaf first; empty where it showed none. Of a resumed connection: the one checked before. */
  readonly peerCertificates: readonly X509Certificate[];
}

/** A protected channel. Methods that an engine lacks (see its capabilities) reject with `ConfigError`. */
export interface TlsChannel extends ByteChannel {
  readonly handshake: HandshakeSummary;

  /** Server: bytes that came as 0-RTT early data and could be a replay; `read` gives them first. 0 where none did. */
  readonly earlyDataBytes: number;

  /**
   * Resolves when the handshake is over on both sides: at once, unless this side writes before the client's Finished (0.5-RTT,
   * `AcceptOptions.sendsBeforeFinished`). Until then a connection that is destroyed may take with it what was sent. Rejects
   * with what ended the connection before.
   */
  confirmed(): Promise<void>;

  /** Client: calls `listener` for each ticket that comes; the binding keeps them by itself. Gives a function that stops it. */
  onTicket(listener: (ticket: Ticket) => void): () => void;

  /** Server: sends one more ticket now. Capability `ticketsOnDemand`. */
  issueTicket(): Promise<void>;

  /**
   * Server: asks for the client's certificate (RFC 8446 §4.6.2) and gives its verified chain, leaf first.
   * Rejects with `CertificateError` where the client shows none or a refused one. Capability `postHandshakeAuth`.
   */
  requestClientCertificate(): Promise<readonly X509Certificate[]>;

  /** Keying material for the layer above (RFC 8446 §7.5): `length` bytes under `label`. */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array;

  /** Changes this side's traffic keys (RFC 8446 §4.6.3). Capability `keyUpdate`. */
  updateKeys(): Promise<void>;

  /**
   * Ends TLS in both directions and gives the connection below it back, for clear text (RFC 4217 §12.3, §13). What the
   * peer sent behind its close_notify is read from there. This channel is spent afterwards. Rejects with `TimeoutError`
   * (phase `tls`) where the peer does not answer, and has closed the connection then. Capability `returnsToClear`.
   */
  endTls(deadline: Deadline): Promise<SocketChannel>;
}
