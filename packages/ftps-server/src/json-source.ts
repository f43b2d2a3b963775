// JSON that people write by hand: each mistake is told with its line, and a key that stands twice is one.

/** A mistake in the text. The message repeats nothing of it: it may hold secrets. */
export class JsonError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** A value, and the lines on which its objects begin. */
export interface JsonSource {
  readonly value: unknown;
  readonly lineOf: (object: object) => number | undefined;
}

const TOKEN = /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*|true|false|null))/y;
const BLANK = /[ \t\r\n]*/y;

/** RFC 8259. Throws `JsonError`. */
export function parseJson(text: string): JsonSource {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return { value, lineOf: (object) => reader.lines.get(object) };
}

/** Deeper than this nobody writes by hand. */
const MAX_DEPTH = 32;

class JsonReader {
  readonly lines = new Map<object, number>();
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) this.#fail('is nested too deeply');
    const token = this.#next();
    if (token === '{') return this.#object(depth);
    if (token === '[') return this.#array(depth);
    if ('}],:'.includes(token)) this.#fail('a value is missing');
    return this.#scalar(token);
  }

  end(): void {
    this.#skipBlanks();
    if (this.#at < this.#text.length) this.#fail('nothing may follow here');
  }

  #object(depth: number): object {
    const entries = new Map<string, unknown>();
    const line = this.#line();
    if (!this.#takes('}')) {
      do {
        const token = this.#next();
        if (!token.startsWith('"')) this.#fail('a key in double quotes is missing');
        const key = String(this.#scalar(token));
        if (entries.has(key)) this.#fail(`the key ${JSON.stringify(key)} stands twice`);
        if (this.#next() !== ':') this.#fail('a colon is missing');
        entries.set(key, this.value(depth + 1));
      } while (this.#comma('}'));
    }
    // Not by assignment: `__proto__` is a key like any other.
    const object: object = Object.fromEntries(entries);
    this.lines.set(object, line);
    return object;
  }

  #array(depth: number): readonly unknown[] {
    const items: unknown[] = [];
    if (this.#takes(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.#comma(']'));
    return items;
  }

  /** True for a comma, false for the end. */
  #comma(end: string): boolean {
    const token = this.#next();
    if (token === ',') return true;
    if (token !== end) this.#fail(`a comma or ${end} is missing`);
    return false;
  }

  #takes(token: string): boolean {
    const before = this.#at;
    if (this.#next() === token) return true;
    this.#at = before;
    return false;
  }

  #scalar(token: string): unknown {
    try {
      return JSON.parse(token);
    } catch {
      return this.#fail(token.startsWith('"') ? 'a string is not written as JSON wants it' : 'this is no number');
    }
  }

  #next(): string {
    TOKEN.lastIndex = this.#at;
    const [all, mark, string, word] = TOKEN.exec(this.#text) ?? [];
    if (all === undefined) {
      this.#skipBlanks();
      this.#fail(this.#at === this.#text.length ? 'the text ends too early' : 'this is not JSON');
    }
    this.#at += all.length;
    return mark ?? string ?? word ?? '';
  }

  #skipBlanks(): void {
    BLANK.lastIndex = this.#at;
    this.#at += BLANK.exec(this.#text)?.[0].length ?? 0;
  }

  #line(): number {
    return this.#text.slice(0, this.#at).split('\n').length;
  }

  #fail(message: string): never {
    throw new JsonError(this.#line(), message);
  }
}
