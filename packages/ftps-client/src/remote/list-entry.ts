// One entry of a remote folder, from a machine listing (RFC 3659 §7) or from the text that LIST gives.
import { GrammarError, parseByteOffset, parseMlsxLine, parseTime, type MlsxEntry } from '@ftps-kit/ftp-protocol';
import type { WallClock } from '../login/server-time-zone.js';
import { parseListedTime } from './listed-time.js';
import { baseName } from './remote-path.js';

export interface Entry {
  /**
   * As the server gives it, control characters and all: one component, never empty, `.` or `..`, and without a slash. For a
   * local path, see `safeLocalName`.
   */
  readonly name: string;
  readonly type: 'file' | 'directory' | 'link' | 'other';
  /** Bytes. */
  readonly size: number | undefined;
  /** From a machine listing, where it is UTC. LIST writes the server's own time, which needs `serverTimeZone` to be one. */
  readonly modifiedAt: Date | undefined;
  /** How exact `modifiedAt` is: LIST cuts it to the minute, and to the day where it is older than half a year. */
  readonly modifiedPrecision: 'exact' | 'minute' | 'day' | undefined;
  /** Where a link points. */
  readonly linkTarget: string | undefined;
  /** The time as LIST wrote it, for people. */
  readonly listedTime: string | undefined;
  /** All facts of a machine listing, by name in lower case; empty from LIST. */
  readonly facts: ReadonlyMap<string, string>;
}

const SLINK = /^OS\.unix=s(?:ym)?link(?::(.*))?$/i;

/** LIST tells none. */
export const NO_FACTS: ReadonlyMap<string, string> = new Map();

/** The entry in a line of MLSD; `none` for the folder itself and its parent, undefined for what cannot be read. */
export function parseMachineLine(line: string): Entry | 'none' | undefined {
  const parsed = parsedLine(line);
  if (parsed === undefined) return undefined;
  const { facts, name: pathname } = parsed;
  // A link's target may be written as it is, semi-colons and spaces too: then nobody knows where the facts end.
  if ((SLINK.exec(facts.get('type') ?? '')?.[1] ?? '') !== '' && pathname.includes('; ')) return undefined;
  // RFC 3659 §7.5.1: cdir and pdir are the listed folder and its parent.
  if (/^[cp]dir$/i.test(facts.get('type') ?? '') || isDots(pathname)) return 'none';
  const name = componentOf(pathname);
  return name === undefined ? undefined : machineEntry({ facts, name });
}

/** The entry that these facts tell of. */
export function machineEntry({ facts, name }: MlsxEntry): Entry {
  const type = facts.get('type') ?? '';
  const link = SLINK.exec(type);
  const modifiedAt = attempt(() => parseTime(facts.get('modify') ?? ''));
  return Object.freeze({
    name,
    type: link === null ? entryType(type) : 'link',
    size: attempt(() => parseByteOffset(facts.get('size') ?? '')),
    modifiedAt,
    modifiedPrecision: modifiedAt === undefined ? undefined : 'exact',
    // Pure-FTPd says `slink:` and no more.
    linkTarget: link?.[1] === '' ? undefined : link?.[1],
    listedTime: undefined,
    facts,
  });
}

/** A folder of which nothing else is known. */
export function folderEntry(name: string): Entry {
  const unknown = {
    size: undefined,
    modifiedAt: undefined,
    modifiedPrecision: undefined,
    linkTarget: undefined,
    listedTime: undefined,
  };
  return Object.freeze({ name, type: 'directory', ...unknown, facts: NO_FACTS });
}

/** The entry with the time that LIST wrote by this clock; as it is where that is not known. */
export function timedEntry(entry: Entry, clock: WallClock, nowMs: number): Entry {
  const listed = parseListedTime(entry.listedTime ?? '', clock.toWall(nowMs));
  const timeMs = listed && clock.fromWall(listed.wallMs);
  if (listed === undefined || timeMs === undefined) return entry;
  return Object.freeze({ ...entry, modifiedAt: new Date(timeMs), modifiedPrecision: listed.precision });
}

/** Whether this is the listed folder itself, or the one around it. */
export function isDots(pathname: string): boolean {
  return /^(?:.*\/)?\.\.?\/*$/s.test(pathname);
}

/** Some servers give whole paths; whatever they give, a name is what stands behind the last slash, and `folder/` is `folder`. */
export function componentOf(pathname: string): string | undefined {
  const name = baseName(pathname);
  return name === '' || name === '.' || name === '..' || name.includes('\0') ? undefined : name;
}

function entryType(type: string): Entry['type'] {
  // RFC 3659 §7.5.1: the values are file, dir and those of an operating system, in any case; MLST of the working folder
  // may say cdir.
  switch (type.toLowerCase()) {
    case 'file':
      return 'file';
    case 'dir':
    case 'cdir':
    case 'pdir':
      return 'directory';
    default:
      return 'other';
  }
}

function parsedLine(line: string): MlsxEntry | undefined {
  try {
    return parseMlsxLine(line);
  } catch (cause) {
    if (cause instanceof GrammarError) return undefined;
    throw cause;
  }
}

/** A fact that is missing or wrong is no fact; the entry is there all the same. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
