import { expect } from 'chai';
import fc from 'fast-check';
import {
  encodeReply,
  LineFramer,
  LineTooLongError,
  ReplyCode,
  ReplyParser,
  replyKind,
  type Reply,
} from '@ftps-kit/ftp-protocol';
import { everySplit } from '../../support/every-split.js';
import { grammarErrorOf, unlessGrammarError } from './grammar-error.js';

/** The replies in the chunks of a control connection. */
function receive(chunks: Iterable<Uint8Array>, parser = new ReplyParser()): Reply[] {
  const framer = new LineFramer({ maxLineBytes: 100 });
  const replies: Reply[] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    for (let line = framer.next(); line !== undefined; line = framer.next()) {
      const reply = parser.push(line);
      if (reply !== undefined) replies.push(reply);
    }
  }
  return replies;
}

function parse(...lines: readonly string[]): Reply | undefined {
  const parser = new ReplyParser();
  let reply: Reply | undefined;
  for (const line of lines) {
    expect(reply).to.equal(undefined);
    reply = parser.push(line);
  }
  return reply;
}

describe('ReplyParser', () => {
  it('gives the same replies for every split of the bytes', () => {
    const bytes = Buffer.from('220-Hi\r\n220 there\r\n331 Need it\r\n211-F\r\n SIZE\r\n211 End\r\n');
    for (const chunks of everySplit(bytes)) {
      expect(receive(chunks)).to.deep.equal([
        { code: 220, lines: ['Hi', 'there'] },
        { code: 331, lines: ['Need it'] },
        { code: 211, lines: ['F', ' SIZE', 'End'] },
      ]);
    }
  });

  it('reads the example of RFC 959 §4.2', () => {
    const reply = parse('123-First line', 'Second line', '  234 A line beginning with numbers', '123 The last line');
    expect(reply).to.deep.equal({
      code: 123,
      lines: ['First line', 'Second line', '  234 A line beginning with numbers', 'The last line'],
    });
  });

  it('ends a reply only at its own code and a space', () => {
    const reply = parse('230-a', '230-b', '231 c', '331-d', '2300 e', '230:f', ' 230 g', '', '230 h');
    expect(reply?.lines).to.deep.equal(['a', 'b', '231 c', '331-d', '2300 e', '230:f', ' 230 g', '', 'h']);
  });

  it('takes a code without text, as a whole reply and as the last line (RFC 3659 §7.2)', () => {
    expect(parse('200')).to.deep.equal({ code: 200, lines: [''] });
    expect(parse('200 ')).to.deep.equal({ code: 200, lines: [''] });
    expect(parse('250-', ' type=file; a', '250')).to.deep.equal({ code: 250, lines: ['', ' type=file; a', ''] });
  });

  it('keeps the spaces of a text', () => {
    expect(parse('257  "a" ')?.lines).to.deep.equal([' "a" ']);
  });

  it('refuses a line that begins no reply, and 6yz, which TLS has not', () => {
    for (const line of [
      '',
      'hello',
      '22 a',
      '2200 a',
      '220a',
      '099 a',
      '600 a',
      '631 a',
      ' 220 a',
      '２２０ a',
      '220\ta',
    ]) {
      grammarErrorOf(() => parse(line));
    }
  });

  it('tells whether it stands inside a reply', () => {
    const parser = new ReplyParser();
    expect(parser.isInsideReply).to.equal(false);
    parser.push('220-a');
    expect(parser.isInsideReply).to.equal(true);
    parser.push('220 b');
    expect(parser.isInsideReply).to.equal(false);
  });

  it('reads a line that is not UTF-8 as latin1, and loses no byte', () => {
    const bytes = Uint8Array.from([...Buffer.from('220 caf'), 0xe9, 0x0d, 0x0a]);
    expect(receive([bytes])[0]?.lines).to.deep.equal(['caf\xe9']);
    expect(receive([Buffer.from('220 café\r\n')])[0]?.lines).to.deep.equal(['café']);
  });

  it('bounds the lines and the characters of a reply, and the bytes of a line', () => {
    const parser = new ReplyParser({ maxLines: 3, maxCharacters: 10 });
    for (const line of ['220-', '220-', '220-']) parser.push(line);
    expect(() => parser.push('220 ')).to.throw(LineTooLongError);
    expect(() => parser.push('220 12345678901')).to.throw(LineTooLongError);
    parser.push('220-12345');
    expect(() => parser.push('220-123456')).to.throw(LineTooLongError);
    expect(parser.push('220 1234567890')?.code).to.equal(220);
    expect(() => receive([Buffer.from(`220 ${'x'.repeat(100)}\r\n`)])).to.throw(LineTooLongError);
  });

  it('answers any lines with replies or a GrammarError', () => {
    const line = fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{0,4}[ -]?.{0,5}$/));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const parser = new ReplyParser({ maxLines: 4 });
        for (const text of lines) unlessGrammarError(() => parser.push(text));
      }),
    );
  });
});

describe('encodeReply', () => {
  const text = (code: number, lines: string | readonly string[]) => Buffer.from(encodeReply(code, lines)).toString();

  it('writes one line, or several between the code and a hyphen and the code and a space', () => {
    expect(text(200, 'Fine')).to.equal('200 Fine\r\n');
    expect(text(200, ['Fine'])).to.equal('200 Fine\r\n');
    expect(text(200, [])).to.equal('200 \r\n');
    expect(text(211, ['F', ' SIZE', 'End'])).to.equal('211-F\r\n SIZE\r\n211 End\r\n');
  });

  it('puts a space before a line that could be taken for the last one (RFC 959 §4.2)', () => {
    expect(text(213, ['a', '213 done', '1234', '12', 'b'])).to.equal('213-a\r\n 213 done\r\n 1234\r\n12\r\n213 b\r\n');
  });

  it('never lets a text end its line', () => {
    expect(text(257, '"a\r\n226 b\0\n"')).to.equal('257 "a??226 b??"\r\n');
    expect(text(211, ['a\n', '\r\n211 b', 'c\r'])).to.equal('211-a?\r\n??211 b\r\n211 c?\r\n');
  });

  it('doubles the byte 0xFF in latin1', () => {
    expect(Array.from(encodeReply(257, 'ÿ', { encoding: 'latin1' }).subarray(4))).to.deep.equal([255, 255, 13, 10]);
  });

  it('refuses a code outside 100 to 599', () => {
    for (const code of [0, 99, 600, 200.5, Number.NaN, -200]) {
      expect(() => encodeReply(code, 'a')).to.throw(RangeError);
    }
  });

  it('is read back as one reply with the same lines, but for what was made harmless', () => {
    const lines = fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), lines, (code, original) => {
        const bytes = encodeReply(code, original);
        const framer = new LineFramer({ maxLineBytes: 10_000 });
        framer.push(bytes);
        const parser = new ReplyParser();
        const replies: Reply[] = [];
        for (let line = framer.next(); line !== undefined; line = framer.next()) {
          const reply = parser.push(line);
          if (reply !== undefined) replies.push(reply);
        }
        const harmless = original.map((line, index) => {
          const shown = line.replace(/[\r\n\0]/g, '?');
          return index > 0 && index < original.length - 1 && /^[0-9]{3}/.test(shown) ? ` ${shown}` : shown;
        });
        expect(replies).to.deep.equal([{ code, lines: harmless }]);
        expect(framer.bufferedBytes).to.equal(0);
      }),
    );
  });
});

describe('replyKind', () => {
  it('reads the first digit', () => {
    expect([150, 226, 350, 425, 522].map(replyKind)).to.deep.equal([
      'preliminary',
      'completion',
      'intermediate',
      'transient-negative',
      'permanent-negative',
    ]);
  });

  it('knows every code that has a name', () => {
    for (const code of Object.values(ReplyCode)) expect(replyKind(code)).to.be.a('string');
  });
});
