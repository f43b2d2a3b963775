import fc from 'fast-check';
import { expect } from 'chai';
import { JsonError, parseJson } from '../../../packages/ftps-server/src/json-source.js';

describe('JSON with lines', () => {
  it('gives what JSON.parse gives, however it is laid out', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (text, indent) => {
        const value: unknown = JSON.parse(text);
        expect(parseJson(JSON.stringify(value, undefined, indent)).value).to.deep.equal(value);
      }),
    );
  });

  it('takes and refuses the same texts as JSON.parse, but for keys that stand twice', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '1',
      '-0.5e3',
      '01',
      '1.',
      'true',
      'nul',
      ' ',
      '\n',
      '"\\u00e',
      '"\t"',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        let expected: unknown = JsonError;
        try {
          expected = JSON.parse(text);
        } catch {
          // Then ours has to refuse it too.
        }
        try {
          expect(parseJson(text).value).to.deep.equal(expected);
        } catch (error) {
          expect(error).to.be.instanceOf(JsonError);
          if (expected !== JsonError) expect(error).to.have.property('message').that.includes('twice');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('knows the line of each object', () => {
    const { value, lineOf } = parseJson(
      '{\n  "users": [\n    {\n      "name": "alice" },\n\n    { "name": "bob" }\n  ]\n}',
    );
    const { users } = value as { users: object[] };
    expect([value as object, ...users].map(lineOf)).to.deep.equal([1, 3, 6]);
  });

  const mistakes: readonly (readonly [text: string, line: number, message: string])[] = [
    ['', 1, 'the text ends too early'],
    ['{\n  "a": 1,\n}', 3, 'a key in double quotes is missing'],
    ['{\n  "a" 1\n}', 2, 'a colon is missing'],
    ['[1\n 2]', 2, 'a comma or ] is missing'],
    ['{"a": 1,\n "a": 2}', 2, 'the key "a" stands twice'],
    ["{\n'a': 1}", 2, 'this is not JSON'],
    ['{}\n{}', 2, 'nothing may follow here'],
    ['{"a":\n', 2, 'the text ends too early'],
    ['[1.2.3]', 1, 'this is no number'],
    ['["\\x"]', 1, 'a string is not written as JSON wants it'],
    ['['.repeat(100), 1, 'is nested too deeply'],
  ];
  for (const [text, line, message] of mistakes) {
    it(`tells line ${line} of ${JSON.stringify(text.slice(0, 24))}: ${message}`, () => {
      expect(() => parseJson(text))
        .to.throw(JsonError, message)
        .with.property('line', line);
    });
  }
});
