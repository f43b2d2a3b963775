// How a pool ends: what was asked of it is done first, and nothing keeps it waiting for ever.
import { once } from 'node:events';
import { expect } from 'chai';
import { ConfigError, ConnectionError, FtpsPool, type FtpsClient } from '@ftps-kit/ftps-client';
import { gate } from '../../../support/gate.js';
import { ownOptions } from '../../../support/own-client.js';
import { rejection } from '../../../support/rejection.js';
import { TestServer } from '../../../support/test-server.js';

const never = new Promise<never>(() => undefined);

describe('the end of a pool', () => {
  it('comes when all that was asked of it is done, also what still waited', async () => {
    await using server = await TestServer.start();
    const pool = new FtpsPool(ownOptions(server), { size: 2 });
    const uploads = Array.from({ length: 12 }, (_, number) => pool.upload(Buffer.from('x'), `/${number}`));
    const closing = pool.close();
    expect(await rejection(pool.size('/0'))).to.be.instanceOf(ConnectionError);
    await closing;
    await Promise.all(uploads);
    expect(server.names()).to.have.length(12);
    expect(pool.metrics).to.deep.equal({ size: 0, limit: 2, busy: 0, idle: 0, opening: 0, waiting: 0 });
  });

  it('lets work that is under way ask for what it needs', async () => {
    await using server = await TestServer.start({ files: { a: 'hello' } });
    const pool = new FtpsPool(ownOptions(server), { size: 2 });
    const begun = gate();
    const work = pool.run(async () => {
      await begun.opened;
      return Promise.all([pool.size('/a'), pool.size('/a'), pool.size('/a')]);
    });
    await once(pool, 'open');
    const closing = pool.close();
    begun.open();
    expect(await work).to.deep.equal([5, 5, 5]);
    await closing;
  });

  it('does not wait for those who wait for it, however many and however deep', async () => {
    await using server = await TestServer.start();
    const pool = new FtpsPool(ownOptions(server), { size: 3 });
    const all = gate();
    const nested = (depth: number): Promise<void> =>
      pool.run(async () => {
        await all.opened;
        await (depth === 0 ? pool.close() : nested(depth - 1));
      });
    const closers = [nested(0), nested(1), nested(2)];
    while (pool.metrics.busy < 3) await once(pool, 'open');
    all.open();
    await Promise.all([...closers, pool.close()]);
    expect(pool.metrics).to.include({ size: 0, waiting: 0 });
  });

  it('waits for a call within the work that asks for it, on the same login', async () => {
    await using server = await TestServer.start();
    const pool = new FtpsPool(ownOptions(server), { size: 1 });
    const source = gate();
    const bytes = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      await source.opened;
      yield Buffer.from('all of it');
    };
    await pool.run(async () => {
      const uploading = pool.upload(bytes(), '/a');
      const closing = pool.close();
      source.open();
      await closing;
      expect(server.read('a')).to.equal('all of it');
      await uploading;
    });
  });

  it('turns away those that only a login of who waits for it could serve', async () => {
    await using server = await TestServer.start();
    const pool = new FtpsPool(ownOptions(server), { size: 1 });
    const asked = gate();
    const closing = pool.run(async () => {
      await asked.opened;
      await pool.close();
    });
    await once(pool, 'open');
    const waiting = rejection(pool.size('/a'));
    asked.open();
    expect(await waiting).to.be.instanceOf(ConnectionError);
    await closing;
  });

  for (const [bound, ends] of [
    ['graceMs', { graceMs: 1 }],
    ['the signal', { signal: AbortSignal.timeout(1) }],
  ] as const) {
    it(`waits no longer than ${bound} says for work that never ends, and for what waits behind it`, async () => {
      await using server = await TestServer.start();
      const pool = new FtpsPool(ownOptions(server), { size: 1 });
      void pool.run(() => never);
      const [client] = (await once(pool, 'open')) as [FtpsClient];
      const waiting = rejection(pool.size('/a'));
      // Another that has no bound is bound by this one.
      await Promise.all([pool.close(), pool.close(ends)]);
      expect(await waiting).to.be.instanceOf(ConnectionError);
      expect(client).to.include({ isOpen: false });
    });
  }

  it('is asked for in words that are checked', async () => {
    const pool = new FtpsPool({ host: 'localhost' });
    expect(await rejection(pool.close({ grace: 1 } as object))).to.be.instanceOf(ConfigError);
    expect(await rejection(pool.close({ graceMs: -1 }))).to.be.instanceOf(ConfigError);
    await pool.close();
  });
});
