import { expect } from 'chai';
import { formatBytes, formatDuration, formatTable } from '../../../bin/src/format.js';

describe('numbers for people', () => {
  it('have three digits and a unit of bytes', () => {
    for (const [bytes, text] of [
      [0, '0 B'],
      [999, '999 B'],
      [1000, '1.00 kB'],
      [1234, '1.23 kB'],
      [9994, '9.99 kB'],
      [9999, '10.0 kB'],
      [99_949, '99.9 kB'],
      [99_999, '100 kB'],
      [999_499, '999 kB'],
      [999_500, '1.00 MB'],
      [5e9, '5.00 GB'],
      [5e12, '5.00 TB'],
      [5e15, '5000 TB'],
    ] as const) {
      expect(formatBytes(bytes)).to.equal(text);
    }
  });

  it('are milliseconds below one second, and seconds above', () => {
    for (const [durationMs, text] of [
      [0.4, '0 ms'],
      [999, '999 ms'],
      [999.6, '1.0 s'],
      [1000, '1.0 s'],
      [61_250, '61.3 s'],
    ] as const) {
      expect(formatDuration(durationMs)).to.equal(text);
    }
  });
});

describe('a table for people', () => {
  it('has columns as wide as their widest cell, and no blanks at the end of a line', () => {
    expect(formatTable([['a', 'long head', 'c'], ['wide cell', 'b', ''], ['x']])).to.deep.equal([
      'a          long head  c',
      'wide cell  b',
      'x',
    ]);
  });
});
