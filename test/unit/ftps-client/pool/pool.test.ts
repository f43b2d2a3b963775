import { once } from 'node:events';
import { expect } from 'chai';
import { AbortedError, ConfigError, ConnectionError, FtpsPool, type FtpsClient } from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { ownOptions } from '../../../support/own-client.js';
import { rejection } from '../../../support/rejection.js';
import { TestServer } from '../../../support/test-server.js';

const files = Object.fromEntries(Array.from({ length: 30 }, (_, number) => [`t/${number % 5}/${number}`, `${number}`]));

describe('a pool', () => {
  it('moves files on several logins, each bound to its own control connection', async () => {
    await using server = await TestServer.start({ binding: 'require' });
    await using pool = new FtpsPool(ownOptions(server), { size: 4 });
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, number) => pool.upload(Buffer.from(`${number}`), `/${number}`)),
    );
    expect(results.every(({ resumed }) => resumed)).to.equal(true);
    expect(server.names()).to.have.length(30);
    expect(new Set(server.transfers.map(({ id }) => id)).size).to.equal(4);
    expect(pool.metrics).to.deep.equal({ size: 4, limit: 4, busy: 0, idle: 4, opening: 0, waiting: 0 });
  });

  it('walks and removes a tree on all logins at a time', async () => {
    await using server = await TestServer.start({ files: { ...files, keep: '' } });
    await using pool = new FtpsPool(ownOptions(server), { size: 3 });
    const paths = (await collect(pool.walk('/t'))).map(({ path }) => path);
    expect(paths.filter((path) => path.includes('/'))).to.have.length(30);
    expect(new Set(paths).size).to.equal(35);
    await pool.removeDirectory('/t', { recursive: true });
    expect(server.names()).to.deep.equal(['keep']);
  });

  it('never waits for a login that its own caller holds', async () => {
    await using server = await TestServer.start({ files: { a: 'hello' } });
    await using pool = new FtpsPool(ownOptions(server), { size: 2 });
    const used = new Set<FtpsClient>();
    const nested = (depth: number): Promise<void> =>
      pool.run(async (client) => {
        used.add(client);
        expect(await pool.size('/a')).to.equal(5);
        if (depth > 0) await Promise.all([nested(depth - 1), nested(depth - 1)]);
      });
    await Promise.all([nested(3), nested(3), nested(3)]);
    expect(used.size).to.equal(2);
    expect(pool.metrics).to.include({ busy: 0, waiting: 0 });
  });

  it('lends nothing out of turn to what goes on after its caller gave its login back', async () => {
    await using server = await TestServer.start();
    await using pool = new FtpsPool(ownOptions(server), { size: 1 });
    const order: string[] = [];
    let isLent: () => void = () => undefined;
    const lent = new Promise<void>((resolve) => {
      isLent = resolve;
    });
    // It is made while a login is held, and goes on when another call holds that.
    let late: Promise<void> = Promise.resolve();
    await pool.run(() => {
      late = lent.then(() => pool.run(() => Promise.resolve(void order.push('late'))));
      return Promise.resolve();
    });
    await pool.run(async () => {
      isLent();
      await new Promise(setImmediate);
      order.push('holder');
    });
    await late;
    expect(order).to.deep.equal(['holder', 'late']);
  });

  it('replaces a login that the server ended, and asks again what only asks', async () => {
    await using server = await TestServer.start({ files: { a: 'hello' } });
    await using pool = new FtpsPool(ownOptions(server), { size: 1 });
    const [first] = (await Promise.all([once(pool, 'open'), pool.size('/a')]))[0] as [FtpsClient];
    await first.close();
    expect(await pool.size('/a')).to.equal(5);
    const drops: string[] = [];
    pool.on('drop', ({ reason }) => drops.push(reason));
    const failing = pool.run(async (client) => {
      await client.close();
      await client.size('/a');
    });
    expect(await rejection(failing)).to.be.instanceOf(ConnectionError);
    expect(drops).to.deep.equal(['lost']);
    expect(await pool.exists('/a')).to.equal(true);
    expect(server.logins).to.have.length(3);
  });

  it('goes on with as many logins as the server grants, and says so', async () => {
    await using server = await TestServer.start({ limits: { maxConnections: 2 } });
    await using pool = new FtpsPool(ownOptions(server), { size: 6 });
    const shrinks: number[] = [];
    pool.on('shrink', ({ limit }) => shrinks.push(limit));
    await Promise.all(Array.from({ length: 20 }, (_, number) => pool.upload(Buffer.from('x'), `/${number}`)));
    expect(server.names()).to.have.length(20);
    // Refusals that came while no login stood yet are tried again first.
    while (shrinks.length === 0) await once(pool, 'shrink');
    expect(pool.metrics).to.include({ limit: 2, size: 2 });
    expect(shrinks).to.deep.equal([2]);
  });

  it('lends no login that was left in another folder', async () => {
    await using server = await TestServer.start({ files: { 'd/a': 'hello', a: 'hi' } });
    await using pool = new FtpsPool(ownOptions(server), { size: 1 });
    const moves = [(client: FtpsClient) => client.cwd('/d'), (client: FtpsClient) => client.raw('CWD', '/d')];
    for (const move of moves) {
      await pool.run(async (client) => {
        await move(client);
        expect(await pool.size('a')).to.equal(5);
      });
      expect(await pool.size('a')).to.equal(2);
    }
  });

  it('lets what is under way end before it closes, and then takes nothing', async () => {
    await using server = await TestServer.start();
    const pool = new FtpsPool(ownOptions(server), { size: 2 });
    const uploads = Array.from({ length: 4 }, (_, number) => pool.upload(Buffer.from('x'), `/${number}`));
    const ended = Promise.allSettled(uploads);
    await once(pool, 'open');
    await pool.close();
    const done = (await ended).filter(({ status }) => status === 'fulfilled');
    expect(server.names()).to.have.length(done.length);
    expect(await rejection(pool.size('/0'))).to.be.instanceOf(ConnectionError);
    expect(pool.metrics).to.include({ size: 0, waiting: 0 });
  });

  it('can be closed by who holds one of its logins', async () => {
    await using server = await TestServer.start();
    const pool = new FtpsPool(ownOptions(server), { size: 2 });
    await pool.run(async () => {
      await pool.close();
    });
    expect(pool.metrics).to.include({ size: 0 });
  });

  it('takes an abort while a call waits, and none for the login that others use', async () => {
    await using server = await TestServer.start({ files: { a: 'hello' } });
    await using pool = new FtpsPool(ownOptions(server), { size: 1 });
    const controller = new AbortController();
    const holding = pool.run(async (client) => {
      controller.abort();
      return client.size('/a');
    });
    const waiting = rejection(pool.size('/a', { signal: controller.signal }));
    expect(await waiting).to.be.instanceOf(AbortedError);
    expect(await holding).to.equal(5);
  });

  it('lends nothing to a call whose signal fired before it was made, though a login is idle', async () => {
    await using server = await TestServer.start({ files: { a: 'hello' } });
    await using pool = new FtpsPool(ownOptions(server), { size: 1 });
    expect(await pool.size('/a')).to.equal(5);
    let isLent = false;
    const call = pool.run(
      () => {
        isLent = true;
        return Promise.resolve();
      },
      { signal: AbortSignal.abort() },
    );
    expect(await rejection(call)).to.be.instanceOf(AbortedError);
    expect(isLent).to.equal(false);
  });

  it('has options that are checked before anything is opened', async () => {
    const options = { host: 'localhost' };
    expect(() => new FtpsPool(options, { sise: 2 } as object)).to.throw(ConfigError, 'sise');
    expect(() => new FtpsPool({ ...options, mode: 'x' as 'explicit' })).to.throw(ConfigError, 'mode');
    expect(() => new FtpsPool(undefined as never)).to.throw(ConfigError, 'options: give an object');
    await using pool = new FtpsPool(options);
    const calls: readonly (() => Promise<unknown>)[] = [
      () => pool.download('/a', 'a', null as never),
      () => pool.upload('a', '/a', { atomc: true } as never),
      () => pool.hash('/a', null as never),
      () => pool.size('/a', null as never),
      () => pool.mkdir('/a', { recursive: 'no' } as never),
      () => pool.removeDirectory('/a', { recursive: 'no' } as never),
    ];
    for (const call of calls) expect(await rejection(call()), String(call)).to.be.instanceOf(ConfigError);
    expect(pool.metrics.opening + pool.metrics.idle).to.equal(0);
  });
});
