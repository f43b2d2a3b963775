import { expect } from 'chai';
import { GrammarError, limits, LineTooLongError } from '@ftps-kit/ftp-protocol';

describe('GrammarError', () => {
  it('carries a code, a reply for a server, and its cause', () => {
    const cause = new Error('inner');
    const error = new GrammarError('outer', { replyCode: 504, cause });
    expect(error).to.include({
      name: 'GrammarError',
      code: 'FTPS_ERR_GRAMMAR',
      replyCode: 504,
      cause,
      message: 'outer',
    });
    expect(new GrammarError('a').replyCode).to.equal(501);
    expect(new GrammarError('a')).to.not.have.property('cause');
  });

  it('is 500 for a line that is too long (RFC 959 §4.2.1)', () => {
    const error = new LineTooLongError('a');
    expect(error).to.be.instanceOf(GrammarError);
    expect(error).to.include({ name: 'LineTooLongError', code: 'FTPS_ERR_LINE_TOO_LONG', replyCode: 500 });
  });
});

describe('limits', () => {
  it('are positive, and cannot be changed', () => {
    for (const limit of Object.values(limits)) expect(limit).to.be.greaterThan(0);
    expect(Object.isFrozen(limits)).to.equal(true);
  });
});
