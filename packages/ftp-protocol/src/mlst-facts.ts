// Which facts are sent: the MLST line of FEAT and the argument of OPTS MLST (RFC 3659 §7.8, §7.9).
import { GrammarError } from './errors.js';
import { isFactName } from './mlsx.js';

/** A fact that a server has. */
export interface MlstFact {
  /** As the server spells it. Compare in lower case (RFC 3659 §7.5). */
  readonly name: string;
  /** Whether it is sent, as long as no OPTS MLST says otherwise. */
  readonly isSelected: boolean;
}

/**
 * The feature line, `MLST type*;size*;unix.mode;`.
 *
 * @throws GrammarError for what is no fact's name.
 */
export function encodeMlstFeature(facts: Iterable<MlstFact>): string {
  // RFC 3659 §7.8: mlst-feat = SP "MLST" [SP factlist] CRLF; factlist = 1*( factname ["*"] ";" )
  const names = Array.from(facts, ({ name, isSelected }) => (isSelected ? `${checked(name)}*` : checked(name)));
  return withNames('MLST', names);
}

/**
 * The facts in the parameters of the MLST feature (what stands behind `MLST `).
 *
 * @throws GrammarError for what is no fact list.
 */
export function parseMlstFeature(parameters: string): readonly MlstFact[] {
  return splitNames(parameters).map((text) => {
    const isSelected = text.endsWith('*');
    return { name: checked(isSelected ? text.slice(0, -1) : text), isSelected };
  });
}

/** The argument of OPTS, `MLST type;size;`. @throws GrammarError for what is no fact's name. */
export function encodeMlstOptions(names: Iterable<string>): string {
  return withNames('MLST', Array.from(names, checked));
}

/** The text of the 200 reply to OPTS MLST (RFC 3659 §7.9.1). @throws GrammarError for what is no fact's name. */
export function encodeMlstOptionsReply(names: Iterable<string>): string {
  // RFC 3659 §7.9.1: mlst-opt-resp = "MLST OPTS" [ SP 1*( factname ";" ) ]
  return withNames('MLST OPTS', Array.from(names, checked));
}

/**
 * The fact names that OPTS MLST asks for (what stands behind `MLST `), in lower case; none for no facts at all.
 *
 * @throws GrammarError 501 for what is no list of names.
 */
export function parseMlstOptions(text: string | undefined): readonly string[] {
  // RFC 3659 §7.9: mlst-opts = "OPTS" SP "MLST" [ SP 1*( factname ";" ) ]
  return splitNames(text ?? '').map((name) => checked(name).toLowerCase());
}

/** DEVIATION RFC 3659 §7.8, §7.9: the last semi-colon may be missing, as some clients and servers have it. */
function splitNames(text: string): string[] {
  const names = text.split(';');
  if (names.at(-1) === '') names.pop();
  return names;
}

function withNames(label: string, names: readonly string[]): string {
  return names.length === 0 ? label : `${label} ${names.join(';')};`;
}

function checked(name: string): string {
  if (!isFactName(name)) throw new GrammarError('a list of facts is written name;name;');
  return name;
}
