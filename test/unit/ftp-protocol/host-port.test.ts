import { expect } from 'chai';
import fc from 'fast-check';
import { encodePassiveReply, encodePortArgument, parsePassiveReply, parsePortArgument } from '@ftps-kit/ftp-protocol';
import { grammarErrorOf, unlessGrammarError } from './grammar-error.js';

describe('PORT', () => {
  it('is six numbers, the port of them high byte first', () => {
    expect(parsePortArgument('132,235,1,2,24,131')).to.deep.equal({ host: '132.235.1.2', port: 6275 });
    expect(encodePortArgument({ host: '132.235.1.2', port: 6275 })).to.equal('132,235,1,2,24,131');
    expect(parsePortArgument('10,0,0,1,0,21')).to.deep.equal({ host: '10.0.0.1', port: 21 });
  });

  it('refuses with 501 what is out of range or out of form', () => {
    for (const argument of [
      '',
      '1,2,3,4,5',
      '1,2,3,4,5,6,7',
      '256,2,3,4,5,6',
      '1,2,3,4,256,6',
      '1,2,3,4,0,0',
      '1,2,3,4,5,-6',
      ' 1,2,3,4,5,6',
      '1,2,3,4,5,6 ',
      '1,2,3,4,5,0006',
      '1,2,3,4,5,',
      '1.2.3.4,5,6',
      '1,2,3,4,5,0x6',
      '1,2,3,4,5,６',
    ]) {
      expect(grammarErrorOf(() => parsePortArgument(argument)).replyCode, argument).to.equal(501);
    }
  });

  it('is not written for an IPv6 address, a name or a port that does not exist', () => {
    for (const host of ['::1', 'localhost', '1.2.3', '1.2.3.4\r\nDELE a']) {
      grammarErrorOf(() => encodePortArgument({ host, port: 21 }));
    }
    for (const port of [0, 65_536, -1, 1.5, Number.NaN]) {
      grammarErrorOf(() => encodePortArgument({ host: '1.2.3.4', port }));
    }
  });
});

describe('the 227 reply', () => {
  it('is found by its numbers, in parentheses or not (RFC 1123 §4.1.2.6)', () => {
    for (const text of [
      'Entering Passive Mode (10,1,2,3,4,1).',
      'Entering Passive Mode 10,1,2,3,4,1',
      '=10,1,2,3,4,1',
      'Passive 2 mode: [10,1,2,3,4,1], go',
    ]) {
      expect(parsePassiveReply(text), text).to.deep.equal({ host: '10.1.2.3', port: 1025 });
    }
  });

  it('is refused without six numbers, or with one out of range', () => {
    for (const text of [
      'Passive',
      '(1,2,3,4,5)',
      '(1,2,3,4,5,256)',
      '(1,2,3,4,0,0)',
      '(1234,2,3,4,5,6)',
      '1,2,3,4,5,6666',
    ]) {
      grammarErrorOf(() => parsePassiveReply(text));
    }
  });

  it('is read back as it was written, and any other text gives a GrammarError at worst', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        expect(parsePassiveReply(encodePassiveReply({ host, port }))).to.deep.equal({ host, port });
        expect(parsePortArgument(encodePortArgument({ host, port }))).to.deep.equal({ host, port });
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9,(]*$/), (text) => void unlessGrammarError(() => parsePassiveReply(text))),
    );
  });
});
