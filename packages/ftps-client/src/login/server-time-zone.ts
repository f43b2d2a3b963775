// The time zone that a server's LIST writes in: FTP has no way to ask for it.
import { ConfigError } from '@ftps-kit/tls-core';

const MINUTE_MS = 60_000;
const offsetPattern = /^([+-])([01][0-9]):?([0-5][0-9])$/;

/** Between what the server's wall clock shows and the time, as far as that is known. */
export interface WallClock {
  /** undefined where it is not known. */
  fromWall(wallMs: number): number | undefined;
  toWall(timeMs: number): number;
}

/** A clock that is known at all times. */
export interface ServerTimeZone extends WallClock {
  /** The time at which the clock shows this; where it shows it twice, one of them. Milliseconds since the epoch. */
  fromWall(wallMs: number): number;
}

/** A clock that is this far ahead of UTC, always. */
function fixedOffset(offsetMs: number): ServerTimeZone {
  return { fromWall: (wallMs) => wallMs - offsetMs, toWall: (timeMs) => timeMs + offsetMs };
}

/** From `UTC`, an offset such as `+02:00`, or a name such as `Europe/Berlin`. Throws `ConfigError`. */
export function parseTimeZone(text: string): ServerTimeZone {
  const [matched, sign, hours, minutes] = offsetPattern.exec(text) ?? [];
  if (matched !== undefined) {
    const offset = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
    return fixedOffset(sign === '-' ? -offset : offset);
  }
  let format: Intl.DateTimeFormat;
  try {
    const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone: text, hourCycle: 'h23', second: 'numeric', ...numeric });
  } catch (cause) {
    throw new ConfigError(
      `serverTimeZone: '${text}' is none; give an offset (+02:00), a name (Europe/Berlin) or 'learn'`,
      { cause },
    );
  }
  const toWall = (timeMs: number): number => {
    const parts = new Map(format.formatToParts(timeMs).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  };
  const fromWall = (wallMs: number): number => {
    // The offset at about that time, and then at that time: a change of the clocks may lie between.
    const guess = wallMs - (toWall(wallMs) - wallMs);
    return wallMs - (toWall(guess) - guess);
  };
  return { fromWall, toWall };
}

/**
 * How far the server's clock is ahead of UTC, from one file's time as LIST shows it, cut to the minute, and as MDTM tells
 * it; undefined where the two do not differ by a time zone, as where the file was modified in between.
 */
export function learnedOffset(wallMs: number, modifiedMs: number): number | undefined {
  const QUARTER_MS = 15 * MINUTE_MS;
  const modifiedMinute = Math.floor(modifiedMs / MINUTE_MS) * MINUTE_MS;
  const offset = wallMs - modifiedMinute;
  const isZone = offset % QUARTER_MS === 0 && Math.abs(offset) <= 14 * 60 * MINUTE_MS;
  return isZone ? offset : undefined;
}
