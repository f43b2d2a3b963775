// The native binding: its typed interface, and how it is found and loaded.
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../errors.js';

/** What a call into a connection came to; `native/connection.h` has the same numbers. */
export const Status = {
  done: 0,
  /** All ciphertext is used up and more is needed. */
  wantInput: 1,
  /** The peer sent close_notify. */
  closed: 2,
  /** The connection is over; `takeError` says why. */
  failed: 3,
  /** No early data comes, or no more of it. */
  earlyDataOver: 4,
  /** Not possible now; the connection goes on, and `takeError` says why. */
  refused: 5,
} as const;

export type Status = (typeof Status)[keyof typeof Status];

/** Where a connection's `state` says what the last call did; `native/connection.h` has the same order. */
export const State = { consumed: 0, produced: 1, toSend: 2, kept: 3, events: 4 } as const;

/** Versions as OpenSSL numbers them. */
export const PROTOCOL_NUMBER = { 'TLSv1.2': 0x0303, 'TLSv1.3': 0x0304 } as const;

export interface NativeContextOptions {
  readonly server: boolean;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly cipherSuites: string;
  readonly ciphers: string;
  readonly groups: string;
  readonly signatureAlgorithms: string;
  /** In RFC 7301's own form: each name behind its length. */
  readonly alpn: Uint8Array;
  readonly logKeys: boolean;
  readonly ca: readonly string[];
  readonly crl: readonly string[];
  readonly identityChains: readonly string[];
  readonly identityKeys: readonly string[];
  /** Client: SHA-256 fingerprints, 32 bytes each. */
  readonly pins?: Uint8Array;
  readonly acceptAny?: boolean;
  /** Server: whether what is agreed on here may be resumed at all. */
  readonly issuesSessions?: boolean;
  readonly ticketLifetimeSeconds?: number;
}

/** One side's SSL_CTX. */
export interface NativeContext {
  readonly [contextBrand]: true;
}
declare const contextBrand: unique symbol;

export interface NativeConnectionOptions {
  readonly releaseBuffers: boolean;
  /** Server. */
  readonly tickets?: number;
  readonly maxEarlyDataBytes?: number;
  readonly clientCertificates?: 'none' | 'optional' | 'required';
  /** Client: SNI, and what the certificate must be for. */
  readonly serverName?: string;
  readonly verifyHost?: string;
  readonly verifyAddress?: string;
  readonly session?: Uint8Array;
}

/** A session that may be resumed: one a server issued, or one that came to a client. */
export interface NativeSession {
  readonly name: Uint8Array;
  readonly session: Uint8Array;
  readonly lifetimeSeconds: number;
  readonly maxEarlyDataBytes: number;
  readonly tls13: boolean;
  /** Server: whether the client showed a certificate in it. */
  readonly namesPeer: boolean;
}

export interface NativeEvents {
  readonly sessions: readonly NativeSession[];
  readonly keyLines: readonly string[];
  readonly certificateAnswered: boolean;
}

export interface NativeSummary {
  readonly tls13: boolean;
  readonly resumed: boolean;
  readonly cipherSuite: string;
  readonly group?: string;
  readonly alpn?: string;
  readonly serverName?: string;
  readonly earlyData: 'none' | 'accepted' | 'rejected';
  readonly extendedMasterSecret: boolean;
}

/** What OpenSSL says went wrong. */
export interface NativeError extends Error {
  /** `ERR_SSL_…` or `ERR_OSSL_…`. */
  readonly code: string;
  /** Where the peer's certificate was the reason. */
  readonly certificateReason?: string;
  readonly certificateText?: string;
}

/**
 * Answers whether the ticket called `name` may resume; called in the middle of a call into the connection, which
 * refuses other calls meanwhile. `certain` is false where the name may be no ticket at all.
 */
export type Redeem = (
  name: Uint8Array,
  certain: boolean,
) => { readonly session: Uint8Array; readonly first: boolean } | undefined;

/**
 * A TLS connection without I/O. `input` is ciphertext from the peer, in use from `from` to `to`; what is to be sent goes
 * into `out` where there is one, and is kept for `drain` where not. After each call `state` says how much of each.
 */
export interface NativeConnection {
  readonly state: Uint32Array;
  handshake(input: Uint8Array, from: number, to: number, redeem?: Redeem): Status;
  read(input: Uint8Array, from: number, to: number, into: Uint8Array): Status;
  peek(input: Uint8Array, from: number, to: number): Status;
  write(plaintext: Uint8Array, from: number, to: number, out: Uint8Array): Status;
  readEarlyData(input: Uint8Array, from: number, to: number, into: Uint8Array, redeem: Redeem): Status;
  writeEarlyData(plaintext: Uint8Array, from: number, to: number): Status;
  drain(out: Uint8Array): Status;
  shutdown(): Status;
  issueTicket(): Status;
  requestCertificate(): Status;
  updateKeys(): Status;
  takeEvents(): NativeEvents;
  takeError(): NativeError;
  summary(): NativeSummary;
  /** DER, leaf first, as the peer showed them. */
  peerChain(): readonly Uint8Array[];
  /** DER of the chain that was verified; empty with a `reason` where it was refused, and without where none was shown. */
  verifiedPeer(): { readonly chain: readonly Uint8Array[]; readonly reason?: string; readonly text?: string };
  exportKeyingMaterial(length: number, label: string, context: Uint8Array): Uint8Array;
  close(): void;
}

export interface NativeBinding {
  readonly Context: new (options: NativeContextOptions) => NativeContext;
  readonly Connection: new (context: NativeContext, options: NativeConnectionOptions) => NativeConnection;
  readonly readPfx: (pfx: Uint8Array, passphrase: string) => { readonly certPem: string; readonly keyPem: string };
  /** What was sent on the socket of this descriptor and the peer has not acknowledged; 0 where the system does not tell. */
  readonly unacknowledgedBytes: (descriptor: number) => number;
  readonly opensslMajor: number;
}

/** The major version whose documented functions the binding is written for. */
const OPENSSL_MAJOR = 3;

/** Two folders up, in `src` and in `dist` alike. */
const PACKAGE_FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

let outcome: { readonly binding: NativeBinding } | { readonly failure: ConfigError } | undefined;

/** The binding. Throws `ConfigError` that says why there is none on this machine. */
export function nativeBinding(): NativeBinding {
  outcome ??= load();
  if ('failure' in outcome) throw outcome.failure;
  return outcome.binding;
}

/** Throws `ConfigError` where Node carries an OpenSSL that the binding is not made for. */
export function checkOpensslVersion(version: string | undefined): void {
  if (version !== undefined && Number.parseInt(version, 10) === OPENSSL_MAJOR) return;
  throw new ConfigError(
    `the openssl engine needs OpenSSL ${OPENSSL_MAJOR} inside Node, and this Node has ${version ?? 'none'}; use the node engine`,
  );
}

function load(): NonNullable<typeof outcome> {
  try {
    checkOpensslVersion(process.versions.openssl);
    const nodeGypBuild = createRequire(import.meta.url)('node-gyp-build') as (folder: string) => NativeBinding;
    const binding = nodeGypBuild(PACKAGE_FOLDER);
    checkOpensslVersion(String(binding.opensslMajor));
    return { binding };
  } catch (error) {
    if (error instanceof ConfigError) return { failure: error };
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return {
      failure: new ConfigError(
        `the openssl engine's binding does not load here (${why}); build it with 'npm run build', which needs a C++ compiler, or use the node engine`,
        { cause: error },
      ),
    };
  }
}
