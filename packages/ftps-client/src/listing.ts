// The entries of a remote folder: MLSD where the server has it, else LIST.
import { isUtf8 } from 'node:buffer';
import { LineFramer, decodeText } from '@ftps-kit/ftp-protocol';
import { LimitError, type ByteChannel } from '@ftps-kit/tls-core';
import { ReplyError } from './errors.js';
import { hasMachineListing } from './features.js';
import { MAX_LISTING_BYTES, MAX_LISTING_LINE_BYTES } from './limits.js';
import { parseListing, parseMachineEntry, timedEntry, type Entry } from './list-entry.js';
import { parseListedTime } from './listed-time.js';
import { timeIfTold } from './modification-time.js';
import { outgoing, outgoingPath, type OutgoingCommand } from './outgoing-command.js';
import { joined } from './remote-path.js';
import { fixedOffset, learnedOffset } from './server-time-zone.js';
import { TransferMeter } from './transfer-meter.js';
import type { LoginContext } from './login-context.js';
import { runTransfer } from './transfer-attempts.js';

const READ_BYTES = 64 * 1024;

/** All entries of `path`, or of the current folder. Rejects as transfers do, and with `LimitError`. */
export async function listEntries(
  context: LoginContext,
  path: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly Entry[]> {
  if (hasMachineListing(context.features)) {
    const lines = await transferLines(context, pathCommand('MLSD', path), signal);
    return lines.map(parseMachineEntry).filter((entry) => entry !== undefined);
  }
  return withTimes(context, path, parseListing((await listText(context, path, signal)).join('\n')), signal);
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
  if (serverTimeZone === 'learn') {
    if (traits.utcOffsetMs === undefined) await learnOffset(context, path, entries, signal);
    if (typeof traits.utcOffsetMs !== 'number') return entries;
  }
  const zone = serverTimeZone === 'learn' ? fixedOffset(traits.utcOffsetMs ?? 0) : serverTimeZone;
  const now = Date.now();
  return entries.map((entry) => timedEntry(entry, zone, now));
}

/** Asks for the time of one file that is listed to the minute, and compares. */
async function learnOffset(
  context: LoginContext,
  path: string | undefined,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const now = Date.now();
  for (const { type, name, listedTime } of entries) {
    const listed = type === 'file' ? parseListedTime(listedTime ?? '', now) : undefined;
    if (listed?.precision !== 'minute') continue;
    const time = await timeIfTold(context, joined(path ?? '', name), signal);
    context.traits.utcOffsetMs = (time && learnedOffset(listed.wallMs, time.getTime())) ?? null;
    return;
  }
}

/** LIST leaves hidden files out on many servers, unless asked as `ls` is; a server may take that for a name. */
async function listText(
  context: LoginContext,
  path: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  if (!context.traits.refusesListOptions) {
    try {
      return await transferLines(
        context,
        path === undefined ? outgoing('LIST', '-a') : outgoingPath('LIST', path, { before: '-a ' }),
        signal,
      );
    } catch (error) {
      if (!(error instanceof ReplyError) || error.retryable) throw error;
    }
  }
  const lines = await transferLines(context, pathCommand('LIST', path), signal);
  context.traits.refusesListOptions = true;
  return lines;
}

async function transferLines(
  context: LoginContext,
  command: OutgoingCommand,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const meter = new TransferMeter({ stallMs: context.timeouts.stallMs });
  let lines: readonly Uint8Array[] = [];
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
  return lines.map((line) => decodeText(line, context.control.encoding));
}

/** The first names with other than ASCII in them say how the server spells, where FEAT did not. */
function decideEncoding({ control, traits }: LoginContext, lines: readonly Uint8Array[]): void {
  if (traits.nameEncoding !== undefined) return;
  const beyondAscii = lines.filter((line) => line.some((byte) => byte >= 0x80));
  if (beyondAscii.length === 0) return;
  traits.nameEncoding = beyondAscii.every((line) => isUtf8(line)) ? 'utf8' : 'latin1';
  if (traits.nameEncoding === 'latin1') control.encoding = 'latin1';
}

function pathCommand(verb: string, path: string | undefined): OutgoingCommand {
  return path === undefined ? outgoing(verb) : outgoingPath(verb, path);
}

async function readLines(channel: ByteChannel, meter: TransferMeter): Promise<readonly Uint8Array[]> {
  const framer = new LineFramer({ maxLineBytes: MAX_LISTING_LINE_BYTES, telnet: false });
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const lines: Uint8Array[] = [];
  for (;;) {
    const count = await meter.step(channel.read(buffer));
    if (count === 0) break;
    meter.moved(count);
    if (meter.bytes > MAX_LISTING_BYTES) throw new LimitError(`the listing is longer than ${MAX_LISTING_BYTES} bytes`);
    framer.push(buffer.subarray(0, count));
    for (let line = framer.next(); line !== undefined; line = framer.next()) {
      if (line.kind === 'overlong')
        throw new LimitError(`a line of the listing is longer than ${line.maxLineBytes} bytes`);
      if (line.bytes.length > 0) lines.push(line.bytes);
    }
  }
  await channel.end().catch(() => undefined);
  // Some servers leave the end of the last line out; whether the listing was cut is for the final reply to say.
  const rest = framer.finish();
  if (rest !== undefined && rest.bytes.length > 0) lines.push(rest.bytes);
  return lines;
}
