import { expect } from 'chai';
import { isTlsProtectionLevel, parseProtectionBufferSize, parseProtectionLevel } from '@ftps-kit/ftp-protocol';
import { grammarErrorOf } from './grammar-error.js';

describe('PROT', () => {
  it('takes the four levels of RFC 2228 in any case', () => {
    expect(['C', 's', 'E', 'p'].map(parseProtectionLevel)).to.deep.equal(['C', 'S', 'E', 'P']);
  });

  it('hints at 504 for a level nobody knows, and at 501 for none', () => {
    for (const argument of ['X', 'PP', ' P', 'P ']) {
      expect(grammarErrorOf(() => parseProtectionLevel(argument)).replyCode).to.equal(504);
    }
    for (const argument of [undefined, '']) {
      expect(grammarErrorOf(() => parseProtectionLevel(argument)).replyCode).to.equal(501);
    }
  });

  it('has only C and P over TLS (RFC 4217 §9)', () => {
    expect((['C', 'S', 'E', 'P'] as const).filter(isTlsProtectionLevel)).to.deep.equal(['C', 'P']);
  });
});

describe('PBSZ', () => {
  it('takes 0, and all that fits 32 bits', () => {
    expect(['0', '00', '4294967295'].map(parseProtectionBufferSize)).to.deep.equal([0, 0, 4_294_967_295]);
  });

  it('refuses anything else with 501', () => {
    for (const argument of ['', '-1', '4294967296', '1e3', ' 0', '0x10', '9'.repeat(400)]) {
      expect(grammarErrorOf(() => parseProtectionBufferSize(argument)).replyCode).to.equal(501);
    }
  });
});
