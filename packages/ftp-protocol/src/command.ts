// One command line, parsed and encoded (RFC 959 §5.3, RFC 2640 §3.1).
import { GrammarError } from './errors.js';
import { limits } from './limits.js';
import { decodeText, encodeText, type TextEncoding } from './text-encoding.js';

/** A command: its verb in upper case, and what stood behind the one space, if there was one. */
export interface Command {
  readonly verb: string;
  /** undefined without a space (`NOOP`), an empty string with nothing behind it (`PASS `). */
  readonly argument: string | undefined;
}

export interface CommandEncodingOptions {
  /** Default 'utf-8'. */
  readonly encoding?: TextEncoding;
}

const SP = 0x20;
const verbPattern = /^[A-Za-z][A-Za-z0-9]*$/;

const lineBreaking = /[\r\n\0]/;

/**
 * The command in `line`, which is one line without its end.
 *
 * @throws GrammarError 500 for what is no verb, 501 for an argument with CR, LF or NUL, or that is not valid text.
 */
export function parseCommand(line: Uint8Array, { encoding }: CommandEncodingOptions = {}): Command {
  const space = line.indexOf(SP);
  const verb = parseVerb(line.subarray(0, space === -1 ? line.length : space));
  if (space === -1) return { verb, argument: undefined };
  // RFC 2640 §3.1: "There MUST be only one <SP> between a ftp command and the pathname. Implementations MUST assume <SP>
  // characters following the initial <SP> as part of the pathname."
  const argument = decodeText(line.subarray(space + 1), encoding);
  checkArgument(argument);
  return { verb, argument };
}

/**
 * The bytes of a command, its CRLF included.
 *
 * @throws GrammarError when the verb is none, or the argument holds CR, LF, NUL or text the encoding does not have.
 */
export function encodeCommand(verb: string, argument?: string, { encoding }: CommandEncodingOptions = {}): Uint8Array {
  checkVerb(verb);
  if (argument === undefined) return encodeText(`${verb.toUpperCase()}\r\n`);
  checkArgument(argument);
  return encodeText(`${verb.toUpperCase()} ${argument}\r\n`, encoding);
}

function parseVerb(bytes: Uint8Array): string {
  const tooLong = bytes.length > limits.maxVerbCharacters;
  const verb = tooLong ? '' : decodeText(bytes, 'latin1');
  checkVerb(verb);
  // RFC 959 §5.3: "Upper and lower case alphabetic characters are to be treated identically."
  return verb.toUpperCase();
}

function checkVerb(verb: string): void {
  // DEVIATION RFC 959 §5.3: "four or fewer alphabetic characters" is widened to digits and length for XSHA256 and such.
  if (!verbPattern.test(verb) || verb.length > limits.maxVerbCharacters) {
    throw new GrammarError('a command begins with a verb of letters', { replyCode: 500 });
  }
}

function checkArgument(argument: string): void {
  // DEVIATION RFC 2640 §3.1: CR NUL for a CR within a pathname is refused. Such a name cannot be listed over a data
  // connection (RFC 3659 §2.2), no client sends one, and a CR that one side keeps and the other drops divides a command.
  if (lineBreaking.test(argument)) throw new GrammarError('an argument cannot hold CR, LF or NUL');
}
