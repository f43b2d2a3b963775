// Times on the wire: YYYYMMDDHHMMSS[.sss] in UTC (RFC 3659 §2.3), for MDTM, MFMT and the facts of MLSx.
import { GrammarError } from './errors.js';

// RFC 3659 §2.3: time-val = 14DIGIT [ "." 1*DIGIT ]
const timePattern = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]+))?$/;

export interface TimeEncodingOptions {
  /**
   * Whether to add `.sss`. RFC 3659 §2.3: "implementations MUST NOT add precision to time-vals where that precision does
   * not exist in the underlying value". Default false.
   */
  readonly fraction?: boolean;
}

/**
 * The time as text, cut (not rounded) to the second or the millisecond.
 *
 * @throws GrammarError for an invalid date, and outside the years 1000 to 9999.
 */
export function encodeTime(time: Date, { fraction = false }: TimeEncodingOptions = {}): string {
  const year = time.getUTCFullYear();
  // RFC 3659 §2.3: "four digits giving the year, with a range of 1000--9999".
  if (!(year >= 1000 && year <= 9999)) throw new GrammarError('a time lies between the years 1000 and 9999');
  const iso = time.toISOString();
  const seconds = iso.slice(0, 19).replaceAll(/[-:T]/g, '');
  return fraction ? seconds + iso.slice(19, 23) : seconds;
}

/**
 * The time, to the millisecond; further digits are cut off. A leap second (23:59:60) is the first second of the next day.
 *
 * @throws GrammarError 501 for text of another form, and for a day or an hour that does not exist.
 */
export function parseTime(text: string): Date {
  const match = timePattern.exec(text);
  if (match === null) throw new GrammarError('a time is written YYYYMMDDHHMMSS[.sss]');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const midnight = new Date(Date.UTC(year, month - 1, day));
  // Date.UTC rolls the 31st of April over to May; the RFC's ranges, and the calendar, do not.
  const isDay = year >= 1000 && midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
  // RFC 3659 §2.3: seconds have "a range of 00--60 (with 60 being used only at a leap second)", the last of a UTC day.
  const isTime = hour <= 23 && minute <= 59 && (second <= 59 || (second === 60 && hour === 23 && minute === 59));
  if (!isDay || !isTime) throw new GrammarError('there is no such day or time of day');
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  return new Date(midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds);
}
