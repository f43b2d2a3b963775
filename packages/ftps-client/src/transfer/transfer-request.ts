// What is asked of a transfer, and what it gives when the server called it complete.
import type { Reply } from '@ftps-kit/ftp-protocol';
import type { ByteChannel, Closure, HandshakeSummary } from '@ftps-kit/tls-core';
import type { OutgoingCommand } from '../control/outgoing-command.js';
import type { Listening } from './data-connection.js';
import type { TransferMeter } from './transfer-meter.js';

/** What is to be transferred, and how. */
export interface TransferRequest {
  readonly command: OutgoingCommand;
  /** Whether this side sends: then the server's 1yz is waited for first. */
  readonly sends: boolean;
  /** Where in the file the server is to begin (REST); default 0. */
  readonly restartAt?: number | undefined;
  readonly meter: TransferMeter;
  readonly signal?: AbortSignal | undefined;
  /** Where somebody listens for this transfer, where that was agreed on already. */
  readonly listening?: Promise<Listening> | undefined;
  /** Whether that was agreed on while the login was at rest, so that the server may be done with it by now. */
  readonly isAhead?: boolean | undefined;
  /**
   * Moves the bytes to their end. Whatever it waits for on the channel rejects when the transfer breaks off. Who sends says by
   * `end` that this was all, and the server may call it complete from then on.
   */
  move(channel: ByteChannel, end: () => Promise<void>): Promise<void>;
}

/** A transfer that the server called complete. */
export interface TransferOutcome {
  readonly bytes: number;
  readonly durationMs: number;
  readonly handshake: HandshakeSummary | undefined;
  readonly closure: Closure;
  readonly reply: Reply;
}
