// The public names of ftps-server.
export type { Account, AccountTerms, OpenRoot, RateLimits } from './account.js';
export {
  anonymousAccount,
  firstOf,
  fixedAccounts,
  type AnonymousAccountOptions,
  type Authenticate,
  type Credentials,
  type FixedAccount,
  type RootOptions,
} from './accounts.js';
export { FileSystemError, type FileSystemErrorKind } from './errors.js';
export { eventChannelName, type ServerEventMessage } from './event-hub.js';
export type {
  ConnectionInfo,
  ControlMode,
  DisconnectEvent,
  FaultEvent,
  FaultSource,
  LimitEvent,
  ListeningEvent,
  LoginEvent,
  LoginRefusal,
  RefusalEvent,
  RefusalReason,
  SecuredEvent,
  ServerEvents,
  TransferDirection,
  TransferEvent,
  VerdictEvent,
} from './events.js';
export type {
  DirectoryEntry,
  EntryType,
  FileHash,
  FileStat,
  FileSystem,
  HashAlgorithm,
  HashRequest,
  ReadHandle,
  WriteHandle,
  WriteMode,
} from './file-system.js';
export { DEFAULT_LIMITS, type LimitName, type ServerLimits } from './limits.js';
export { hashByReading } from './hash-range.js';
export type { LoginClient } from './login-client.js';
export { LocalFileSystem, type LocalFileSystemOptions } from './local-file-system.js';
export type { Logger, LogMethod } from './logger.js';
export { MemoryFileSystem, type MemoryFileSystemOptions } from './memory-file-system.js';
export type { ServerCounters, ServerGauges, ServerMetrics } from './metrics.js';
export type { ActiveModeOptions, BindingPolicy } from './options/data-connection-options.js';
export type { ListenOptions } from './options/listen-options.js';
export type { ProxiedDataConnections, ProxyProtocolOptions } from './options/proxy-options.js';
export type { IdentityInput, TlsOptions } from './options/tls-options.js';
export { hashPassword } from './password-hash.js';
export { ALL_PERMISSIONS, READ_ONLY_PERMISSIONS, type Permission } from './permissions.js';
export { prometheusText } from './prometheus.js';
export { QuotaFileSystem } from './quota-file-system.js';
export type { FtpsServerOptions } from './server-options.js';
export { FtpsServer, createFtpsServer, type CloseOptions } from './server.js';
export { sharedRoots } from './shared-roots.js';
export type { UserEntry, UsersDocument } from './users-document.js';
export { usersFile, type UsersFile, type UsersFileOptions, type UsersReport } from './users-file.js';
export { deleteUser, setUser, type UserFields } from './users-file-edit.js';
