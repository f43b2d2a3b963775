// What a server tells the program that embeds it. Nothing secret is in any of it.
import type { BindingVerdict, Endpoint, EngineName, FtpsError, HandshakeSummary } from '@ftps-kit/tls-core';
import type { LimitName } from './limits.js';

/** How clients begin TLS: by AUTH TLS on a port that starts in clear (RFC 4217), or at once. */
export type ControlMode = 'explicit' | 'implicit';

/** Where a server listens. */
export interface ListeningEvent extends Endpoint {
  readonly mode: ControlMode;
  readonly engine: EngineName;
}

/** One control connection, for its events to refer to. */
export interface ConnectionInfo {
  /** The same in all events of one control connection. */
  readonly id: string;
  readonly client: Endpoint;
}

/** A control connection came; or its TLS is up. */
export interface SecuredEvent extends ConnectionInfo {
  readonly handshake: HandshakeSummary;
}

export interface LoginEvent extends ConnectionInfo {
  /** As the client gave it: of a refused login it may be anything, also a password that was typed at the wrong prompt. */
  readonly user: string;
  readonly accepted: boolean;
  /** Why it was refused; the client is not told which of the first three it was. */
  readonly reason?: LoginRefusal | undefined;
}

/**
 * Why a login was refused:
 * - `credentials`: nobody has this name and password;
 * - `address`: the account is not allowed from there;
 * - `client-certificate`: the account needs a client certificate, and none or another one was shown;
 * - `sessions`: the account has as many sessions as it may.
 */
export type LoginRefusal = 'credentials' | 'address' | 'client-certificate' | 'sessions';

/** What the server makes of a data connection's TLS handshake, before anything moves on it. */
export interface VerdictEvent extends ConnectionInfo {
  readonly user: string;
  readonly verdict: BindingVerdict;
  /** Whether the server's binding policy lets it move the file. */
  readonly accepted: boolean;
  readonly handshake: HandshakeSummary;
}

/** Which way a transfer's bytes went, as the server sees it. */
export type TransferDirection = 'received' | 'sent';

/** The end of a transfer, or of a listing. */
export interface TransferEvent extends ConnectionInfo {
  readonly user: string;
  readonly command: string;
  readonly direction: TransferDirection;
  readonly path: string;
  readonly bytes: number;
  readonly durationMs: number;
  /** How the data connection proved itself; undefined where it never came so far. */
  readonly verdict: BindingVerdict | undefined;
  readonly handshake: HandshakeSummary | undefined;
  /** The final reply's code; a transfer succeeded at 226. */
  readonly replyCode: number;
  /** Why it failed. */
  readonly error?: Error | undefined;
}

/** Something that a well-behaved client does not do, and that was refused. */
export interface RefusalEvent extends ConnectionInfo {
  readonly reason: RefusalReason;
  readonly detail: string;
}

/**
 * Why something was refused:
 * - `plaintext-injection`: bytes came in clear behind AUTH;
 * - `not-bound`: a data connection did not prove that it belongs to its control connection;
 * - `stranger`: a data connection came from another address than its control connection;
 * - `bounce`: PORT or EPRT named another host than the client, or a port of a service;
 * - `foreign-protocol`: what came before a login was another protocol than FTP, such as HTTP;
 * - `untrusted-proxy`: somebody else than a proxy connected to an address that is for proxies;
 * - `proxy-header`: a proxy sent no PROXY protocol header, or a damaged one.
 */
export type RefusalReason =
  'plaintext-injection' | 'not-bound' | 'stranger' | 'bounce' | 'foreign-protocol' | 'untrusted-proxy' | 'proxy-header';

/** A client met one of the server's bounds. */
export interface LimitEvent extends ConnectionInfo {
  /** Which of `ServerLimits`. */
  readonly limit: LimitName;
  /** What that limit is set to. */
  readonly value: number;
  readonly detail: string;
}

/**
 * What failed:
 * - `listener`, `logger`: a listener of these events, or the logger, threw;
 * - `authenticate`: the function of this name rejected, and nobody was let in;
 * - `command`: a command's handler, or the file system below it, failed with what is no refusal;
 * - `accept`: the system would not give a connection (no file descriptor is left).
 */
export type FaultSource = 'listener' | 'logger' | 'authenticate' | 'command' | 'accept';

/** Something of the server, or of the program around it, failed. The server goes on. */
export interface FaultEvent {
  readonly where: FaultSource;
  readonly error: Error;
  /** The control connection that met it; empty where there was none. */
  readonly id: string;
  readonly client: Endpoint | undefined;
}

/** A control connection ended; `error` where it did not end by QUIT or by the client's close. */
export interface DisconnectEvent extends ConnectionInfo {
  readonly error?: FtpsError | undefined;
}

/** Names and arguments of a server's events. */
export interface ServerEvents {
  listening: [ListeningEvent];
  connection: [ConnectionInfo];
  secured: [SecuredEvent];
  login: [LoginEvent];
  verdict: [VerdictEvent];
  transfer: [TransferEvent];
  refusal: [RefusalEvent];
  limit: [LimitEvent];
  disconnect: [DisconnectEvent];
  fault: [FaultEvent];
}
