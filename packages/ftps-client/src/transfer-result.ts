// What a transfer takes besides its two ends, and what it proves.
import type { Reply } from '@ftps-kit/ftp-protocol';
import type { Closure, HandshakeSummary, TicketSource } from '@ftps-kit/tls-core';
import { knownKeys, oneOf } from './client-options.js';
import type { TransferOutcome } from './transfer.js';
import type { Progress } from './transfer-meter.js';
import type { Verified } from './verify.js';

/** What every call takes. */
export interface CallOptions {
  /** Ends the call with `AbortedError`. The client stays usable where the server comes back into step. */
  readonly signal?: AbortSignal | undefined;
}

/** For calls about folders. */
export interface TreeOptions extends CallOptions {
  /** Also what is around the folder, or in it. Default false. */
  readonly recursive?: boolean | undefined;
}

export interface TransferOptions extends CallOptions {
  /** Called as bytes move; often. What it throws ends the transfer. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Default `auto`: sizes are compared where the server has SIZE. */
  readonly verify?: 'auto' | 'none' | undefined;
}

/** Throws `ConfigError` for an option that is none. */
export function checkTransferOptions(options: TransferOptions): void {
  knownKeys(options, '', ['signal', 'onProgress', 'verify'] satisfies (keyof TransferOptions)[]);
  oneOf('verify', options.verify ?? 'auto', ['auto', 'none']);
}

/** A transfer that came to a good end, and what was proved about it. */
export interface TransferResult {
  readonly bytes: number;
  /** From asking for the data connection to the final reply. */
  readonly durationMs: number;
  /** Whether the data connection resumed the TLS session of the control connection, and so belongs to it. */
  readonly resumed: boolean;
  /** Where the ticket that was resumed came from. */
  readonly ticketSource: TicketSource | undefined;
  /** Of the data connection; undefined on plain FTP. */
  readonly handshake: HandshakeSummary | undefined;
  /** How the server's direction of the data connection ended. */
  readonly closure: Closure;
  readonly verified: Verified;
  /** The final reply. */
  readonly reply: Reply;
}

export function transferResult(outcome: TransferOutcome, verified: Verified): TransferResult {
  const { handshake } = outcome;
  return Object.freeze({
    ...outcome,
    resumed: handshake?.resumed ?? false,
    ticketSource: handshake?.ticketSource,
    verified,
  });
}
