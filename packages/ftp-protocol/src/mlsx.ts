// One entry of MLST and MLSD: facts, a space, a name (RFC 3659 §7.2 to §7.5).
import { GrammarError } from './errors.js';
import type { Reply } from './reply.js';

/** What one line of a machine listing says. */
export interface MlsxEntry {
  /** By fact name in lower case (RFC 3659 §7.5: "Fact names are case-insensitive"). */
  readonly facts: ReadonlyMap<string, string>;
  /** Exactly as sent, spaces included; empty where MLST without an argument gives no name. */
  readonly name: string;
}

// RFC 3659 §2.1: RCHAR, of which a token is made. A fact list separates by ";" and marks by "*", which are not in it.
const factNamePattern = /^[A-Za-z0-9,.:!@#$%^&()\-_+?/\\'"]+$/;
// RFC 3659 §2.1: SCHAR = RCHAR / "="; §7.2: value = *SCHAR
const factValuePattern = /^[A-Za-z0-9,.:!@#$%^&()\-_+?/\\'"=]*$/;

const lineBreaking = /[\r\n\0]/;

/** Whether `name` can name a fact. */
export function isFactName(name: string): boolean {
  return factNamePattern.test(name);
}

/**
 * The facts as `type=file;size=1024;`, in their order; nothing for none.
 *
 * @throws GrammarError for a name or value with a character that RFC 3659 §2.1 does not allow there.
 */
export function encodeFacts(facts: Iterable<readonly [name: string, value: string]>): string {
  let text = '';
  for (const [name, value] of facts) {
    // RFC 3659 §7.4: "An individual fact may not contain a semi-colon in its name or value. The complete series of facts
    // may not contain the space character."
    if (!isFactName(name) || !factValuePattern.test(value)) {
      throw new GrammarError('a fact holds a character that RFC 3659 does not allow');
    }
    text += `${name}=${value};`;
  }
  return text;
}

/**
 * One entry, without a line end and without the space that MLST's reply has in front.
 *
 * @throws GrammarError for a fact that cannot be sent, and for a name with CR, LF or NUL: leave that file out.
 */
export function encodeMlsxLine(facts: Iterable<readonly [name: string, value: string]>, name: string): string {
  // RFC 3659 §2.2: "Files with names containing the CRLF sequence must either have that sequence converted to some other
  // form [...] or be omitted from the listing." A bare CR or LF ends a line for most clients too.
  if (lineBreaking.test(name)) throw new GrammarError('a listed name cannot hold CR, LF or NUL');
  // RFC 3659 §7.2: "Exactly one space is always required after the set of facts (which may be empty)."
  return `${encodeFacts(facts)} ${name}`;
}

/**
 * One entry. Of a fact given twice the first counts.
 *
 * @throws GrammarError without the space before the name, or for a fact without `=`.
 */
export function parseMlsxLine(line: string): MlsxEntry {
  const space = dividerIn(line);
  const facts = new Map<string, string>();
  const factTexts = line.slice(0, space).split(';');
  // DEVIATION RFC 3659 §7.2: facts = 1*(fact ";"). A last fact without its semi-colon is taken too; servers forget it.
  if (factTexts.at(-1) === '') factTexts.pop();
  for (const text of factTexts) {
    const equals = text.indexOf('=');
    if (equals < 1) throw new GrammarError('a fact is written name=value');
    const name = text.slice(0, equals).toLowerCase();
    if (!facts.has(name)) facts.set(name, text.slice(equals + 1));
  }
  return { facts, name: line.slice(space + 1) };
}

/** Facts whose values are free text to some servers: where a link leads, and names of users and groups. */
const freeFact = /^(?:type=OS\.[^;]*|UNIX\.(?:owner|group)[^;=]*=[^;]*)$/i;

/** Where the space stands that ends the facts. */
function dividerIn(line: string): number {
  const last = line.lastIndexOf('; ');
  let at = 0;
  for (;;) {
    const space = line.indexOf(' ', at);
    if (space === -1) throw new GrammarError('an entry of a machine listing has a space before its name');
    if (space === 0 || line[space - 1] === ';') return space;
    // DEVIATION RFC 3659 §7.2: no value has a space in it, but the target of a link, an owner and a group may. In front of any
    // other space it is the semi-colon that is missing.
    const fact = line.slice(line.lastIndexOf(';', space) + 1, space);
    if (last < space || !freeFact.test(fact)) return space;
    at = line.indexOf(';', space);
  }
}

/**
 * The entry in a reply to MLST, the first if there are several (they name the same file).
 *
 * @throws GrammarError when the reply holds no entry.
 */
export function parseMlstReply(reply: Reply): MlsxEntry {
  // RFC 3659 §7.2: control-response = "250-" … 1*( SP entry CRLF ) "250" …
  const line = reply.lines.length < 3 ? undefined : reply.lines[1];
  if (line === undefined) throw new GrammarError('the reply to MLST holds no entry');
  // DEVIATION RFC 3659 §7.2: the space in front is not demanded; some servers leave it out.
  return parseMlsxLine(line.startsWith(' ') ? line.slice(1) : line);
}
