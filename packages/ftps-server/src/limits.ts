// Every bound of the server, in one place; each may be changed by an option of the same name.
import { limits as grammarLimits } from '@ftps-kit/ftp-protocol';

/** Bounds that protect the server from its clients: whole numbers from 1 on. Times in milliseconds. */
export interface ServerLimits {
  /** From TCP connect to a login. Default 60,000. */
  readonly loginTimeoutMs: number;
  /** From TCP connect to the end of a PROXY protocol header. Default 5,000. */
  readonly proxyHeaderTimeoutMs: number;
  /** Between two commands. Default 300,000 (RFC 959 names none; RFC 1123 §4.1.3.2 asks for at least 5 minutes). */
  readonly idleTimeoutMs: number;
  /** One TLS handshake. Default 15,000. */
  readonly tlsTimeoutMs: number;
  /** From the transfer command to the data connection. Default 30,000. */
  readonly dataConnectTimeoutMs: number;
  /** How long a passive port waits for its client, from PASV or EPSV on, whether a transfer command came or not. Default 60,000. */
  readonly passivePortTimeoutMs: number;
  /**
   * Passive ports that may wait for clients at a time; and never more than `passivePorts` has. One more is answered 425.
   * Default 1,000.
   */
  readonly maxPassivePorts: number;
  /**
   * Of them, those for clients of one IPv4 address, or one /64 of IPv6; and never more than half of `passivePorts`. A
   * session has one at most. Default 64.
   */
  readonly maxPassivePortsPerAddress: number;
  /** A transfer for which the network brings or takes not a byte for this long has stalled. Default 60,000. */
  readonly stallTimeoutMs: number;
  /**
   * What a command takes that moves no file: the file system, and whoever is asked for accounts, answer within it. A hash of
   * a large file needs some. So does an upload's commit, behind its last byte. Before a login `loginTimeoutMs` holds. Default 600,000.
   */
  readonly commandTimeoutMs: number;
  /** Entries of a directory that a listing may have; a longer one is cut and answered 451. Default 1,000,000. */
  readonly maxListingEntries: number;
  /**
   * Entries of a directory that STAT lists, in memory and on the control connection, which nothing else can use meanwhile; of
   * a longer one it lists none and is answered 450. Default 1,000.
   */
  readonly maxStatusEntries: number;
  /**
   * Bytes of one command, without its end; a longer one is skipped to its end and answered 500, and before a login it ends
   * the connection. Default 8,192: the longest path of Linux beside the facts of an MFF.
   */
  readonly maxCommandBytes: number;
  /**
   * Commands that wait for the end of a transfer. One more is the last that is read: what comes behind it stays in the
   * network, an ABOR too. Default 64.
   */
  readonly maxWaitingCommands: number;
  /** Hashes of files that are made at a time, for all sessions together; a session has one. Default 2. */
  readonly maxHashes: number;
  /** Hashes that wait for one of those to end; one more is answered 450. Default 100. */
  readonly maxWaitingHashes: number;
  /** Refused logins before the control connection is closed. Default 3. */
  readonly maxFailedLogins: number;
  /**
   * Distance between two logins from one address (IPv6: one /64), over all its connections, once three have failed; it
   * doubles with each further failure. Whoever has logged in from there before does not wait. Default 1,000.
   */
  readonly failedLoginDelayMs: number;
  /** The longest such distance; who would have to wait longer for a turn is told 421. Default 30,000. */
  readonly maxFailedLoginDelayMs: number;
  /**
   * Control connections at a time. One more takes the place of the oldest on which nobody has logged in; where there is none,
   * it is told 421. Default 10,000.
   */
  readonly maxConnections: number;
  /** Control connections from one IPv4 address, or one /64 of IPv6; one more is told 421. Default 100. */
  readonly maxConnectionsPerAddress: number;
  /**
   * Control connections on which nobody has logged in, TLS handshakes among them; one more takes the place of the oldest.
   * Default 1,000.
   */
  readonly maxPendingLogins: number;
  /**
   * Bytes a second that clients may send in all transfers of the server together, beside the rates of accounts; transfers
   * go in turn. Default `Infinity`: no limit.
   */
  readonly uploadBytesPerSecond: number;
  /** Likewise of files and listings that are sent to clients. Default `Infinity`: no limit. */
  readonly downloadBytesPerSecond: number;
}

export type LimitName = keyof ServerLimits;

export const DEFAULT_LIMITS: ServerLimits = Object.freeze({
  loginTimeoutMs: 60_000,
  proxyHeaderTimeoutMs: 5_000,
  idleTimeoutMs: 300_000,
  tlsTimeoutMs: 15_000,
  dataConnectTimeoutMs: 30_000,
  passivePortTimeoutMs: 60_000,
  maxPassivePorts: 1_000,
  maxPassivePortsPerAddress: 64,
  stallTimeoutMs: 60_000,
  commandTimeoutMs: 600_000,
  maxListingEntries: 1_000_000,
  maxStatusEntries: 1_000,
  maxCommandBytes: grammarLimits.maxCommandLineBytes,
  maxWaitingCommands: 64,
  maxHashes: 2,
  maxWaitingHashes: 100,
  maxFailedLogins: 3,
  failedLoginDelayMs: 1_000,
  maxFailedLoginDelayMs: 30_000,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 100,
  maxPendingLogins: 1_000,
  uploadBytesPerSecond: Infinity,
  downloadBytesPerSecond: Infinity,
});

/** Bytes moved at a time between a file and a data connection. */
export const TRANSFER_BUFFER_BYTES = 256 * 1024;

/** Bytes of a listing gathered before they are sent. */
export const LISTING_BUFFER_BYTES = 32 * 1024;

/** Active data connections go to greater ports only: those up to it belong to services (RFC 2577 §3). */
export const LAST_PRIVILEGED_PORT = 1023;

/** What is still read of a peer whose data connection was refused, so that it sees the reply and not a reset. */
export const DRAIN_BYTES = 8 * 1024 * 1024;
export const DRAIN_TIMEOUT_MS = 2_000;

/** An upload of a process that cannot be seen from here counts as dead when nothing was written to it for this long. */
export const STALE_UPLOAD_MS = 24 * 60 * 60 * 1000;

/** Folders that a local file system remembers as free of litter. */
export const CLEARED_FOLDERS = 4_096;

/** Entries of a local directory that are looked up at a time for a listing. */
export const LISTING_BATCH = 64;

/** Files of one file system whose hashes are kept. */
export const KNOWN_HASHES = 10_000;

/** So many bytes are worth a thread of their own to hash; fewer are hashed between other work. */
export const HASH_THREAD_BYTES = 4 * 1024 * 1024;
/** How long the command of a session that has ended may still take to clean up behind itself. */
export const ENDED_COMMAND_MS = 2_000;

/** Bytes of commands beyond `maxWaitingCommands` that a session reads to see whether its client is still there. */
export const HELD_COMMAND_BYTES = 64 * 1024;

/** Data connections of one session that may still be closing when it is told the end of the next transfer. */
export const MAX_SESSION_CLOSINGS = 8;

/** Connections that are turned away with a word and a drain at a time; more are dropped without. */
export const MAX_GENTLE_CLOSINGS = 256;

/** Bytes of a PROXY protocol header: its TLVs may hold a client certificate's names, and need not hold more. */
export const MAX_PROXY_HEADER_BYTES = 4 * 1024;
