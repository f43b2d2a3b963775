// Calls of a pool within calls of it: which login they get, and when that is free again.
import { once } from 'node:events';
import { expect } from 'chai';
import { FtpsError, FtpsPool, PoolExhaustedError, type FtpsClient } from '@ftps-kit/ftps-client';
import { gate, type Gate } from '../../../support/gate.js';
import { ownOptions } from '../../../support/own-client.js';
import { rejection } from '../../../support/rejection.js';
import { TestServer } from '../../../support/test-server.js';

/** Held up by nobody, it would come to its end in the buffers of the system. */
const BIG = Buffer.alloc(20_000_000, 'big ');

/** Bytes that come when the gate is opened. */
async function* behind({ opened }: Gate): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from('first ');
  await opened;
  yield Buffer.from('last');
}

/** From one name to another on the same server, by the hands of the client. */
async function copied(pool: FtpsPool, client: FtpsClient, to: string): Promise<void> {
  const reading = client.createReadStream('/big');
  reading.result.catch(() => undefined);
  try {
    await pool.upload(reading, to);
  } finally {
    reading.destroy();
  }
}

describe('a call of a pool within another', () => {
  it('gets a login that is opened for it, while there may be more', async () => {
    await using server = await TestServer.start();
    await using pool = new FtpsPool(ownOptions(server), { size: 4 });
    await pool.run(() =>
      Promise.all(Array.from({ length: 20 }, (_, number) => pool.upload(Buffer.from('x'), `/${number}`))),
    );
    expect(server.names()).to.have.length(20);
    expect(new Set(server.transfers.map(({ id }) => id)).size).to.equal(4);
  });

  it('keeps the login that it shares with its caller until it has ended too', async () => {
    await using server = await TestServer.start();
    await using pool = new FtpsPool(ownOptions(server), { size: 1 });
    const source = gate();
    let uploading: Promise<unknown> = Promise.resolve();
    await pool.run(async () => {
      uploading = pool.upload(behind(source), '/slow');
      await Promise.resolve();
    });
    expect(pool.metrics).to.include({ busy: 1, idle: 0 });
    const next = pool.run(() => Promise.resolve(server.read('slow')));
    source.open();
    expect(await next).to.equal('first last');
    await uploading;
  });

  for (const { size, refused } of [
    { size: 2, refused: 1 },
    { size: 3, refused: 0 },
  ]) {
    it(`waits for no stream that waits for it: of two copies on ${size} logins ${refused} is refused at once`, async () => {
      await using server = await TestServer.start({ files: { big: BIG } });
      await using pool = new FtpsPool(ownOptions(server), { size });
      const both = gate();
      const copies = ['/1', '/2'].map((to) =>
        pool.run(async (client) => {
          await both.opened;
          await copied(pool, client, to);
        }),
      );
      const ended = Promise.allSettled(copies);
      while (pool.metrics.busy < 2) await once(pool, 'open');
      both.open();
      const errors = (await ended).flatMap((copy) => (copy.status === 'rejected' ? [copy.reason as unknown] : []));
      expect(errors).to.have.length(refused);
      for (const error of errors) expect(error).to.be.instanceOf(PoolExhaustedError);
      const whole = ['1', '2'].filter((name) => server.names().includes(name) && server.bytes(name).equals(BIG));
      expect(whole).to.have.length(2 - refused);
      expect(pool.metrics).to.include({ busy: 0, waiting: 0 });
    });
  }

  it('from the source of an upload gets another login, and is refused where there is none', async () => {
    await using server = await TestServer.start({ files: { a: 'hello' } });
    const source = (pool: FtpsPool) =>
      async function* (): AsyncGenerator<Uint8Array, void, undefined> {
        yield Buffer.from(String(await pool.size('/a')));
      };
    await using two = new FtpsPool(ownOptions(server), { size: 2 });
    await two.upload(source(two), '/two');
    expect(server.read('two')).to.equal('5');
    await using one = new FtpsPool(ownOptions(server), { size: 1 });
    const error = await rejection(one.upload(source(one), '/one'));
    expect(error).to.have.property('cause').that.is.instanceOf(PoolExhaustedError);
    expect(await one.size('/a')).to.equal(5);
  });

  it('gets another login where that of its caller is lost', async () => {
    await using server = await TestServer.start({ files: { a: 'hello' } });
    await using pool = new FtpsPool(ownOptions(server), { size: 1 });
    await pool.run(async (client) => {
      await client.close();
      expect(await pool.size('/a')).to.equal(5);
    });
    expect(server.logins).to.have.length(2);
  });

  it('finds no stream that somebody left open on the login before', async () => {
    await using server = await TestServer.start({ files: { big: BIG, a: 'hello' } });
    await using pool = new FtpsPool(ownOptions(server), { size: 1 });
    let left: Promise<unknown> = Promise.resolve();
    await pool.run(async (client) => {
      const reading = client.createReadStream('/big');
      left = rejection(reading.result);
      await once(reading, 'readable');
    });
    expect(await left).to.be.instanceOf(FtpsError);
    expect(await pool.size('/a')).to.equal(5);
  });
});
