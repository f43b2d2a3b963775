// What every command with a data connection goes through: open, 150, verdict, move, final reply, event.
import { ReplyCode } from '@ftps-kit/ftp-protocol';
import {
  FtpsError,
  TimeoutError,
  withDeadline,
  type BindingVerdict,
  type ByteChannel,
  type TlsChannel,
} from '@ftps-kit/tls-core';
import type { CommandContext } from './command-row.js';
import { CommitTimeoutError, CommitUnknownError } from './commit-time.js';
import { closeDataConnection } from './data-closing.js';
import type { DataConnection } from './data-connection.js';
import { FileSystemError } from './errors.js';
import { fileSystemReply } from './file-system-reply.js';
import { tellTimeout } from './limit-event.js';
import { outcome, type Outcome } from './outcome.js';
import { RateLimitedChannel } from './rate-limited-channel.js';
import { transferRates } from './server-rates.js';
import { Progress } from './transfer.js';

/** One transfer: what it is called, and what it moves once the data connection has proved itself. */
export interface DataTransfer {
  /** Path of the file or directory, for the 150 reply and the event. */
  readonly path: string;
  /** Text of the 150 reply, where it has to say more than the path. */
  readonly announcement?: string;
  /** Whether the client sends. Default: it receives. */
  readonly receives?: true;
  /**
   * Called after the verdict, never before: until then nothing may be created, truncated or revealed. Who sends also
   * ends the channel: in stream mode that is the end of the file (RFC 959 §3.4.1).
   */
  move(channel: ByteChannel, progress: Progress): Promise<void>;
}

const NOT_KNOWN = 'Whether it is stored is not known: the new file may still appear.';

const REMEDY = 'Reuse the TLS session of this control connection on the data connection.';

const REFUSALS: Readonly<Record<Exclude<BindingVerdict, 'bound'>, readonly string[]>> = {
  'full-handshake': ['TLS session of the data connection was not resumed from this control connection.', REMEDY],
  foreign: ['TLS session of the data connection belongs to another control connection.', REMEDY],
  replayed: ['TLS ticket of the data connection was used before.', 'Use each ticket once, and the newest first.'],
};

/** Runs `transfer` over the data connection that PASV, EPSV, PORT or EPRT announced, and gives the final reply. */
export async function overDataConnection(context: CommandContext, transfer: DataTransfer): Promise<Outcome> {
  const { session, server } = context;
  const opener = session.takeOpener();
  if (session.protection === 'C') {
    opener?.close();
    // RFC 4217 §10.2: 521, the data connection cannot be opened with this PROT setting.
    return outcome(
      ReplyCode.ProtectionLevelRefused,
      'Data connections must be protected: send PBSZ 0 and PROT P first.',
    );
  }
  if (opener === undefined) return outcome(ReplyCode.CannotOpenDataConnection, 'Send EPSV or PASV first.');
  const startedAt = performance.now();
  const record: TransferRecord = {};
  // Not AbortSignal.any, whose signals a long session would gather, one a transfer.
  const stop = new AbortController();
  const drop = (): void => {
    stop.abort();
    opener.close();
  };
  const reasons = [session.ended, context.aborted];
  for (const reason of reasons) reason.addEventListener('abort', drop, { once: true });
  if (reasons.some(({ aborted }) => aborted)) drop();
  session.transfer = { command: context.verb, path: transfer.path, bytes: () => record.progress?.bytes ?? 0 };
  const timeoutMs = server.settings.limits.dataConnectTimeoutMs;
  const outcomeOfAttempt = await attempt(
    context,
    transfer,
    record,
    () => opener.connection({ timeoutMs, signal: stop.signal, onlySends: transfer.receives !== true }),
    stop.signal,
  );
  session.transfer = undefined;
  for (const reason of reasons) reason.removeEventListener('abort', drop);
  tellTimeout(server, session, record.error);
  const result = context.aborted.aborted ? unlessKnown(outcomeOfAttempt, record.error) : outcomeOfAttempt;
  server.events.emit('transfer', {
    id: session.id,
    client: session.client,
    user: session.account.name,
    command: context.verb,
    direction: directionOf(transfer),
    path: transfer.path,
    bytes: record.progress?.bytes ?? 0,
    durationMs: performance.now() - startedAt,
    verdict: record.connection?.verdict,
    handshake: record.connection?.handshake,
    replyCode: result.code,
    error: record.error,
  });
  return result;
}

/** What is known of a transfer, as it becomes known. */
interface TransferRecord {
  connection?: DataConnection;
  progress?: Progress;
  error?: Error;
}

async function attempt(
  context: CommandContext,
  transfer: DataTransfer,
  record: TransferRecord,
  connect: () => Promise<DataConnection>,
  signal: AbortSignal,
): Promise<Outcome> {
  let channel: TlsChannel;
  try {
    record.connection = await connect();
    // As soon as TCP is up, whatever TLS does meanwhile: some clients wait for this reply before they begin with TLS.
    const announcement = transfer.announcement ?? `Data connection accepted for ${transfer.path}.`;
    await context.preliminary(ReplyCode.FileStatusOkay, announcement);
    channel = await record.connection.channel;
  } catch (error) {
    record.error = asError(error);
    record.connection?.destroy();
    return outcome(ReplyCode.CannotOpenDataConnection, `Cannot open the data connection: ${causeOf(error)}.`);
  }
  const refusal = refusalOf(context, record.connection);
  if (refusal !== undefined) {
    // The peer is to see an end and then the reply, and no reset.
    await closeDataConnection(context, channel, signal);
    return refusal;
  }
  const { stallTimeoutMs, tlsTimeoutMs } = context.server.settings.limits;
  const progress = new Progress(channel, { direction: directionOf(transfer), stallTimeoutMs });
  record.progress = progress;
  try {
    await progress.until(transfer.move(rateLimited(context, transfer, channel, progress, signal), progress));
  } catch (error) {
    record.error = asError(error);
    // Closed as one that is cut: an end would make the other side believe that it has the whole file.
    channel.destroy();
    return failureReply(error);
  } finally {
    progress.stop();
  }
  // What was sent lies in the socket until the client has done its part of the handshake, however long its way is.
  const confirmed = withDeadline('tls', { timeoutMs: tlsTimeoutMs }, channel.confirmed(), () => {
    channel.destroy();
  });
  const isWhole = await closeDataConnection(context, channel, signal, confirmed);
  if (!isWhole && transfer.receives !== true) return outcome(ReplyCode.TransferAborted, 'The transfer was aborted.');
  return outcome(ReplyCode.ClosingDataConnection, 'Transfer complete.');
}

function directionOf({ receives }: DataTransfer): 'received' | 'sent' {
  return receives === true ? 'received' : 'sent';
}

/** The channel at the speed that the account and the server have in this direction. */
function rateLimited(
  context: CommandContext,
  { receives }: DataTransfer,
  channel: ByteChannel,
  progress: Progress,
  signal: AbortSignal,
): ByteChannel {
  const limits = transferRates(context, receives === true ? 'received' : 'sent');
  if (limits.length === 0) return channel;
  const whileWaiting = (wait: Promise<void>): Promise<void> => progress.whileWaiting(wait);
  return new RateLimitedChannel(channel, { limits, signal, whileWaiting });
}

/**
 * RFC 959 §4.1.3: 426 for the transfer that ABOR ended. One that was complete by then stays so, and of one that may still
 * become complete, or has as far as anybody sees, nothing else is said than that.
 */
function unlessKnown(result: Outcome, error: Error | undefined): Outcome {
  if (result.code === ReplyCode.ClosingDataConnection) return result;
  if (error instanceof CommitTimeoutError || error instanceof CommitUnknownError) return result;
  if (error instanceof FileSystemError && error.kind === 'unsynced') return result;
  return outcome(ReplyCode.TransferAborted, 'The transfer was aborted.');
}

/** The verdict, and what the server's policy makes of it. */
function refusalOf({ session, server }: CommandContext, connection: DataConnection): Outcome | undefined {
  const { handshake, verdict = 'full-handshake' } = connection;
  const accepted = server.settings.binding !== 'require' || verdict === 'bound';
  const { id, client, account } = session;
  if (handshake !== undefined) {
    server.events.emit('verdict', { id, client, user: account.name, verdict, accepted, handshake });
  }
  if (accepted) return undefined;
  server.events.emit('refusal', {
    id,
    client,
    reason: 'not-bound',
    detail: `data connection: ${verdict}`,
  });
  // RFC 4217 §10.2: 522, the data connection's TLS negotiation was refused.
  return outcome(ReplyCode.DataTlsRefused, REFUSALS[verdict]);
}

function failureReply(error: unknown): Outcome {
  if (error instanceof FileSystemError) return fileSystemReply(error);
  if (error instanceof CommitTimeoutError) return outcome(ReplyCode.LocalError, commitTexts(error));
  if (error instanceof CommitUnknownError) return outcome(ReplyCode.LocalError, NOT_KNOWN);
  if (error instanceof TimeoutError) {
    return outcome(ReplyCode.TransferAborted, 'The transfer stalled; the data connection was closed.');
  }
  return outcome(ReplyCode.TransferAborted, 'The data connection broke; the transfer is incomplete.');
}

function commitTexts({ isCalledOff }: CommitTimeoutError): string | readonly string[] {
  if (isCalledOff) return 'The file system took too long; the upload was not stored.';
  return ['All of the upload has arrived, but the file system takes too long to store it.', NOT_KNOWN];
}

/** Our errors' texts are made for people and hold nothing of this machine; others' may. */
function causeOf(error: unknown): string {
  return error instanceof FtpsError ? error.message : 'the connection failed';
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
