// The public names of tls-core.
export type { ByteChannel, Closure } from './byte-channel.js';
export { toDuplex } from './channel-duplex.js';
export { ClientTickets, type ClientTicketsOptions } from './client-tickets.js';
export { systemClock, type Clock } from './clock.js';
export {
  ClientBinding,
  ServerBinding,
  type BindingVerdict,
  type ClientBindingOptions,
  type HandshakeEvidence,
  type WhenEmpty,
} from './control-binding.js';
export { ControlTicket, type SessionTrust } from './control-ticket.js';
export { withDeadline, type Deadline } from './deadline.js';
export { HANDSHAKE_CHANNEL, type HandshakeMessage } from './diagnostics.js';
export type {
  AcceptOptions,
  EngineCapabilities,
  EngineName,
  TlsAcceptor,
  TlsConnectOptions,
  TlsConnector,
  TlsEngine,
} from './engine.js';
export {
  AbortedError,
  CertificateError,
  ConfigError,
  ConnectionError,
  FtpsError,
  HandshakeError,
  LimitError,
  NotResumedError,
  PlaintextInjectionError,
  TimeoutError,
  TlsError,
  TruncationError,
  type TimeoutPhase,
} from './errors.js';
export { identityFromPkcs12 } from './pkcs12.js';
export {
  ServerIdentity,
  developmentIdentity,
  type DevelopmentIdentityOptions,
  type IdentityOptions,
} from './server-identity.js';
export { availableEngines, selectEngine, type EngineChoice } from './select-engine.js';
export { ServerTickets, type IssueFacts, type Redemption, type ServerTicketsOptions } from './server-tickets.js';
export { ticketScope, type TrustQuestion } from './session-trust.js';
export { SocketChannel, type ConnectOptions, type Endpoint } from './socket-channel.js';
export { StallWatch, type StallWatchOptions } from './stall-watch.js';
export { Ticket, type TicketFacts, type TicketSource } from './ticket.js';
export type { ConnectionRole, HandshakeSummary, TlsChannel } from './tls-channel.js';
export type { Cipher, CipherSuite, Group, SignatureAlgorithm } from './tls-names.js';
export {
  parseClientPolicy,
  parseServerPolicy,
  type ClientPolicy,
  type ClientTlsOptions,
  type ServerPolicy,
  type ServerTlsOptions,
  type TlsPolicy,
  type TlsPolicyOptions,
  type TlsVersions,
  type TrustOptions,
} from './tls-policy.js';
