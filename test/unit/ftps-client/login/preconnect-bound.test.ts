import { expect } from 'chai';
import { PreconnectBound } from '../../../../packages/ftps-client/src/login/preconnect-bound.js';

describe('how much may be asked ahead', () => {
  it('only ever becomes less, and tells who wants to know as often as it does', () => {
    const bound = new PreconnectBound();
    const told: string[] = [];
    const stop = bound.whenLowered(() => told.push(bound.most));
    for (const most of ['connection', 'port', 'port', 'off', 'port'] as const) bound.lower(most);
    stop();
    expect(told).to.deep.equal(['port', 'off']);
    expect(bound.most).to.equal('off');
  });

  it('bounds what is wanted, and gives no more than that', () => {
    const bound = new PreconnectBound();
    expect([bound.within('off'), bound.within('port'), bound.within('connection')]).to.deep.equal([
      ...['off', 'port', 'connection'],
    ]);
    bound.lower('port');
    expect([bound.within('off'), bound.within('port'), bound.within('connection')]).to.deep.equal([
      ...['off', 'port', 'port'],
    ]);
  });
});
