// Writes the lines of LIST as `ls -l` does, the one form that every client reads (RFC 959 leaves it open, §4.1.3).

/** What one line of LIST tells. */
export interface UnixListEntry {
  readonly type: 'file' | 'directory' | 'symbolic-link';
  /** Exactly one component; nothing in it can end the line or begin another. */
  readonly name: string;
  /** The permission bits, 0o0000 to 0o7777. */
  readonly mode: number;
  readonly links: number;
  readonly owner: string;
  readonly group: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /** Where a symbolic link points. */
  readonly linkTarget?: string;
}

const typeLetters = { file: '-', directory: 'd', 'symbolic-link': 'l' } as const satisfies Record<
  UnixListEntry['type'],
  string
>;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const recentMs = 180 * 24 * 60 * 60 * 1000;
// C0, DEL, C1 and the two separators: what a terminal or a reader of lines could take for more than a character.
const controlCharacters = /[\p{Cc}\u2028\u2029]/gu;
const blanks = /\s/gu;

/**
 * One line, without its end. Times are UTC: hour and minute up to 180 days back from `now`, else the year. Control
 * characters become `?`, and blanks in owner and group `_`, so a name cannot forge a line or a column.
 */
export function encodeUnixListLine(entry: UnixListEntry, now: Date): string {
  const { name, linkTarget } = entry;
  const shownName = printable(linkTarget === undefined ? name : `${name} -> ${linkTarget}`);
  return [
    typeLetters[entry.type] + permissionLetters(entry.mode),
    count(entry.links).padStart(3),
    column(entry.owner).padEnd(8),
    column(entry.group).padEnd(8),
    count(entry.sizeBytes).padStart(12),
    listTime(entry.modifiedAt, now),
    shownName,
  ].join(' ');
}

function permissionLetters(mode: number): string {
  const triple = (shift: number, special: number, letter: string): string => {
    const bits = mode >> shift;
    const execute = (bits & 1) !== 0;
    const isSpecial = (mode & special) !== 0;
    const last = isSpecial ? (execute ? letter : letter.toUpperCase()) : execute ? 'x' : '-';
    return ((bits & 4) !== 0 ? 'r' : '-') + ((bits & 2) !== 0 ? 'w' : '-') + last;
  };
  return triple(6, 0o4000, 's') + triple(3, 0o2000, 's') + triple(0, 0o1000, 't');
}

function listTime(time: Date, now: Date): string {
  // A file system may hold times that no Date has; the epoch stands for them, so that the line stays readable.
  const shown = Number.isNaN(time.getTime()) ? new Date(0) : time;
  const month = months[shown.getUTCMonth()] ?? '';
  const day = String(shown.getUTCDate()).padStart(2);
  const ageMs = now.getTime() - shown.getTime();
  const clock = shown.toISOString().slice(-13, -8);
  return `${month} ${day} ${ageMs >= 0 && ageMs <= recentMs ? clock : String(shown.getUTCFullYear()).padStart(5)}`;
}

function count(value: number): string {
  return Number.isFinite(value) ? Math.max(0, Math.trunc(value)).toFixed(0) : '0';
}

function column(text: string): string {
  return printable(text).replace(blanks, '_') || '-';
}

function printable(text: string): string {
  return text.replace(controlCharacters, '?');
}
