// The entries of a remote folder: MLSD where the server has it, else LIST.
import { isAscii, isUtf8 } from 'node:buffer';
import { LimitError, type ByteChannel } from '@ftps-kit/tls-core';
import { outgoing, outgoingPath, type OutgoingCommand } from '../control/outgoing-command.js';
import { IncompleteListingError, ReplyError, isUnknownCommand } from '../errors.js';
import { MAX_LISTING_BYTES } from '../limits.js';
import { hasMachineListing } from '../login/features.js';
import type { LoginContext } from '../login/login-context.js';
import { runTransfer } from '../transfer/transfer-attempts.js';
import { TransferMeter } from '../transfer/transfer-meter.js';
import { learnClock } from './clock-questions.js';
import { inTurns } from './in-turns.js';
import { parseMachineLine, timedEntry, type Entry } from './list-entry.js';
import { parseListLine } from './list-line.js';
import { readEntries } from './listed-entries.js';
import { mustBeOfFolder } from './listed-folder.js';
import { LISTED_TIME_BYTES } from './listed-time.js';
import { ListingLines, type ListingLine } from './listing-lines.js';

const READ_BYTES = 64 * 1024;

/**
 * All entries of `path`, or of the current folder. Rejects as transfers do, with `LimitError`, and with
 * `IncompleteListingError`, which has what could be read, where some of it could not.
 */
export async function listEntries(
  context: LoginContext,
  path: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly Entry[]> {
  const lines = await machineLines(context, path, signal);
  if (lines !== undefined) {
    const { entries, unread } = await readEntries(lines, parseMachineLine, context.control);
    return whole(path, entries, unread);
  }
  const listed = await listText(context, path, signal);
  const { entries, unread } = await readEntries(listed, parseListLine, context.control);
  await mustBeOfFolder(context, path, { lines: listed, entries, unread }, () => rootText(context, signal), signal);
  if (hasMachineListing(context.features)) context.traits.lacksMachineListing = true;
  return whole(path, await withTimes(context, path, entries, signal), unread);
}

/** undefined where the server has no MLSD, or not after all. */
async function machineLines(
  context: LoginContext,
  path: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly ListingLine[] | undefined> {
  if (!hasMachineListing(context.features) || context.traits.lacksMachineListing) return undefined;
  try {
    return await transferLines(context, pathCommand('MLSD', path), signal);
  } catch (error) {
    // And not EPSV or PASV before it.
    if (error instanceof ReplyError && error.verb === 'MLSD' && isUnknownCommand(error.reply)) return undefined;
    throw error;
  }
}

function whole(path: string | undefined, entries: readonly Entry[], unread: readonly string[]): readonly Entry[] {
  if (unread.length > 0) throw new IncompleteListingError(path, { entries, unread });
  return entries;
}

/** LIST's times are the server's own: they are times where its zone is known. */
async function withTimes(
  context: LoginContext,
  path: string | undefined,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
): Promise<readonly Entry[]> {
  const { serverTimeZone, traits } = context;
  if (serverTimeZone === undefined) return entries;
  if (serverTimeZone === 'learn') await learnClock(context, path, entries, signal);
  const clock = serverTimeZone === 'learn' ? traits.serverClock : serverTimeZone;
  const now = Date.now();
  const timed: Entry[] = [];
  await inTurns(
    entries,
    () => LISTED_TIME_BYTES,
    (entry) => timed.push(timedEntry(entry, clock, now)),
  );
  return timed;
}

/** LIST leaves hidden files out on many servers, unless asked as `ls` is; a server may take that for a name. */
async function listText(
  context: LoginContext,
  path: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly ListingLine[]> {
  const { traits } = context;
  if (traits.listOptions !== 'useless') {
    const lines = await withOptions(context, path, signal);
    if (lines !== undefined && lines.length > 0) traits.listOptions = 'works';
    // No line at all may be an empty folder, or all that there is of the name `-a`.
    if (lines !== undefined && traits.listOptions === 'works') return lines;
  }
  const lines = await transferLines(context, pathCommand('LIST', path), signal);
  if (lines.length > 0) traits.listOptions = 'useless';
  return lines;
}

/** No lines where the server refuses. */
async function rootText(context: LoginContext, signal: AbortSignal | undefined): Promise<readonly ListingLine[]> {
  return listText(context, '/', signal).catch((error: unknown) => {
    if (error instanceof ReplyError) return [];
    throw error;
  });
}

/** undefined where the server refused: then LIST without options is to tell. */
async function withOptions(
  context: LoginContext,
  path: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly ListingLine[] | undefined> {
  const command = path === undefined ? outgoing('LIST', '-a') : outgoingPath('LIST', path, { before: '-a ' });
  try {
    return await transferLines(context, command, signal);
  } catch (error) {
    // 450: "No files found" to some.
    const isOfList = error instanceof ReplyError && error.verb === 'LIST';
    const isRefusal = isOfList && (!error.retryable || error.reply.code === 450);
    if (isRefusal) return undefined;
    throw error;
  }
}

async function transferLines(
  context: LoginContext,
  command: OutgoingCommand,
  signal: AbortSignal | undefined,
): Promise<readonly ListingLine[]> {
  const meter = new TransferMeter({ stallMs: context.timeouts.stallMs });
  let lines: readonly ListingLine[] = [];
  await runTransfer(context, {
    command,
    sends: false,
    meter,
    signal,
    move: async (channel) => {
      lines = await readLines(channel, meter);
    },
  });
  decideEncoding(context, lines);
  return lines;
}

/** The first names with other than ASCII in them say how the server spells, where FEAT did not. */
function decideEncoding({ traits }: LoginContext, lines: readonly ListingLine[]): void {
  if (traits.nameEncoding !== undefined) return;
  const beyondAscii = lines.filter(({ bytes }) => !isAscii(bytes));
  if (beyondAscii.length === 0) return;
  traits.nameEncoding = beyondAscii.every(({ bytes }) => isUtf8(bytes)) ? 'utf8' : 'latin1';
}

function pathCommand(verb: string, path: string | undefined): OutgoingCommand {
  return path === undefined ? outgoing(verb) : outgoingPath(verb, path);
}

async function readLines(channel: ByteChannel, meter: TransferMeter): Promise<readonly ListingLine[]> {
  const lines = new ListingLines();
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  for (;;) {
    const count = await meter.step(channel.read(buffer));
    if (count === 0) break;
    meter.moved(count);
    if (meter.bytes > MAX_LISTING_BYTES) throw new LimitError(`the listing is longer than ${MAX_LISTING_BYTES} bytes`);
    lines.push(buffer.subarray(0, count));
  }
  await channel.end().catch(() => undefined);
  // Whether the listing was cut is for the final reply to say.
  return lines.finish();
}
