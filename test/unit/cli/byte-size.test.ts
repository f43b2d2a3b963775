import { expect } from 'chai';
import { ConfigError } from '@ftps-kit/ftps-client';
import { parseByteSize } from '../../../bin/src/byte-size.js';

describe('a number of bytes on the command line', () => {
  const sizes: readonly (readonly [text: string, bytes: number])[] = [
    ['0', 0],
    ['1500', 1500],
    ['1500B', 1500],
    ['2k', 2_000],
    ['2K', 2_000],
    ['1.5M', 1_500_000],
    ['10 GB', 10_000_000_000],
    ['10GiB', 10 * 1024 ** 3],
    ['1Ki', 1024],
    ['2T', 2e12],
  ];
  for (const [text, bytes] of sizes) {
    it(`${text} is ${bytes}`, () => {
      expect(parseByteSize('--quota', text)).to.equal(bytes);
    });
  }

  for (const text of ['', 'much', '-1', '1X', '1iB', '1.5.5', '1e6', 'G', '99999T', '0x10']) {
    it(`is not ${JSON.stringify(text)}`, () => {
      expect(() => parseByteSize('--quota', text)).to.throw(ConfigError, '--quota: ');
    });
  }
});
