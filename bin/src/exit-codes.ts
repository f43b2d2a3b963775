// What the command's exit code says, and which error leads to which.
import {
  AbortedError,
  ConfigError,
  ConnectionError,
  IncompleteListingError,
  LimitError,
  LocalFileError,
  LoginError,
  NotFoundError,
  ProtocolError,
  ReplyError,
  TimeoutError,
  TlsError,
  TransferError,
  UnsupportedError,
  VerificationError,
} from '@ftps-kit/ftps-client';

/** The documented table; see `ftps --help`. */
export const ExitCode = {
  Done: 0,
  Usage: 1,
  Connection: 2,
  Tls: 3,
  Login: 4,
  Refused: 5,
  TransferIncomplete: 6,
  VerificationFailed: 7,
  Interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** One line a code, for people. */
export const EXIT_CODE_HELP: readonly string[] = [
  '0  done',
  '1  wrong usage, or a local file or option that cannot be used',
  '2  no connection',
  '3  TLS failed, or a certificate or a data connection was refused',
  '4  login refused',
  '5  not found, or refused by the server',
  '6  the transfer or the listing is incomplete',
  '7  the check after the transfer failed',
  '130  interrupted',
];

/** The server said no, or has nothing to say yes to. */
const refusals = [ReplyError, NotFoundError, UnsupportedError];

/** The connection did not come about, or what came over it cannot be used. */
const connectionErrors = [ConnectionError, TimeoutError, ProtocolError, LimitError];

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof AbortedError) return ExitCode.Interrupted;
  if (error instanceof ConfigError || error instanceof LocalFileError) return ExitCode.Usage;
  if (error instanceof VerificationError) return ExitCode.VerificationFailed;
  if (error instanceof TransferError || error instanceof IncompleteListingError) return ExitCode.TransferIncomplete;
  if (error instanceof LoginError) return ExitCode.Login;
  if (refusals.some((kind) => error instanceof kind)) return ExitCode.Refused;
  if (error instanceof TlsError) return ExitCode.Tls;
  if (connectionErrors.some((kind) => error instanceof kind)) return ExitCode.Connection;
  return ExitCode.Usage;
}
