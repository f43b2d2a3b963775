// The bytes of a connection: their buffers, back pressure, keys and groups, and who else the engine speaks with.
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { ConfigError, selectEngine } from '@ftps-kit/tls-core';
import { readAll, readExactly } from '../../support/channel-bytes.js';
import { opensslEngine } from '../../support/peers/openssl-engine.js';
import { requirePeer } from '../../support/peers/peer.js';
import { rejection } from '../../support/rejection.js';
import { controlConnection, endBoth, engineSides, handshake, newBindings } from '../tls-engine.js';
import { GREETING, greet, sidesOf } from './openssl-sides.js';

/** How many buffers are asked for by name while `work` is done; what Node reads into it gets elsewhere. */
async function countBuffers(work: () => Promise<void>): Promise<number> {
  const names = ['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'concat'] as const;
  let made = 0;
  const restore = names.map((name) => {
    const descriptor = Object.getOwnPropertyDescriptor(Buffer, name) ?? {};
    const original = descriptor.value as (...args: unknown[]) => unknown;
    const value = (...args: unknown[]): unknown => {
      made += 1;
      return original.apply(Buffer, args);
    };
    Object.defineProperty(Buffer, name, { ...descriptor, value });
    return () => {
      Object.defineProperty(Buffer, name, descriptor);
    };
  });
  try {
    await work();
  } finally {
    for (const undo of restore) undo();
  }
  return made;
}

describe('the openssl engine alone', () => {
  before(function () {
    requirePeer(this, opensslEngine);
  });

  it('has no new buffer for each chunk: those that have left are used again', async () => {
    const sides = await sidesOf();
    const pair = await handshake(sides, newBindings(sides), 'data');
    const chunk = Buffer.alloc(65_536, 'chunk');
    const into = Buffer.alloc(65_536);
    const move = async (chunks: number): Promise<void> => {
      const sending = (async () => {
        for (let n = 0; n < chunks; n += 1) await pair.client.write(chunk);
      })();
      for (let left = chunks * chunk.length; left > 0; left -= await pair.server.read(into));
      await sending;
    };
    await move(100);
    // As many as may be on their way at a time, where that is more than before.
    expect(await countBuffers(() => move(500))).to.be.below(10);
    await endBoth(pair);
  });

  it('holds a sender back when nobody reads', async () => {
    const sides = await sidesOf();
    const pair = await handshake(sides, newBindings(sides), 'data');
    const chunk = Buffer.alloc(1_000_000);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 64; sent += 1) await pair.client.write(chunk);
      await pair.client.end();
    })();
    await setTimeout(200);
    expect(sent).to.be.below(32);
    const received = await readAll(pair.server);
    await sending;
    expect(received).to.have.length(64_000_000);
    await pair.server.end();
  });

  it('updates keys on either side in the middle of a transfer', async () => {
    const sides = await sidesOf({ versions: '1.3' });
    const pair = await handshake(sides, newBindings(sides), 'data');
    const chunk = Buffer.alloc(100_000, 'key');
    const sending = (async () => {
      for (let n = 0; n < 10; n += 1) {
        await pair.client.updateKeys();
        await pair.client.write(chunk);
      }
      await pair.client.end();
    })();
    await pair.server.updateKeys();
    await pair.server.write(GREETING);
    expect((await readAll(pair.server)).equals(Buffer.concat(Array.from({ length: 10 }, () => chunk)))).to.equal(true);
    expect((await readExactly(pair.client, GREETING.length)).equals(GREETING)).to.equal(true);
    await sending;
    await pair.server.end();
  });

  it('has no key update under TLS 1.2', async () => {
    const sides = await sidesOf({ versions: '1.2' });
    const pair = await handshake(sides, newBindings(sides), 'data');
    expect(await rejection(pair.client.updateKeys())).to.be.instanceOf(ConfigError);
    await endBoth(pair);
  });

  it('names the group on both sides', async () => {
    for (const group of ['X25519', 'P-256', 'P-384', 'P-521', 'X448'] as const) {
      for (const versions of ['1.2', '1.3'] as const) {
        const sides = await sidesOf({ groups: [group, 'P-256'], versions }, { groups: [group, 'P-256'] });
        const pair = await handshake(sides, newBindings(sides), 'control');
        expect([pair.client.handshake.group, pair.server.handshake.group]).to.deep.equal([group, group]);
        await endBoth(pair);
      }
    }
  });

  for (const [server, client] of [
    ['openssl', 'node'],
    ['node', 'openssl'],
  ] as const) {
    it(`binds with ${server} serving and ${client} as client`, async () => {
      const sides = {
        acceptor: (await engineSides(selectEngine(server))).acceptor,
        connector: (await engineSides(selectEngine(client))).connector,
      };
      const bindings = newBindings(sides);
      const control = await controlConnection(sides, bindings);
      // node:tls sends its tickets behind the first bytes that are written.
      while (bindings.client.tickets.size === 0) await greet(control);
      for (let file = 0; file < 4; file += 1) {
        const data = await handshake(sides, bindings, 'data');
        expect(data.server.handshake.verdict, `file ${file}`).to.equal('bound');
        expect(data.client.handshake.resumed).to.equal(true);
        await endBoth(data);
      }
      await endBoth(control);
    });
  }

  it('refuses one read while another is under way', async () => {
    const sides = await sidesOf();
    const pair = await handshake(sides, newBindings(sides), 'data');
    const first = pair.client.read(Buffer.alloc(100));
    expect(await rejection(pair.client.read(Buffer.alloc(100)))).to.be.instanceOf(ConfigError);
    await pair.server.write(GREETING);
    expect(await first).to.equal(GREETING.length);
    await endBoth(pair);
  });

  it('may be destroyed by who is told of a ticket', async () => {
    const sides = await sidesOf({ loginTickets: 0 });
    const control = await controlConnection(sides, newBindings(sides));
    const reason = new Error('enough');
    control.client.onTicket(() => {
      control.client.destroy(reason);
    });
    const reading = rejection(control.client.read(Buffer.alloc(10)));
    await control.server.issueTicket();
    expect(await reading).to.equal(reason);
    control.server.destroy();
  });

  it('serves several threads at once, and outlives those that end', async () => {
    const url = new URL('../../support/handshake-worker.mjs', import.meta.url);
    const work = async (): Promise<unknown> => {
      const worker = new Worker(url, { execArgv: [] });
      const [outcome] = (await once(worker, 'message')) as [unknown];
      await worker.terminate();
      return outcome;
    };
    const all = [...(await Promise.all([work(), work()])), await work()];
    const bound = Array.from({ length: 10 }, () => 'bound');
    for (const outcome of all) expect(outcome).to.deep.equal({ verdicts: bound, cameWhole: true });
    const sides = await sidesOf();
    await endBoth(await handshake(sides, newBindings(sides), 'control'));
  });
});
