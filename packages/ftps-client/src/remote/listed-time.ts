// The times that LIST writes for people: a wall clock's, in the server's time zone, and without a year where they are recent.
const MONTHS: readonly string[] = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAY_MS = 24 * 60 * 60 * 1000;

/** To work out a time costs about as much as to take a line of so many bytes apart. */
export const LISTED_TIME_BYTES = 200;

/** What a wall clock shows, as milliseconds since the epoch as if it stood in UTC, and how exactly. */
export interface WallTime {
  readonly wallMs: number;
  readonly precision: 'minute' | 'day';
}

// `ls -l` writes "Nov 25 22:43" or "Nov 25  2025", some put the day first; Windows "11-25-25  10:43PM" or "11-25-2025  22:43".
const unixTime = /^(?:([a-z]{3}) +([0-9]{1,2})|([0-9]{1,2}) +([a-z]{3})) +(?:([0-9]{1,2}):([0-9]{2})|([0-9]{4}))$/i;
const numericTime = /^([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2}) +([0-9]{1,2}):([0-9]{2})$/;
const dosTime = /^([0-9]{1,2})-([0-9]{1,2})-([0-9]{2}|[0-9]{4}) +([0-9]{1,2}):([0-9]{2})([AP]M?)?$/i;

/**
 * The time in `text`; undefined for a form or a language that is not known. `nowWallMs` is what the server's clock shows
 * now: a time without a year is the last one that is not more than a day ahead of it.
 */
export function parseListedTime(text: string, nowWallMs: number): WallTime | undefined {
  const trimmed = text.trim();
  return unix(trimmed, nowWallMs) ?? numeric(trimmed) ?? dos(trimmed);
}

function unix(text: string, nowWallMs: number): WallTime | undefined {
  const [matched, monthFirst, dayBehind, dayFirst, monthBehind, hour, minute, year] = unixTime.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const month = MONTHS.indexOf((monthFirst ?? monthBehind ?? '').toLowerCase());
  const day = Number(dayBehind ?? dayFirst);
  if (year !== undefined) return wallTime([Number(year), month, day], undefined);
  const time = [Number(hour), Number(minute)] as const;
  const thisYear = new Date(nowWallMs).getUTCFullYear();
  const candidates = [thisYear + 1, thisYear, thisYear - 1].map((candidate) => wallTime([candidate, month, day], time));
  return candidates.find((candidate) => candidate !== undefined && candidate.wallMs <= nowWallMs + DAY_MS);
}

function numeric(text: string): WallTime | undefined {
  const [matched, year, month, day, hour, minute] = numericTime.exec(text) ?? [];
  if (matched === undefined) return undefined;
  return wallTime([Number(year), Number(month) - 1, Number(day)], [Number(hour), Number(minute)]);
}

function dos(text: string): WallTime | undefined {
  const [matched, month, day, year = '', hourText, minute, half] = dosTime.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const century = year.length === 4 ? 0 : Number(year) < 70 ? 2000 : 1900;
  const hour = half === undefined ? Number(hourText) : (Number(hourText) % 12) + (/^p/i.test(half) ? 12 : 0);
  return wallTime([century + Number(year), Number(month) - 1, Number(day)], [hour, Number(minute)]);
}

/** undefined for a day or a time of day that does not exist. */
function wallTime(
  [year, month, day]: readonly [number, number, number],
  time: readonly [number, number] | undefined,
): WallTime | undefined {
  const [hour, minute] = time ?? [0, 0];
  const wallMs = Date.UTC(year, month, day, hour, minute);
  const date = new Date(wallMs);
  const exists = month >= 0 && date.getUTCMonth() === month && date.getUTCDate() === day && hour < 24 && minute < 60;
  return exists ? { wallMs, precision: time === undefined ? 'day' : 'minute' } : undefined;
}
