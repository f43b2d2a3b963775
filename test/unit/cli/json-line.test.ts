import { expect } from 'chai';
import { jsonLine } from '../../../bin/src/json-line.js';

describe('a line of JSON', () => {
  it('holds nothing that steers a terminal, and says the same when it is parsed', () => {
    const names = [
      '\x1b[2J',
      '\x9b2J',
      'a\x7f',
      'a\u2028b',
      'exe\u202egpj',
      '\u2066x',
      '\r\n',
      '\udcff',
      'größe 😀 "\\',
    ];
    const line = jsonLine({ event: 'entry', names });
    expect(JSON.parse(line)).to.deep.equal({ event: 'entry', names });
    expect(line).not.to.match(/[\p{Cc}\p{Cs}\u2028\u2029\u202e\u2066]/u);
    expect(line).to.include('größe 😀');
  });
});
