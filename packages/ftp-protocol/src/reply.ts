// Replies: lines into replies, replies into bytes (RFC 959 §4.2).
import { GrammarError, LineTooLongError } from './errors.js';
import { limits } from './limits.js';
import type { FramedLine } from './line-framer.js';
import { decodeTextLeniently, encodeText, type TextEncoding } from './text-encoding.js';

/** A whole reply. */
export interface Reply {
  /** 100 to 599. */
  readonly code: number;
  /**
   * At least one line of text. The first and the last come without their code; a line between them too if it repeats the
   * code and a hyphen, else it is as it was sent (feature lines and MLST entries keep their leading space).
   */
  readonly lines: readonly string[];
}

/** What the first digit of a code says (RFC 959 §4.2): 1yz, 2yz, 3yz, 4yz, 5yz in this order. */
export type ReplyKind = 'preliminary' | 'completion' | 'intermediate' | 'transient-negative' | 'permanent-negative';

export interface ReplyParserOptions {
  /** The most lines of one reply. Default {@link limits.maxReplyLines}. */
  readonly maxLines?: number;
  /** The most characters of one reply, codes and line ends not counted. Default {@link limits.maxReplyCharacters}. */
  readonly maxCharacters?: number;
  /** Default 'utf-8', where a line that is not UTF-8 is read as latin1, as banners of old servers need it. */
  readonly encoding?: TextEncoding;
}

const kinds: readonly (ReplyKind | undefined)[] = [
  undefined,
  'preliminary',
  'completion',
  'intermediate',
  'transient-negative',
  'permanent-negative',
];

// RFC 959 §4.2: "the 3-digit code, followed by Space <SP>, followed by one line of text"; "The last line will begin with
// the same code, followed immediately by Space <SP>, optionally some text". RFC 3659 §7.2 lets even the space go:
// "250" [ SP response-message ]. 6yz belongs to mechanisms other than TLS (RFC 2228 §5.2).
const replyLinePattern = /^([1-5][0-9]{2})(?:([ -])([^]*))?$/;
const beginsWithThreeDigits = /^[0-9]{3}/;

const lineBreaking = /[\r\n\0]/g;

/** A reply whose last line has not come. */
interface OpenReply {
  readonly code: string;
  readonly lines: string[];
  characters: number;
}

/** Puts the lines of one control connection together into replies. After it threw, the connection has no meaning left. */
export class ReplyParser {
  readonly #maxLines: number;
  readonly #maxCharacters: number;
  readonly #encoding: TextEncoding;
  #open: OpenReply | undefined;

  constructor({
    maxLines = limits.maxReplyLines,
    maxCharacters = limits.maxReplyCharacters,
    encoding = 'utf-8',
  }: ReplyParserOptions = {}) {
    this.#maxLines = maxLines;
    this.#maxCharacters = maxCharacters;
    this.#encoding = encoding;
  }

  /** Whether the last line of a reply is still to come: a connection must not end, nor turn to TLS, here. */
  get isInsideReply(): boolean {
    return this.#open !== undefined;
  }

  /**
   * Takes one line without its end; gives the reply that it completes.
   *
   * @throws GrammarError for a first line without a code, LineTooLongError for an overlong line or reply.
   */
  push(line: string | FramedLine): Reply | undefined {
    const text = this.#textOf(line);
    return this.#open === undefined ? this.#begin(text) : this.#continue(this.#open, text);
  }

  #begin(text: string): Reply | undefined {
    const [matched, code, separator, rest = ''] = replyLinePattern.exec(text) ?? [];
    if (matched === undefined || code === undefined) {
      throw new GrammarError('a reply begins with three digits and a space or a hyphen', { replyCode: 500 });
    }
    this.#checkSize(1, rest.length);
    if (separator !== '-') return { code: Number(code), lines: [rest] };
    this.#open = { code, lines: [rest], characters: rest.length };
    return undefined;
  }

  #continue(open: OpenReply, text: string): Reply | undefined {
    // RFC 959 §4.2: "The user-process then simply needs to search for the second occurrence of the same reply code,
    // followed by <SP> (Space), at the beginning of a line, and ignore all intermediary lines."
    const [, code, separator, rest = ''] = replyLinePattern.exec(text) ?? [];
    const line = code === open.code ? rest : text;
    open.characters += line.length;
    this.#checkSize(open.lines.length + 1, open.characters);
    open.lines.push(line);
    if (code !== open.code || separator === '-') return undefined;
    this.#open = undefined;
    return { code: Number(code), lines: open.lines };
  }

  #textOf(line: string | FramedLine): string {
    if (typeof line === 'string') return line;
    if (line.kind === 'line') return decodeTextLeniently(line.bytes, this.#encoding);
    this.#open = undefined;
    throw new LineTooLongError(`a line of a reply is longer than ${line.maxLineBytes} bytes`);
  }

  #checkSize(lines: number, characters: number): void {
    if (lines <= this.#maxLines && characters <= this.#maxCharacters) return;
    this.#open = undefined;
    throw new LineTooLongError(`a reply has more than ${this.#maxLines} lines or ${this.#maxCharacters} characters`);
  }
}

/**
 * The bytes of a reply, CRLFs included: one line of text or several (none is one empty line). Text cannot break out of
 * its line: CR, LF and NUL become `?`. A line between the first and the last that begins with three digits gets a space
 * in front.
 *
 * @throws RangeError for a code outside 100 to 599, GrammarError for text the encoding does not have.
 */
export function encodeReply(
  code: number,
  text: string | readonly string[],
  { encoding }: { readonly encoding?: TextEncoding } = {},
): Uint8Array {
  replyKind(code);
  const lines = (typeof text === 'string' ? [text] : text).map((line) => line.replace(lineBreaking, '?'));
  const last = lines.length - 1;
  const encoded = lines.map((line, index) => {
    if (index === last) return `${code} ${line}\r\n`;
    if (index === 0) return `${code}-${line}\r\n`;
    // RFC 959 §4.2: "If an intermediary line begins with a 3-digit number, the Server must pad the front to avoid
    // confusion."
    return beginsWithThreeDigits.test(line) ? ` ${line}\r\n` : `${line}\r\n`;
  });
  return encodeText(last < 0 ? `${code} \r\n` : encoded.join(''), encoding);
}

/**
 * What the code's first digit says.
 *
 * @throws RangeError for a code outside 100 to 599.
 */
export function replyKind(code: number): ReplyKind {
  const kind = Number.isInteger(code) ? kinds[Math.floor(code / 100)] : undefined;
  if (kind === undefined) throw new RangeError('a reply code lies between 100 and 599');
  return kind;
}
