// Every bound of tls-core, in one place.

/** Time a TLS handshake may take unless the caller says otherwise, in milliseconds. */
export const HANDSHAKE_TIMEOUT_MS = 30_000;

/** Tickets a client keeps for one control connection; servers send two at login and one a data connection at most. */
export const CLIENT_TICKETS = 16;

/** Tickets a server keeps of those it issued after the login ones; older ones fall out. */
export const SERVER_LATER_TICKETS = 16;

/** Names of spent tickets a server remembers for one control connection, to tell a replay from a foreign ticket. */
export const SERVER_SPENT_TICKETS = 256;

/** RFC 8446 §4.6.1: clients MUST NOT use a ticket for longer than 7 days. */
export const TICKET_LIFETIME_SECONDS = 7 * 24 * 60 * 60;

/** Sessions of earlier control connections that a listener keeps for clients that return. */
export const RETURNING_CLIENT_TICKETS = 1024;

/** Bytes that may wait for a peer that makes TLS answer (key updates) and does not read; then it is cut off. */
export const UNSENT_ANSWER_BYTES = 1024 * 1024;

/**
 * Bytes sent under one set of TLS 1.3 traffic keys. RFC 8446 §5.5: with AES-GCM no more than 2^24.5 full records, which
 * is 389 GB; keys are changed at a third of that.
 */
export const BYTES_PER_TRAFFIC_KEY = 2 ** 37;
