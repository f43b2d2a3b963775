// What MFMT, MFCT and MFF (draft-somers-ftp-mfxx) have in common: a path behind a value, and replies that name facts.
import { GrammarError, encodeFacts, encodeTime, parseTime } from '@ftps-kit/ftp-protocol';
import type { CommandContext } from './command-row.js';
import type { FileStat } from './file-system.js';
import { argumentPath } from './paths.js';

export interface TimeAndPath {
  readonly time: Date;
  readonly path: string;
  /** The path as it was given. */
  readonly name: string;
}

/** Throws `GrammarError` (501) for an argument that is not a time, a space and a path. */
export function parseTimeAndPath(context: CommandContext): TimeAndPath {
  const space = context.argument.indexOf(' ');
  const name = context.argument.slice(space + 1);
  if (space === -1 || name === '') throw new GrammarError('a time and a path are needed');
  const time = parseTime(context.argument.slice(0, space));
  return { time, path: argumentPath({ ...context, argument: name }), name };
}

/** §3.1: replies tell the time that the file has now, which may be coarser than the one asked for. */
export function modifiedFact({ modifiedAt }: FileStat): string {
  return encodeFacts([['Modify', timeText(modifiedAt)]]);
}

export function createdFact({ createdAt }: FileStat): string {
  return encodeFacts([['Create', createdAt === undefined ? '' : timeText(createdAt)]]);
}

export function modeFact({ mode = 0 }: FileStat): string {
  return encodeFacts([['UNIX.mode', modeText(mode)]]);
}

/** Four octal digits. */
export function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** Permission bits as three or four octal digits; bits that give privileges are refused. Throws `GrammarError` (501). */
export function parseMode(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new GrammarError('a mode has three octal digits, such as 644');
  return Number.parseInt(text, 8);
}

/** Empty for a time that RFC 3659 §2.3 has no form for. */
function timeText(time: Date): string {
  const year = time.getUTCFullYear();
  return year >= 1000 && year <= 9999 ? encodeTime(time) : '';
}
