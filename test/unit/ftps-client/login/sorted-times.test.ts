import { expect } from 'chai';
import fc from 'fast-check';
import { firstNotBefore } from '../../../../packages/ftps-client/src/login/sorted-times.js';

describe('the first that is not before a time', () => {
  it('is the one that a look at all of them finds', () => {
    const small = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(fc.array(small), small, (times, time) => {
        const sorted = times.toSorted((one, other) => one - other).map((at) => ({ at }));
        const found = sorted.findIndex(({ at }) => at >= time);
        expect(firstNotBefore(sorted, ({ at }) => at, time)).to.equal(found === -1 ? sorted.length : found);
      }),
    );
  });
});
