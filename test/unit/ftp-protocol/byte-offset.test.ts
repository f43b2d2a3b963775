import { expect } from 'chai';
import fc from 'fast-check';
import { encodeByteOffset, parseAllocation, parseByteOffset } from '@ftps-kit/ftp-protocol';
import { grammarErrorOf } from './grammar-error.js';

describe('a count of bytes', () => {
  it('is read back as it was written, up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (n) => {
        expect(parseByteOffset(encodeByteOffset(n))).to.equal(n);
      }),
    );
    expect(parseByteOffset('9007199254740991')).to.equal(Number.MAX_SAFE_INTEGER);
    expect(parseByteOffset('0001830')).to.equal(1830);
  });

  it('is digits only, and no more than a number can hold exactly', () => {
    for (const text of ['', '-1', '+1', '1.5', '1e3', '0x10', ' 1', '1 ', '１', '9007199254740992', '9'.repeat(400)]) {
      expect(grammarErrorOf(() => parseByteOffset(text)).replyCode, text).to.equal(501);
    }
    for (const n of [-1, 1.5, Number.NaN, Infinity, 2 ** 53]) grammarErrorOf(() => encodeByteOffset(n));
  });
});

describe('ALLO', () => {
  it('takes a size, and R with a record size (RFC 959 §5.3.1)', () => {
    expect(parseAllocation('1024')).to.deep.equal({ sizeBytes: 1024, recordBytes: undefined });
    expect(parseAllocation('1024 R 80')).to.deep.equal({ sizeBytes: 1024, recordBytes: 80 });
    for (const argument of ['', 'R 80', '1024 R', '1024 80', '1024  R 80']) {
      expect(grammarErrorOf(() => parseAllocation(argument)).replyCode).to.equal(501);
    }
  });
});
