// All errors that a caller of a client or a pool meets, as one union that TypeScript tells apart by `code`.
import {
  FtpsError,
  TimeoutError,
  type AbortedError,
  type CertificateError,
  type ConfigError,
  type ConnectionError,
  type HandshakeError,
  type LimitError,
  type NotResumedError,
  type PlaintextInjectionError,
  type TimeoutPhase,
  type TruncationError,
} from '@ftps-kit/tls-core';
import type {
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
} from './errors.js';
import type { UnsafeNameError } from './local/local-name.js';

const CLIENT_PHASES = ['connect', 'tls', 'reply', 'stall', 'close', 'acquire'] as const satisfies TimeoutPhase[];

/** The phases in which a client or a pool can take too long. */
export type ClientPhase = (typeof CLIENT_PHASES)[number];

/** Of a class, and of none that extends it. */
type Only<E extends FtpsError, Code extends E['code']> = E & { readonly code: Code };

/**
 * Any error of ftps-kit that a client or a pool rejects with or tells its listeners. `code` tells them apart, and a switch
 * over it is checked to be exhaustive; `isFtpsClientError` makes one of what was caught. Other versions may add to it.
 */
export type FtpsClientError =
  | AbortedError
  | CertificateError
  | ConfigError
  | ConnectionError
  | HandshakeError
  | IncompleteListingError
  | LimitError
  | LocalFileError
  | LoginError
  | NotFoundError
  | NotResumedError
  | Only<ProtocolError, 'FTPS_ERR_PROTOCOL'>
  | Only<ReplyError, 'FTPS_ERR_REPLY'>
  | Only<TransferError, 'FTPS_ERR_TRANSFER'>
  | PlaintextInjectionError
  | PoolExhaustedError
  | RemoteChangedError
  | RenameError
  | (TimeoutError & { readonly phase: ClientPhase })
  | TruncationError
  | UnsafeNameError
  | UnsupportedError
  | VerificationError;

const CODES = {
  FTPS_ERR_ABORTED: true,
  FTPS_ERR_CONFIG: true,
  FTPS_ERR_CONNECTION: true,
  FTPS_ERR_INCOMPLETE_LISTING: true,
  FTPS_ERR_LIMIT: true,
  FTPS_ERR_LOCAL_FILE: true,
  FTPS_ERR_LOGIN: true,
  FTPS_ERR_NOT_FOUND: true,
  FTPS_ERR_POOL_EXHAUSTED: true,
  FTPS_ERR_PROTOCOL: true,
  FTPS_ERR_REMOTE_CHANGED: true,
  FTPS_ERR_RENAME: true,
  FTPS_ERR_REPLY: true,
  FTPS_ERR_TIMEOUT: true,
  FTPS_ERR_TLS_CERTIFICATE: true,
  FTPS_ERR_TLS_HANDSHAKE: true,
  FTPS_ERR_TLS_NOT_RESUMED: true,
  FTPS_ERR_TLS_PLAINTEXT_INJECTION: true,
  FTPS_ERR_TLS_TRUNCATION: true,
  FTPS_ERR_TRANSFER: true,
  FTPS_ERR_UNSAFE_NAME: true,
  FTPS_ERR_UNSUPPORTED: true,
  FTPS_ERR_VERIFICATION: true,
} as const satisfies Record<FtpsClientError['code'], true>;

/** Whether it is one of a client's or a pool's, and not one of a program's own or of a server of ftps-kit in the same process. */
export function isFtpsClientError(error: unknown): error is FtpsClientError {
  if (!(error instanceof FtpsError) || !Object.hasOwn(CODES, error.code)) return false;
  return !(error instanceof TimeoutError) || CLIENT_PHASES.some((phase) => phase === error.phase);
}
