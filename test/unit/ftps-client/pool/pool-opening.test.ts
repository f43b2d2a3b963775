// How a pool opens logins, which failures it sits out, and how many it goes on with meanwhile.
import { AsyncResource } from 'node:async_hooks';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { ConnectionError, FtpsPool, TimeoutError, type CallOptions, type FtpsClient } from '@ftps-kit/ftps-client';
import { gate } from '../../../support/gate.js';
import { connectTo, ownOptions } from '../../../support/own-client.js';
import { rejection } from '../../../support/rejection.js';
import { scriptedServer } from '../../../support/scripted-server.js';
import { StormyServer } from '../../../support/stormy-server.js';
import { TestServer } from '../../../support/test-server.js';

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

  for (const survivors of [1, 0]) {
    it(`are all back after an outage that ${survivors} of them survived, and nobody who waited is turned away`, async () => {
      await using server = await StormyServer.start({ files: { a: 'hello' } });
      const { proxy } = server;
      await using pool = new FtpsPool(server.options, { size: 4 });
      const shrinks: unknown[] = [];
      pool.on('shrink', (event) => shrinks.push(event));
      const ending = gate();
      let open = 0;
      pool.on('open', () => (open += 1));
      const holding = Array.from({ length: 4 }, () => pool.run(() => ending.opened));
      while (open < 4) await once(pool, 'open');
      const waiting = Array.from({ length: 20 }, () => pool.size('/a'));

      const failed = gate();
      let refused = 0;
      proxy.weather = () => {
        refused += 1;
        // All three tries of four openings are in vain, and one more.
        if (refused > 12) failed.open();
        return { faults: [{ kind: 'reset', direction: 'to client', place: { bytes: 0 }, strikes: () => true }] };
      };
      for (const connection of [...proxy.connections].slice(survivors)) connection.kill();
      ending.open();
      await Promise.all(holding);
      const last = survivors === 0 ? undefined : pool.run(() => failed.opened);
      await failed.opened;
      proxy.weather = () => ({ faults: [] });

      expect(await Promise.all(waiting)).to.deep.equal(Array.from({ length: 20 }, () => 5));
      await last;
      const again = gate();
      const full = Array.from({ length: 4 }, () => pool.run(() => again.opened));
      while (pool.metrics.busy < 4) await once(pool, 'open');
      again.open();
      await Promise.all(full);
      expect(pool.metrics).to.include({ limit: 4, size: 4 });
      expect(shrinks).to.deep.equal([]);
    });
  }

  it('are as many as the server grants, and soon as many as asked for when it grants more', async () => {
    await using server = await TestServer.start({ limits: { maxConnections: 4 } });
    const others = await Promise.all([connectTo(server), connectTo(server)]);
    await using pool = new FtpsPool(ownOptions(server), { size: 4, growAgainMs: 1_500 });
    const ending = gate();
    const work = Array.from({ length: 2 }, () => pool.run(() => ending.opened));
    while (pool.metrics.busy < 2) await once(pool, 'open');
    work.push(...Array.from({ length: 2 }, () => pool.run(() => ending.opened)));
    expect(await once(pool, 'shrink')).to.have.nested.property('[0].limit', 2);
    await Promise.all(others.map((client) => client.close()));
    await once(pool, 'grow');
    expect(pool.metrics).to.include({ limit: 3 });
    // The one that was granted lets the next be tried, without another wait.
    await once(pool, 'open');
    await new Promise(setImmediate);
    expect(pool.metrics).to.include({ limit: 4 });
    ending.open();
    await Promise.all(work);
  });

  it('are gone from the server before others take the place of those dropped', async () => {
    await using server = await TestServer.start({ files: { a: 'hello' }, limits: { maxConnections: 2 } });
    await using pool = new FtpsPool(ownOptions(server), { size: 2, idleMs: 50 });
    const shrinks: unknown[] = [];
    pool.on('shrink', (event) => shrinks.push(event));
    const ending = gate();
    const holding = pool.run(() => ending.opened);
    await pool.size('/a');
    const dropped = once(pool, 'drop');
    const asked = new Promise((resolve) => {
      pool.once('drop', () => {
        resolve(pool.size('/a'));
      });
    });
    try {
      expect(await dropped).to.deep.equal([{ reason: 'idle' }]);
      expect(await Promise.race([asked, once(pool, 'shrink')])).to.equal(5);
      expect(shrinks).to.deep.equal([]);
    } finally {
      // The pool waits for it before it closes.
      ending.open();
    }
    await holding;
  });

  it('are no more than its size also while a transfer makes its own anew', async () => {
    await using server = await StormyServer.start({ files: { a: 'hello' } });
    await using pool = new FtpsPool(server.options, { size: 1 });
    let asking: Promise<number> | undefined;
    // Not a call within the upload.
    const elsewhere = new AsyncResource('elsewhere');
    const wait = (): Promise<void> => {
      asking ??= elsewhere.runInAsyncScope(() => pool.size('/a'));
      expect(pool.metrics).to.include({ busy: 1, opening: 0, waiting: 1 });
      return Promise.resolve();
    };
    let attempts = 0;
    const source = (): Readable => {
      attempts += 1;
      if (attempts === 1) server.proxy.clear();
      return Readable.from([Buffer.from('all of it')]);
    };
    await pool.upload(source, '/b', { retry: { attempts: 9, wait } });
    expect(await asking).to.equal(5);
    expect(server.server.read('b')).to.equal('all of it');
  });
});
