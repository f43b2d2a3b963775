import { expect } from 'chai';
import {
  encodeRepresentationType,
  parseFileStructure,
  parseRepresentationType,
  parseTransferMode,
} from '@ftps-kit/ftp-protocol';
import { grammarErrorOf } from './grammar-error.js';

function expectHint(act: (argument: string) => unknown, replyCode: number, ...args: readonly string[]): void {
  for (const argument of args) expect(grammarErrorOf(() => act(argument)).replyCode, argument).to.equal(replyCode);
}

describe('TYPE', () => {
  it('is ASCII Non-print or image, in any case', () => {
    expect(['A', 'a', 'A N', 'a n'].map(parseRepresentationType)).to.deep.equal(Array(4).fill('ascii'));
    expect(['I', 'i', 'L 8', 'l 8'].map(parseRepresentationType)).to.deep.equal(Array(4).fill('image'));
    expect(parseRepresentationType(encodeRepresentationType('ascii'))).to.equal('ascii');
    expect(parseRepresentationType(encodeRepresentationType('image'))).to.equal('image');
  });

  it('hints at 504 for what RFC 959 knows and this does not, and at 501 for the rest', () => {
    expectHint(parseRepresentationType, 504, 'A T', 'A C', 'E', 'E N', 'L 7', 'L 255');
    expectHint(parseRepresentationType, 501, '', 'X', 'A X', 'I N', 'L', 'L 0', 'L x', 'A  N', ' I');
  });
});

describe('STRU', () => {
  it('is file, and nothing else', () => {
    expect(['F', 'f'].map(parseFileStructure)).to.deep.equal(['file', 'file']);
    expectHint(parseFileStructure, 504, 'R', 'p');
    expectHint(parseFileStructure, 501, '', 'X', 'FF');
  });
});

describe('MODE', () => {
  it('is stream or block', () => {
    expect(['S', 's', 'B', 'b'].map(parseTransferMode)).to.deep.equal(['stream', 'stream', 'block', 'block']);
    expectHint(parseTransferMode, 504, 'C', 'z');
    expectHint(parseTransferMode, 501, '', 'X', 'SS');
  });
});
