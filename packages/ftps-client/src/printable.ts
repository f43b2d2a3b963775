// A server's text as a terminal or a log may have it: it must not steer the one, nor make up a line of the other.

// C0, DEL and C1; the line and paragraph separators; and what turns the direction of the text around it (UAX #9).
const steering = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The text with `?` for each character that steers what shows it. */
export function printable(text: string): string {
  return text.replace(steering, '?');
}
