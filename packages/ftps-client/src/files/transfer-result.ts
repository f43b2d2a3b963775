// What a finished transfer proves, and what it does not.
import type { Reply } from '@ftps-kit/ftp-protocol';
import type { Closure, HandshakeSummary, TicketSource } from '@ftps-kit/tls-core';
import type { TransferOutcome } from '../transfer/transfer-request.js';
import type { Verified } from './verify.js';

/**
 * Why the bytes before `resumedAt` are taken for those of the file. `hash`: both sides hashed them. `unchanged`: the
 * remote file has the size and the time it had when they moved. `own`: this call sent them itself. `unchecked`: nobody
 * could tell; where `verified` is by hash, they are proved by it.
 */
export type PrefixProof = 'hash' | 'unchanged' | 'own' | 'unchecked';

/** Whether the other file got the modification time it was to have. */
export type TimesReport =
  | { readonly set: true; readonly modifiedAt: Date; readonly by: 'MFMT' | 'MDTM' | 'local' }
  | { readonly set: false; readonly reason: string };

/** A transfer that came to a good end, and what was proved about it. */
export interface TransferResult {
  /** Bytes that moved, in all attempts together. */
  readonly bytes: number;
  /** Of the file as it is now; with `append`, only what was added. */
  readonly sizeBytes: number;
  /** From the beginning of the first attempt to the final reply of the last one. */
  readonly durationMs: number;
  /** How many attempts it took; 1 is none in vain. */
  readonly attempts: number;
  /** Where in the file the last attempt went on; 0 where the whole file moved at once. */
  readonly resumedAt: number;
  /** Why what lies before `resumedAt` is right; undefined where that is 0. */
  readonly prefix: PrefixProof | undefined;
  /** Whether the data connection resumed the TLS session of the control connection, and so belongs to it. */
  readonly resumed: boolean;
  /** Where the ticket that was resumed came from. */
  readonly ticketSource: TicketSource | undefined;
  /** Of the data connection; undefined on plain FTP. */
  readonly handshake: HandshakeSummary | undefined;
  /** How the server's direction of the data connection ended. */
  readonly closure: Closure;
  readonly verified: Verified;
  /** The modification time; undefined where nobody asked for it. */
  readonly times: TimesReport | undefined;
  /**
   * Of an upload with `replace`: where the old file lies on the server that was moved aside and that could not be removed then;
   * undefined where there is none.
   */
  readonly oldFileAt: string | undefined;
  /** The final reply. */
  readonly reply: Reply;
}

/** What a result says besides the outcome of its last attempt. */
export type ResultFacts = Pick<
  TransferResult,
  'bytes' | 'sizeBytes' | 'durationMs' | 'attempts' | 'resumedAt' | 'prefix' | 'verified' | 'times' | 'oldFileAt'
>;

export function transferResult(outcome: TransferOutcome, facts: ResultFacts): TransferResult {
  const { handshake } = outcome;
  return Object.freeze({
    ...outcome,
    ...facts,
    resumed: handshake?.resumed ?? false,
    ticketSource: handshake?.ticketSource,
  });
}
