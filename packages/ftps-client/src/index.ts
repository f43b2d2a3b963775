// The public names of ftps-client.
export { FtpsClient } from './client.js';
export type { FtpsClientOptions, Timeouts } from './client-options.js';
export type { CallOptions, HashOptions, TreeOptions } from './call-options.js';
export type { Features } from './login/features.js';
export { ServerMemory, type ServerMemoryOptions } from './login/server-memory.js';
export { ControlTickets, type ControlTicketsOptions } from './tickets/control-tickets.js';

export type { DownloadOptions, TransferOptions, UploadOptions } from './files/transfer-options.js';
export type { AttemptEvent, GiveUpReason, RetryOptions } from './files/retry.js';
export type { Verified, VerifyMode } from './files/verify.js';
export type { PrefixProof, TimesReport, TransferResult } from './files/transfer-result.js';
export type { Progress } from './transfer/progress.js';
export type { DownloadSink, DownloadTarget, SinkOpener, WritableSink } from './local/download-sink.js';
export type { ReadableSource, SourceOpener, UploadInput } from './local/upload-source.js';
export { RemoteReadStream, RemoteWriteStream } from './remote/remote-stream.js';

export type { Entry } from './remote/list-entry.js';
export type { WalkEntry, WalkOptions } from './remote/walk.js';
export type { RemoteHash } from './remote/file-hash.js';
export type { HashAlgorithm } from './files/hash-algorithm.js';
export { UnsafeNameError, safeLocalName, type LocalNameOptions } from './local/local-name.js';
export { printable } from './printable.js';

export { FtpsPool, type PoolCloseOptions } from './pool/pool.js';
export type { PoolOptions } from './pool/pool-options.js';
export type { DropEvent, PoolEvents, PoolMetrics, ShrinkEvent } from './pool/pool-events.js';

export type {
  ClientEvents,
  CloseEvent,
  PinEvent,
  ProgressEvent,
  ReconnectEvent,
  RetryEvent,
  TransferEvent,
  TransferSubject,
  UnpinEvent,
} from './client-events.js';
export { CONTROL_CHANNEL, type ControlMessage } from './diagnostics.js';

export {
  IncompleteListingError,
  LocalFileError,
  LoginError,
  NotFoundError,
  PoolExhaustedError,
  ProtocolError,
  RemoteChangedError,
  RenameError,
  ReplyError,
  TransferError,
  UnsupportedError,
  VerificationError,
  replyText,
  type TransferErrorOptions,
  type VerificationFailure,
} from './errors.js';
export { isFtpsClientError, type ClientPhase, type FtpsClientError } from './client-error.js';
export { failedAttempts, type FailedAttempts } from './files/failed-attempts.js';
export { leftBehind, type LeftBehind } from './files/left-behind.js';

// What a caller of this package meets of those below, so that one import serves.
export type { Reply } from '@ftps-kit/ftp-protocol';
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
  ServerIdentity,
  TimeoutError,
  TlsError,
  TruncationError,
  type BindingVerdict,
  type Cipher,
  type CipherSuite,
  type ClientTlsOptions,
  type Clock,
  type Closure,
  type EngineChoice,
  type EngineName,
  type Group,
  type HandshakeSummary,
  type SignatureAlgorithm,
  type TicketSource,
  type TimeoutPhase,
  type TlsEngine,
  type TlsVersions,
  type WhenEmpty,
} from '@ftps-kit/tls-core';
