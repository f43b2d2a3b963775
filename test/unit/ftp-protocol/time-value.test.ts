import { expect } from 'chai';
import fc from 'fast-check';
import { encodeTime, parseTime } from '@ftps-kit/ftp-protocol';
import { grammarErrorOf, unlessGrammarError } from './grammar-error.js';

describe('a time value', () => {
  it('is UTC, with a fraction if asked for (RFC 3659 §2.3)', () => {
    const time = new Date('1998-06-15T10:00:45.014Z');
    expect(encodeTime(time)).to.equal('19980615100045');
    expect(encodeTime(time, { fraction: true })).to.equal('19980615100045.014');
    expect(parseTime('19980615100045.014').getTime()).to.equal(time.getTime());
    expect(parseTime('19980615100045').toISOString()).to.equal('1998-06-15T10:00:45.000Z');
  });

  it('takes any number of digits of a fraction, and cuts off what a Date cannot hold', () => {
    expect(parseTime('19980615100045.5').getUTCMilliseconds()).to.equal(500);
    expect(parseTime('19980615100045.01').getUTCMilliseconds()).to.equal(10);
    expect(parseTime('19980615100045.0149999').getUTCMilliseconds()).to.equal(14);
  });

  it('is cut to the second, not rounded', () => {
    expect(encodeTime(new Date('1999-12-31T23:59:59.999Z'))).to.equal('19991231235959');
  });

  it('takes 60 seconds for a leap second only', () => {
    expect(parseTime('20161231235960').toISOString()).to.equal('2017-01-01T00:00:00.000Z');
    for (const text of ['20161231225960', '20161231235860', '20161231235961']) grammarErrorOf(() => parseTime(text));
  });

  it('knows the calendar', () => {
    expect(parseTime('20240229000000').toISOString()).to.equal('2024-02-29T00:00:00.000Z');
    for (const day of [
      '20230229',
      '19000229',
      '20240431',
      '20240001',
      '20241301',
      '20240100',
      '20240132',
      '09991231',
    ]) {
      grammarErrorOf(() => parseTime(`${day}000000`));
    }
    for (const clock of ['240000', '006000']) grammarErrorOf(() => parseTime(`20240101${clock}`));
  });

  it('has one form', () => {
    for (const text of [
      '',
      '1998061510004',
      '199806151000450',
      '19980615100045.',
      '19980615 100045',
      ' 19980615100045',
    ]) {
      expect(grammarErrorOf(() => parseTime(text)).replyCode).to.equal(501);
    }
  });

  it('does not exist for an invalid date, nor outside the years 1000 to 9999', () => {
    for (const time of [new Date(NaN), new Date('0999-12-31T00:00:00Z'), new Date('+010000-01-01T00:00:00Z')]) {
      grammarErrorOf(() => encodeTime(time));
    }
  });

  it('is read back as it was written, and any digits give a time or a GrammarError', () => {
    const time = fc.date({
      min: new Date('1000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(time, (date) => {
        expect(parseTime(encodeTime(date, { fraction: true }))).to.deep.equal(date);
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{14}$/), (text) => {
        const parsed = unlessGrammarError(() => parseTime(text));
        if (parsed !== undefined && !text.endsWith('60')) expect(encodeTime(parsed)).to.equal(text);
      }),
    );
  });
});
