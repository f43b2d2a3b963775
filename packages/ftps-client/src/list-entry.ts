// One entry of a remote folder, from a machine listing (RFC 3659 §7) or from the text that LIST gives.
import { GrammarError, parseByteOffset, parseMlsxLine, parseTime, type MlsxEntry } from '@ftps-kit/ftp-protocol';
import { parseList, type FileInfo } from 'basic-ftp';
import { ProtocolError } from './errors.js';
import { parseListedTime } from './listed-time.js';
import type { ServerTimeZone } from './server-time-zone.js';

export interface Entry {
  /** One component: never empty, `.` or `..`, and without a slash. For a local path, see `safeLocalName`. */
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
/** basic-ftp's patterns end a name at U+2028 and U+2029, and drop the line; these stand for them, and are in no text. */
const LINE_SEPARATOR = '\ud828';
const PARAGRAPH_SEPARATOR = '\ud829';

const NO_FACTS: ReadonlyMap<string, string> = new Map();

/** The entry in a line of MLSD; undefined for the folder itself and its parent. Throws `ProtocolError`. */
export function parseMachineEntry(line: string): Entry | undefined {
  const { facts, name: pathname } = parsed(line);
  const name = componentOf(pathname);
  // RFC 3659 §7.5.1: cdir and pdir are the listed folder and its parent.
  if (name === undefined || /^[cp]dir$/i.test(facts.get('type') ?? '')) return undefined;
  return machineEntry({ facts, name });
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
    linkTarget: link?.[1],
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

/** The entries in what LIST gave. Throws `ProtocolError` for a form that nobody knows. */
export function parseListing(text: string): Entry[] {
  try {
    return parseList(text.replaceAll('\u2028', LINE_SEPARATOR).replaceAll('\u2029', PARAGRAPH_SEPARATOR))
      .map(fromFileInfo)
      .filter((entry) => entry !== undefined);
  } catch (cause) {
    throw new ProtocolError('the listing has a form that cannot be read, and the server has no MLSD', { cause });
  }
}

function fromFileInfo(info: FileInfo): Entry | undefined {
  const name = componentOf(restored(info.name));
  if (name === undefined) return undefined;
  const type = info.isSymbolicLink ? 'link' : info.isDirectory ? 'directory' : info.isFile ? 'file' : 'other';
  return Object.freeze({
    name,
    type,
    size: type === 'directory' ? undefined : info.size,
    modifiedAt: undefined,
    modifiedPrecision: undefined,
    linkTarget: info.link === undefined ? undefined : restored(info.link),
    listedTime: info.rawModifiedAt === '' ? undefined : info.rawModifiedAt,
    facts: NO_FACTS,
  });
}

/** A name as it was before the separators in it were put aside. */
function restored(text: string): string {
  return text.replaceAll(LINE_SEPARATOR, '\u2028').replaceAll(PARAGRAPH_SEPARATOR, '\u2029');
}

/** The entry with the time that LIST wrote, read by a clock in this zone. */
export function timedEntry(entry: Entry, zone: ServerTimeZone, nowMs: number): Entry {
  const listed = parseListedTime(entry.listedTime ?? '', zone.toWall(nowMs));
  if (listed === undefined) return entry;
  const modifiedAt = new Date(zone.fromWall(listed.wallMs));
  return Object.freeze({ ...entry, modifiedAt, modifiedPrecision: listed.precision });
}

/** Some servers give whole paths; whatever they give, a name is what stands behind the last slash. */
function componentOf(pathname: string): string | undefined {
  const name = pathname.slice(pathname.lastIndexOf('/') + 1);
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

function parsed(line: string) {
  try {
    return parseMlsxLine(line);
  } catch (cause) {
    if (cause instanceof GrammarError) throw new ProtocolError(cause.message, { cause });
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
