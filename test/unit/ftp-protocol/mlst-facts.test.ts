import { expect } from 'chai';
import {
  encodeMlstFeature,
  encodeMlstOptions,
  encodeMlstOptionsReply,
  parseMlstFeature,
  parseMlstOptions,
} from '@ftps-kit/ftp-protocol';
import { grammarErrorOf } from './grammar-error.js';

describe('the MLST feature', () => {
  const facts = [
    { name: 'Type', isSelected: true },
    { name: 'Size', isSelected: false },
    { name: 'UNIX.mode', isSelected: true },
  ];

  it('marks by an asterisk what is sent (RFC 3659 §7.8)', () => {
    expect(encodeMlstFeature(facts)).to.equal('MLST Type*;Size;UNIX.mode*;');
    expect(parseMlstFeature('Type*;Size;UNIX.mode*;')).to.deep.equal(facts);
    expect(parseMlstFeature('Type*;Size;UNIX.mode*')).to.deep.equal(facts);
  });

  it('may have no facts at all', () => {
    expect(encodeMlstFeature([])).to.equal('MLST');
    expect(parseMlstFeature('')).to.deep.equal([]);
  });

  it('refuses what is no list', () => {
    for (const text of [';', 'a;;b;', 'a b;', '*;', 'a**;', 'a=b;']) grammarErrorOf(() => parseMlstFeature(text));
    grammarErrorOf(() => encodeMlstFeature([{ name: 'a;b', isSelected: true }]));
  });
});

describe('OPTS MLST', () => {
  it('names the facts that are wanted, in any case', () => {
    expect(parseMlstOptions('Type;UNIX.mode;Perm;')).to.deep.equal(['type', 'unix.mode', 'perm']);
    expect(parseMlstOptions('type;size')).to.deep.equal(['type', 'size']);
    expect(encodeMlstOptions(['type', 'size'])).to.equal('MLST type;size;');
  });

  it('asks for no facts with an empty list', () => {
    expect(parseMlstOptions(undefined)).to.deep.equal([]);
    expect(parseMlstOptions('')).to.deep.equal([]);
    expect(encodeMlstOptions([])).to.equal('MLST');
  });

  it('refuses the wrong example of RFC 3659 §7.9.2 with 501', () => {
    expect(grammarErrorOf(() => parseMlstOptions('unique type;')).replyCode).to.equal(501);
  });

  it('is answered with what is now sent', () => {
    expect(encodeMlstOptionsReply(['Type', 'Perm'])).to.equal('MLST OPTS Type;Perm;');
    expect(encodeMlstOptionsReply([])).to.equal('MLST OPTS');
  });
});
