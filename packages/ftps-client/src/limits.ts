// Every bound and default of the client, in one place.

/** How long each phase may take unless the options say otherwise, in milliseconds. */
export const DEFAULT_TIMEOUTS = Object.freeze({
  /** A TCP connection, of either kind. */
  connectMs: 30_000,
  /** A TLS handshake, of either kind. */
  tlsMs: 30_000,
  /** The server's reply to a command; also the last reply after all bytes of a transfer. */
  replyMs: 30_000,
  /** A data connection on which nothing moves. */
  stallMs: 30_000,
  /** The farewell: QUIT and its reply, or ABOR and its replies. */
  closeMs: 5_000,
});

/**
 * How long a server that has taken the password may be silent on what was sent along with it, milliseconds; then it is
 * thought to have thrown that away, and the login is made again one command after the other. The replies are one-liners, and
 * come along with that to the password; ftp-srv, which throws away, has its users wait for this time.
 */
export const LOGIN_PATIENCE_MS = 2_000;

/** The same for a transfer command behind EPSV, and for NOOP behind a transfer, for which a server may have more to do. */
export const PIPELINE_PATIENCE_MS = 5_000;

/**
 * What is asked for ahead of a transfer (`preconnect`). Calls that follow one another within `restMs` are a burst, and nothing is
 * asked in between. After `holdMs` it is let go of and asked for again: pyftpdlib says 421 where a port is not used for 30 seconds,
 * and ftps-kit ends a connection on which no TLS begins for 15. So often, and then no more before the next transfer.
 */
export const PRECONNECT: { readonly restMs: number; readonly holdMs: number; readonly renewals: number } =
  Object.freeze({
    restMs: 10,
    holdMs: 10_000,
    renewals: 5,
  });

/** Servers that a `ServerMemory` keeps apart; the one not asked for longest is forgotten. */
export const MAX_REMEMBERED_SERVERS = 1_000;

/**
 * Refusals of the same user and password in a row, after which nobody asks again by himself for the time below. Servers lock
 * an account after three wrong passwords (pam_faillock), or an address after five (fail2ban), within ten or fifteen minutes.
 */
export const MAX_REFUSED_LOGINS = 2;

/** How long a server that has refused so often is left alone, milliseconds. */
export const REFUSED_LOGIN_PAUSE_MS = 15 * 60 * 1000;

/** How long those who log in again at the same time wait for the first of them to be let in, milliseconds. */
export const LOGIN_TURN_MS = 10_000;

/** Users of a server whose refusals are counted; the one that logged in longest ago is forgotten. */
export const MAX_REMEMBERED_USERS = 100;

/** How long TLS 1.2 stays pinned for a server before TLS 1.3 is tried again: 7 days. */
export const PIN_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;

/** Replies of a greeting that puts its client off (120), each within `replyMs`, and the one that it waits for. */
export const MAX_GREETING_REPLIES = 10;

/** Tickets for control connections that are kept of one server; those that end first go. A pool of eight finds one each. */
export const MAX_KEPT_TICKETS_PER_SERVER = 8;

/** Tickets for control connections that are kept in all. */
export const MAX_KEPT_TICKETS = 256;

/** A kept ticket, with the server's chain of certificates, is no longer than this. */
export const MAX_KEPT_TICKET_BYTES = 32 * 1024;

/** RFC 8446 §4.6.1: no ticket is used for longer than 7 days. */
export const MAX_KEPT_TICKET_MS = 7 * 24 * 60 * 60 * 1000;

/** Tickets that a login leaves to later ones: as many as servers issue to each. */
export const TICKETS_LEFT_BY_LOGIN = 2;

/** How long a connect waits for a kept ticket, milliseconds; then the handshake is made in full. */
export const TICKET_PATIENCE_MS = 2_000;

/** How long a server that was seen to be slow to look for TLS is given for it behind its 234, milliseconds. */
export const TLS_PAUSE_MS = 100;

/** TCP keep-alive on the control connection, which is silent while a file moves, milliseconds. */
export const CONTROL_KEEP_ALIVE_MS = 30_000;

/** NOOPs said during one transfer that a server has not answered yet; many answer them all together at its end. */
export const MAX_UNANSWERED_NOOPS = 1_000;

/** 1yz replies to one command. RFC 959 §4.2 has "at most, one"; a server that sends them without end keeps this process busy. */
export const MAX_PRELIMINARY_REPLIES = 1_000;

/** Bytes read at a time from the control connection. */
export const CONTROL_READ_BYTES = 4 * 1024;

/** Two of these carry a download: one is filled while the other goes to the sink. */
export const DOWNLOAD_BUFFER_BYTES = 256 * 1024;

/**
 * How long a download that failed waits for what it writes to, once to take what came and once to be let go of, milliseconds.
 * A disk that takes longer does so alone: an abort is not kept waiting by it.
 */
export const SINK_PATIENCE_MS = 1_000;

/** How long the call of a caller's own sink that is under way then may take before it is told to discard, milliseconds. */
export const SINK_CALL_PATIENCE_MS = 500;

/** Two of these carry an upload. Smaller: one of them has to get through within the stall limit on a slow line. */
export const UPLOAD_BUFFER_BYTES = 128 * 1024;

/** A listing longer than this is refused: 700,000 entries of a server that tells most of each (ProFTPD), two million short ones. */
export const MAX_LISTING_BYTES = 128 * 1024 * 1024;

/** A listing of more lines than this is refused: to keep one costs some hundred bytes, even where it has none. */
export const MAX_LISTING_LINES = 2_000_000;

/** The facts of all entries of a listing together: what a million entries have on servers that tell most. */
export const MAX_LISTING_FACTS = 12_000_000;

/** The longest line of a listing: a path of 4,096 bytes behind its facts. */
export const MAX_LISTING_LINE_BYTES = 16 * 1024;

/**
 * How far two times may lie apart for the server's clock to have gone evenly between them, if it was as far ahead of UTC at both.
 * No zone since 2005 has changed its clocks and changed them back within less than 20 days (Egypt, for the Ramadan of 2010).
 */
export const MAX_STEADY_CLOCK_MS = 14 * 24 * 60 * 60 * 1000;

/** What was learned of a server's clock is learned anew after this time, milliseconds. */
export const CLOCK_LIFETIME_MS = 60 * 60 * 1000;

/**
 * Files whose times are asked for during one listing, to learn the server's clock: half a year in steps of two weeks, and the hour
 * at which the clocks were changed.
 */
export const MAX_CLOCK_QUESTIONS = 24;

/** So many in a row that taught nothing are the last of a listing. */
export const MAX_VAIN_CLOCK_QUESTIONS = 4;

/** Times of one server that are kept with what its clock showed; the earliest falls out. */
export const MAX_CLOCK_SAMPLES = 1_000;

/**
 * Changes of folder that are gone through again on a new login, where the server does not tell its folders; with more than
 * these no login is opened again.
 */
export const MAX_FOLDER_MOVES = 1_000;

/** A tree deeper than this is taken for one that goes round in circles. */
export const MAX_TREE_DEPTH = 256;

/** Folders of a walk that wait to be listed. */
export const MAX_WALK_FOLDERS = 1_000_000;

/** A server reads a file before it tells its hash; that it reads so many bytes a second at least is taken for granted. */
export const REMOTE_HASH_BYTES_PER_SECOND = 10 * 1024 * 1024;

/** Between two calls of `onProgress`, milliseconds. */
export const PROGRESS_INTERVAL_MS = 100;

/** A rate is the mean of about so many milliseconds that lie behind. */
export const PROGRESS_WINDOW_MS = 5_000;

/** Waiting before the second attempt, and at most before any, milliseconds. */
export const DEFAULT_RETRY_DELAYS = Object.freeze({ firstDelayMs: 1_000, maxDelayMs: 60_000 });

/** A pool, unless the options say otherwise. */
export const DEFAULT_POOL = Object.freeze({
  size: 4,
  idleMs: 60_000,
  keepAliveMs: 20_000,
  acquireTimeoutMs: 0,
  growAgainMs: 60_000,
});

/** How long a pool waits after it could not open a login, milliseconds, where others stand or stood before. */
export const POOL_REOPENING = Object.freeze({ firstDelayMs: 1_000, maxDelayMs: 15_000 });

/** How long a pool that has lost all its logins goes on so before it gives up, milliseconds. */
export const POOL_OUTAGE_MS = 30_000;

/** How a pool tries again to open a login, and to ask what a lost login was asked; milliseconds. */
export const POOL_RETRY = Object.freeze({ attempts: 3, firstDelayMs: 200, maxDelayMs: 2_000 });
