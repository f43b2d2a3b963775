// How a pool opens logins, which failures it sits out, and how many it goes on with meanwhile.
import { once } from 'node:events';
import { expect } from 'chai';
import { ConnectionError, FtpsPool, TimeoutError, type CallOptions, type FtpsClient } from '@ftps-kit/ftps-client';
import { gate } from '../../support/gate.js';
import { ownOptions } from '../../support/own-client.js';
import { rejection } from '../../support/rejection.js';
import { scriptedServer } from '../../support/scripted-server.js';
import { TestServer } from '../../support/test-server.js';

/** Counts how often a login is asked for. */
class CountingPool extends FtpsPool {
  runs = 0;

  override run<T>(work: (client: FtpsClient) => Promise<T>, options?: CallOptions): Promise<T> {
    this.runs += 1;
    return super.run(work, options);
  }
}

describe('the logins of a pool', () => {
  it('are asked for once by a question that finds none, whatever the reason', async () => {
    let connections = 0;
    await using server = await scriptedServer(async (peer) => {
      connections += 1;
      peer.destroy();
      await Promise.resolve();
    });
    await using pool = new CountingPool({ host: '127.0.0.1', port: server.port, user: 'a', password: 'b' });
    expect(await rejection(pool.size('/a'))).to.be.instanceOf(ConnectionError);
    // It is the opening that is tried three times.
    expect([pool.runs, connections]).to.deep.equal([1, 3]);
    await pool.close();
    expect(await rejection(pool.size('/a'))).to.be.instanceOf(ConnectionError);
    expect(pool.runs).to.equal(2);
  });

  it('are waited for once by a question, and no longer than the time limit', async () => {
    await using server = await TestServer.start();
    await using pool = new CountingPool(ownOptions(server), { size: 1, acquireTimeoutMs: 2_000 });
    const asked = gate();
    const [holding] = [pool.run(() => asked.opened), await once(pool, 'open')];
    expect(await rejection(pool.size('/a'))).to.be.instanceOf(TimeoutError);
    asked.open();
    await holding;
    expect(pool.runs).to.equal(2);
  });
});
