// What happened as one line of JSON, which a terminal can show: a name from a server is not to steer it.

/** What JSON leaves as it is: DEL and C1, line separators, and what turns the direction of text. Lone surrogates it escapes itself. */
const steering = /[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** JSON of `value`, without a line end; what steers a terminal is escaped, so that parsed it is the same. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    steering,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
