// One line of the text that LIST gives, in the form of Unix or of DOS, read by basic-ftp's parser.
import { parseList, type FileInfo } from 'basic-ftp';
import { NO_FACTS, componentOf, isDots, type Entry } from './list-entry.js';

/** basic-ftp goes by the form of the last line, and would take a line of another form for MLSD: so the last is one of these. */
const UNIX_LINE = '-rw-r--r-- 1 a a 1 Jan  1 00:00 a';
const DOS_LINE = '01-01-00  00:00AM 1 a';
/** A date and a time, without which basic-ftp takes any two words in front of a number. */
const dosTime = /^\s*[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}\s+[0-9]{1,2}:[0-9]{2}/;
/** `total 12`, also in other languages; Windows' sums below a listing. */
const header = /^\S+ [0-9]+$/;
const footer = /^\s*[0-9][0-9.,]* (?:File|Dir)\(s\)/i;

/**
 * basic-ftp's patterns end a name at these, and it leaves out `.` and `..` as it does what it cannot read. What stands for them
 * is a lone half of a surrogate pair, which is in no text that came in bytes: U+DC80 to U+DCFF are those of stray bytes.
 */
const STAND_INS: ReadonlyMap<string, string> = new Map([
  ['\r', '\udc01'],
  ['\u2028', '\udc02'],
  ['\u2029', '\udc03'],
]);
const END = '\udc04';
const ORIGINALS: ReadonlyMap<string, string> = new Map(
  Array.from(STAND_INS, ([original, standIn]) => [standIn, original]),
);

/**
 * The entry in a line of LIST, of which `index` lines are before it; `none` for a line without one, as of the folder itself;
 * undefined for what cannot be read.
 */
export function parseListLine(line: string, index: number): Entry | 'none' | undefined {
  if (line.trim() === '' || line.startsWith('total') || (index === 0 && header.test(line))) return 'none';
  const marked = line.replace(/[\r\u2028\u2029]/g, (character) => STAND_INS.get(character) ?? '') + END;
  const info = inForm(marked, UNIX_LINE) ?? (dosTime.test(line) ? inForm(marked, DOS_LINE) : undefined);
  if (info !== undefined) return fromFileInfo(info);
  return footer.test(line) ? 'none' : undefined;
}

function inForm(line: string, form: string): FileInfo | undefined {
  const [info, last] = parseList(`${line}\n${form}`);
  return last === undefined ? undefined : info;
}

function fromFileInfo(info: FileInfo): Entry | 'none' | undefined {
  const listed = restored(info.name);
  if (isDots(listed)) return 'none';
  const name = componentOf(listed);
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

/** A name as it stands in the line. */
function restored(text: string): string {
  return text.replace(/[\udc01-\udc04]/gu, (standIn) => ORIGINALS.get(standIn) ?? '');
}
