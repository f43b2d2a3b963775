// The errors of ftps-kit that have nothing to do with FTP's own replies: one base, and one class for each thing that went wrong.
import type { BindingVerdict } from './control-binding.js';

/**
 * Base of every error that ftps-kit throws.
 *
 * `code` is stable and meant for programs (`FTPS_ERR_…`); `message` says what happened, on what, and what to do about
 * it; `cause` is the lower error where there is one. No secret is ever part of either.
 */
export abstract class FtpsError extends Error {
  abstract readonly code: `FTPS_ERR_${string}`;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The caller's options are wrong, or ask for what the chosen engine cannot do. Thrown before anything is opened. */
export class ConfigError extends FtpsError {
  readonly code = 'FTPS_ERR_CONFIG';
}

/** A TCP connection could not be made, or broke: unknown host, refused, reset. `cause` is Node's system error. */
export class ConnectionError extends FtpsError {
  readonly code = 'FTPS_ERR_CONNECTION';
}

/** What was waited for, by this package and by those above it: one list, so that no phase is misspelt anywhere. */
export type TimeoutPhase =
  | 'connect'
  | 'tls'
  | 'reply'
  | 'stall'
  | 'close'
  // Of ftps-client.
  | 'acquire'
  | 'control tickets'
  | 'sink'
  // Of ftps-server.
  | 'command'
  | 'commit'
  | 'data connection'
  | 'passive port'
  | 'proxy header';

/** Something did not happen within its time limit; `phase` says what was waited for. */
export class TimeoutError extends FtpsError {
  readonly code = 'FTPS_ERR_TIMEOUT';
  readonly phase: TimeoutPhase;

  constructor(phase: TimeoutPhase, timeoutMs: number, options?: ErrorOptions) {
    super(`timed out after ${timeoutMs} ms (${phase})`, options);
    this.phase = phase;
  }
}

/** The caller's `AbortSignal` ended it; `cause` is the signal's reason. */
export class AbortedError extends FtpsError {
  readonly code = 'FTPS_ERR_ABORTED';
}

/** A peer exceeded a bound that protects this process. */
export class LimitError extends FtpsError {
  readonly code = 'FTPS_ERR_LIMIT';
}

/** Base of everything that went wrong in TLS. */
export abstract class TlsError extends FtpsError {}

/** The peer's certificate was refused; `reason` is OpenSSL's or Node's name for why (`CERT_HAS_EXPIRED`, …). */
export class CertificateError extends TlsError {
  readonly code = 'FTPS_ERR_TLS_CERTIFICATE';
  readonly reason: string;

  constructor(message: string, reason: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The handshake failed for another reason than a certificate: no common version, suite or protocol, or a cut. */
export class HandshakeError extends TlsError {
  readonly code = 'FTPS_ERR_TLS_HANDSHAKE';
  /** Whether the peer answered with something that is no TLS at all. */
  readonly isNoTls: boolean;
  /** Whether there is no TLS version that both sides allow. */
  readonly isNoCommonVersion: boolean;

  constructor(
    message: string,
    {
      isNoTls = false,
      isNoCommonVersion = false,
      ...options
    }: ErrorOptions & { readonly isNoTls?: boolean; readonly isNoCommonVersion?: boolean } = {},
  ) {
    super(message, options);
    this.isNoTls = isNoTls;
    this.isNoCommonVersion = isNoCommonVersion;
  }
}

/** A data connection did not resume the TLS session of its control connection; `verdict` says what it did instead. */
export class NotResumedError extends TlsError {
  readonly code = 'FTPS_ERR_TLS_NOT_RESUMED';
  readonly verdict: Exclude<BindingVerdict, 'bound'>;

  constructor(message: string, verdict: Exclude<BindingVerdict, 'bound'>, options?: ErrorOptions) {
    super(message, options);
    this.verdict = verdict;
  }
}

/** Bytes came in clear where only TLS may follow: somebody between the peers put them there. */
export class PlaintextInjectionError extends TlsError {
  readonly code = 'FTPS_ERR_TLS_PLAINTEXT_INJECTION';
}

/** The connection ended by FIN without close_notify, so bytes may be missing at its end (RFC 8446 §6.1). */
export class TruncationError extends TlsError {
  readonly code = 'FTPS_ERR_TLS_TRUNCATION';
}
