import { expect } from 'chai';
import fc from 'fast-check';
import {
  encodeFacts,
  encodeMlsxLine,
  encodeReply,
  LineFramer,
  parseMlstReply,
  parseMlsxLine,
  ReplyParser,
  type MlsxEntry,
} from '@ftps-kit/ftp-protocol';
import { grammarErrorOf, unlessGrammarError } from './grammar-error.js';

describe('an entry of MLSx', () => {
  it('is facts, exactly one space and the name (RFC 3659 §7.2)', () => {
    const { facts, name } = parseMlsxLine('Type=file;Size=4161;Modify=19970214165800;x.myfact=foo,bar; read me ');
    expect(Object.fromEntries(facts)).to.deep.equal({
      type: 'file',
      size: '4161',
      modify: '19970214165800',
      'x.myfact': 'foo,bar',
    });
    expect(name).to.equal('read me ');
  });

  it('keeps a name that begins with spaces, or holds what facts are made of', () => {
    expect(parseMlsxLine('type=file;   a; b=c;').name).to.equal('  a; b=c;');
  });

  it('may have no facts, an empty fact or no name', () => {
    expect(parseMlsxLine(' a')).to.deep.equal({ facts: new Map(), name: 'a' });
    expect(parseMlsxLine('perm=; a').facts.get('perm')).to.equal('');
    expect(parseMlsxLine('type=dir; ').name).to.equal('');
  });

  it('splits a fact at its first equals sign, and takes the first of two', () => {
    expect(parseMlsxLine('unique=a=b;UNIQUE=c; a').facts.get('unique')).to.equal('a=b');
  });

  it('is taken without the last semi-colon', () => {
    expect(parseMlsxLine('type=file;size=1 a').facts.get('size')).to.equal('1');
  });

  it('may have spaces in a value that is free text: where a link leads, an owner, a group', () => {
    for (const [line, name, fact, value] of [
      ['type=OS.unix=slink:/my target;size=3; lnk', 'lnk', 'type', 'OS.unix=slink:/my target'],
      ['size=3;type=OS.unix=slink:a b c; l n k', 'l n k', 'type', 'OS.unix=slink:a b c'],
      ['UNIX.groupname=domain users;UNIX.ownername=a b;size=1; x y', 'x y', 'unix.groupname', 'domain users'],
      ['type=OS.unix=slink:/my;size=3 a b', 'a b', 'size', '3'],
      ['type=OS.unix=slink:/my a b', 'a b', 'type', 'OS.unix=slink:/my'],
      ['type=file a; b', 'a; b', 'type', 'file'],
      ['type=file;size=3; a b=c; d', 'a b=c; d', 'size', '3'],
    ] as const) {
      const entry = parseMlsxLine(line);
      expect(entry.name, line).to.equal(name);
      expect(entry.facts.get(fact), line).to.equal(value);
    }
    grammarErrorOf(() => parseMlsxLine('type=OS.unix=slink:/a b;c;size=3; lnk'));
  });

  it('is refused without a space, and with a fact that is none', () => {
    for (const line of ['', 'type=file;', 'file; a', '=file; a', 'type=file;;size=1; a', '-rw-r--r-- 1 a']) {
      grammarErrorOf(() => parseMlsxLine(line));
    }
  });

  it('is not written with what would break the line or the facts', () => {
    for (const name of ['a\r\nb', 'a\nb', 'a\rb', 'a\0b']) grammarErrorOf(() => encodeMlsxLine([], name));
    for (const fact of [
      ['a b', ''],
      ['a', 'b c'],
      ['a;b', ''],
      ['a', 'b;'],
      ['', 'a'],
      ['a=', 'b'],
      ['a', 'é'],
      ['a', '\r'],
    ] as const) {
      grammarErrorOf(() => encodeFacts([fact]));
    }
  });

  it('is read back as it was written', () => {
    const token = fc.stringMatching(/^[a-z0-9,.:!@#$%^&()\-_+?/\\'"]+$/);
    const facts = fc.uniqueArray(fc.tuple(token, fc.stringMatching(/^[A-Za-z0-9.=/-]*$/)), {
      selector: ([key]) => key,
    });

    const name = fc.string({ unit: 'binary' }).filter((text) => !/[\r\n\0]/.test(text));
    fc.assert(
      fc.property(facts, name, (list, text) => {
        expect(parseMlsxLine(encodeMlsxLine(list, text))).to.deep.equal({ facts: new Map(list), name: text });
      }),
    );
  });

  it('answers any line with an entry or a GrammarError', () => {
    fc.assert(fc.property(fc.string(), (line) => void unlessGrammarError(() => parseMlsxLine(line))));
  });
});

describe('the reply to MLST', () => {
  it('holds its entry behind a space, two of them when there are no facts', () => {
    const entry: MlsxEntry = { facts: new Map([['type', 'dir']]), name: '/a b' };
    expect(parseMlstReply({ code: 250, lines: ['Listing', ' Type=dir; /a b', 'End'] })).to.deep.equal(entry);
    expect(parseMlstReply({ code: 250, lines: ['Listing', '  /a', 'End'] })).to.deep.equal({
      facts: new Map(),
      name: '/a',
    });
  });

  it('is taken without the space in front', () => {
    expect(parseMlstReply({ code: 250, lines: ['', 'type=dir; a', ''] }).name).to.equal('a');
  });

  it('is refused without an entry', () => {
    for (const lines of [['type=file; a'], ['a', 'b'], []]) grammarErrorOf(() => parseMlstReply({ code: 250, lines }));
  });

  it('comes through the wire unchanged', () => {
    const line = encodeMlsxLine([['size', '1']], '250 odd name');
    const framer = new LineFramer({ maxLineBytes: 100 });
    framer.push(encodeReply(250, ['Start', ` ${line}`, 'End']));
    const parser = new ReplyParser();
    let entry: MlsxEntry | undefined;
    for (let framed = framer.next(); framed !== undefined; framed = framer.next()) {
      const reply = parser.push(framed);
      if (reply !== undefined) entry = parseMlstReply(reply);
    }
    expect(entry).to.deep.equal({ facts: new Map([['size', '1']]), name: '250 odd name' });
  });
});
