// The public names of ftps-server.
export { fixedAccounts, type Account, type Authenticate, type Credentials, type FixedAccount } from './accounts.js';
export { FileSystemError, type FileSystemErrorKind } from './errors.js';
export type {
  ConnectionInfo,
  ControlMode,
  DisconnectEvent,
  ListeningEvent,
  LoginEvent,
  RefusalEvent,
  SecuredEvent,
  ServerEvents,
  TransferEvent,
} from './events.js';
export type {
  DirectoryEntry,
  EntryType,
  FileStat,
  FileSystem,
  ReadHandle,
  WriteHandle,
  WriteMode,
} from './file-system.js';
export { DEFAULT_LIMITS, type ServerLimits } from './limits.js';
export { LocalFileSystem } from './local-file-system.js';
export type { BindingPolicy, FtpsServerOptions, ListenOptions, TlsOptions } from './server-options.js';
export { FtpsServer, createFtpsServer, type CloseOptions } from './server.js';
