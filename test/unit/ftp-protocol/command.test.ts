import { expect } from 'chai';
import fc from 'fast-check';
import { encodeCommand, GrammarError, LineFramer, parseCommand, type TextEncoding } from '@ftps-kit/ftp-protocol';
import { everySplit } from '../../support/every-split.js';
import { grammarErrorOf } from './grammar-error.js';

const parse = (text: string) => parseCommand(Buffer.from(text));

/** The command as the other side reads it. */
function received(bytes: Uint8Array, encoding: TextEncoding = 'utf-8') {
  const framer = new LineFramer({ maxLineBytes: 1000 });
  framer.push(bytes);
  const line = framer.next();
  expect(framer.bufferedBytes).to.equal(0);
  return line?.kind === 'line' ? parseCommand(line.bytes, { encoding }) : undefined;
}

describe('parseCommand', () => {
  it('gives the verb in upper case, and no argument without a space', () => {
    expect(parse('quit')).to.deep.equal({ verb: 'QUIT', argument: undefined });
    expect(parse('rETr a')).to.deep.equal({ verb: 'RETR', argument: 'a' });
    expect(parse('XSHA256 a')).to.deep.equal({ verb: 'XSHA256', argument: 'a' });
  });

  it('takes one space away and keeps all others (RFC 2640 §3.1)', () => {
    expect(parse('STOR   foo.bar')).to.deep.equal({ verb: 'STOR', argument: '  foo.bar' });
    expect(parse('STOR foo.bar  ')).to.deep.equal({ verb: 'STOR', argument: 'foo.bar  ' });
    expect(parse('PASS ')).to.deep.equal({ verb: 'PASS', argument: '' });
  });

  it('keeps UTF-8 as it is, a byte order mark included', () => {
    expect(parse('CWD /naïve/日本/\u{1f600}').argument).to.equal('/naïve/日本/\u{1f600}');
    expect(parse('CWD \ufeffa').argument).to.equal('\ufeffa');
  });

  it('hints at 500 for what begins with no verb', () => {
    for (const text of ['', ' ', ' NOOP', 'US\0R a', 'USER\ta', '1ABC', 'ÜSER', 'A'.repeat(17), 'USER\r']) {
      expect(grammarErrorOf(() => parse(text)).replyCode, JSON.stringify(text)).to.equal(500);
    }
  });

  it('hints at 501 for CR, LF or NUL in the argument, and for bytes that are not UTF-8', () => {
    for (const text of ['CWD a\rb', 'CWD a\r\0b', 'CWD a\nb', 'CWD a\0', 'CWD \r']) {
      expect(grammarErrorOf(() => parse(text)).replyCode).to.equal(501);
    }
    for (const argument of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const error = grammarErrorOf(() => parseCommand(Uint8Array.from([...Buffer.from('CWD '), ...argument])));
      expect(error.replyCode).to.equal(501);
    }
  });

  it('never repeats an argument in its message', () => {
    expect(grammarErrorOf(() => parse('PASS sec\0ret')).message).to.not.include('sec');
  });

  it('reads bytes above 127 one by one in latin1', () => {
    const line = Uint8Array.of(0x43, 0x57, 0x44, 0x20, 0xe9, 0x80, 0xff);
    expect(parseCommand(line, { encoding: 'latin1' }).argument).to.equal('\xe9\x80\xff');
  });

  it('answers any bytes with a command or a GrammarError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (line) => {
        try {
          parseCommand(line);
        } catch (error) {
          expect(error).to.be.instanceOf(GrammarError);
        }
      }),
    );
  });
});

describe('encodeCommand', () => {
  it('ends the command with CRLF, and adds a space only for an argument', () => {
    expect(Buffer.from(encodeCommand('quit')).toString()).to.equal('QUIT\r\n');
    expect(Buffer.from(encodeCommand('PASS', '')).toString()).to.equal('PASS \r\n');
    expect(Buffer.from(encodeCommand('STOR', ' a ')).toString()).to.equal('STOR  a \r\n');
  });

  it('refuses a second command hidden in an argument or a verb', () => {
    for (const argument of ['a\r\nDELE b', 'a\nDELE b', 'a\rb', 'a\0b']) {
      grammarErrorOf(() => encodeCommand('RETR', argument));
    }
    for (const verb of ['NOOP\r\nDELE', 'DELE b', '', ' NOOP', 'A'.repeat(17)]) {
      grammarErrorOf(() => encodeCommand(verb));
    }
  });

  it('refuses text that it could not send unchanged', () => {
    grammarErrorOf(() => encodeCommand('RETR', 'a\ud800b'));
    grammarErrorOf(() => encodeCommand('RETR', 'a€', { encoding: 'latin1' }));
  });

  it('doubles the byte 0xFF in latin1 (RFC 3659 §2.2), for every split of what is sent', () => {
    const bytes = encodeCommand('RETR', 'ÿa\xff', { encoding: 'latin1' });
    expect(Array.from(bytes)).to.deep.equal([...Buffer.from('RETR '), 0xff, 0xff, 0x61, 0xff, 0xff, 0x0d, 0x0a]);
    for (const chunks of everySplit(bytes)) {
      const framer = new LineFramer({ maxLineBytes: 64 });
      for (const chunk of chunks) framer.push(chunk);
      const line = framer.next();
      expect(line?.kind === 'line' && parseCommand(line.bytes, { encoding: 'latin1' })).to.deep.equal({
        verb: 'RETR',
        argument: 'ÿaÿ',
      });
    }
  });

  it('is read by the other side as what was meant, or refused', () => {
    const argument = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('\r\n', '\xff', ' '));
    fc.assert(
      fc.property(argument, fc.constantFrom<TextEncoding>('utf-8', 'latin1'), (text, encoding) => {
        let bytes;
        try {
          bytes = encodeCommand('CWD', text, { encoding });
        } catch (error) {
          expect(error).to.be.instanceOf(GrammarError);
          return;
        }
        expect(received(bytes, encoding)).to.deep.equal({ verb: 'CWD', argument: text });
      }),
    );
  });
});
