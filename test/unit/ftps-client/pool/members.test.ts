import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { AbortedError, ConfigError, ConnectionError, TimeoutError } from '@ftps-kit/ftps-client';
import { Members, type Member } from '../../../../packages/ftps-client/src/pool/members.js';
import type { DropEvent, ShrinkEvent } from '../../../../packages/ftps-client/src/pool/pool-events.js';
import { parsePoolOptions, type PoolOptions } from '../../../../packages/ftps-client/src/pool/pool-options.js';
import { rejection } from '../../../support/rejection.js';

class FakeMember implements Member {
  isOpen = true;
  hasMoved = false;
  kept = 0;
  onKept: () => void = () => undefined;

  get isGone(): boolean {
    return !this.isOpen;
  }

  keepAlive(): Promise<void> {
    this.kept += 1;
    this.onKept();
    return this.isOpen ? Promise.resolve() : Promise.reject(new ConnectionError('gone'));
  }

  close(): Promise<void> {
    this.isOpen = false;
    return Promise.resolve();
  }
}

/** Members on a server that grants so many at a time. */
function pool(options: PoolOptions = {}, grants = Infinity) {
  const made: FakeMember[] = [];
  const shrinks: ShrinkEvent[] = [];
  const drops: DropEvent['reason'][] = [];
  const server = { grants };
  let onDrop: () => void = () => undefined;
  const members = new Members<FakeMember>({
    settings: parsePoolOptions({ keepAliveMs: 0, idleMs: 0, ...options }),
    open: async () => {
      await Promise.resolve();
      if (made.filter(({ isOpen }) => isOpen).length >= server.grants) throw new ConnectionError('421 too many');
      const member = new FakeMember();
      made.push(member);
      return member;
    },
    isRefusal,
    onShrink: (event) => shrinks.push(event),
    onDrop: ({ reason }) => {
      drops.push(reason);
      onDrop();
    },
  });
  const dropped = (): Promise<void> =>
    new Promise((resolve) => {
      onDrop = resolve;
    });
  return { members, made, shrinks, drops, dropped, server };
}

const isRefusal = ({ message }: Error): boolean => message.startsWith('421');

describe('the members of a pool', () => {
  it('are opened as they are needed, and never more than its size', async () => {
    const { members, made } = pool({ size: 3 });
    expect(members.metrics).to.include({ size: 0, limit: 3 });
    const first = await members.take(undefined);
    members.give(first);
    expect(await members.take(undefined)).to.equal(first);
    const all = Array.from({ length: 9 }, () => members.take(undefined));
    await Promise.all(all.slice(0, 2));
    expect(made).to.have.length(3);
    expect(members.metrics).to.deep.equal({ size: 3, limit: 3, busy: 3, idle: 0, opening: 0, waiting: 7 });
    await members.close(new Set());
    await Promise.allSettled(all);
  });

  it('are lent in the order they were asked for, also where some stop waiting', async () => {
    const { members } = pool({ size: 1 });
    const member = await members.take(undefined);
    const order: number[] = [];
    const controller = new AbortController();
    const calls = Array.from({ length: 5 }, async (_, number) => {
      const lent = await members.take(number === 2 ? controller.signal : undefined);
      order.push(number);
      members.give(lent);
    });
    controller.abort();
    expect(await rejection(calls[2] ?? Promise.resolve())).to.be.instanceOf(AbortedError);
    members.give(member);
    await Promise.allSettled(calls);
    expect(order).to.deep.equal([0, 1, 3, 4]);
  });

  it('that are lost are replaced, while they are lent and while they are idle', async () => {
    const { members, made, drops } = pool({ size: 1 });
    const lost = await members.take(undefined);
    const next = members.take(undefined);
    lost.isOpen = false;
    members.give(lost);
    const second = await next;
    expect(second).not.to.equal(lost);
    members.give(second);
    second.isOpen = false;
    expect(await members.take(undefined)).to.equal(made[2]);
    expect(drops).to.deep.equal(['lost', 'lost']);
  });

  it('that are not as they were opened are lent to nobody else, and closed before another is opened', async () => {
    const { members, made, drops, shrinks } = pool({ size: 1 }, 1);
    const moved = await members.take(undefined);
    const next = members.take(undefined);
    moved.hasMoved = true;
    members.give(moved);
    expect(await next).to.equal(made[1]);
    expect(moved.isOpen).to.equal(false);
    expect([drops, shrinks]).to.deep.equal([['moved'], []]);
  });

  it('are fewer where the server grants fewer, and all calls are served', async () => {
    const { members, shrinks, server, made } = pool({ size: 8, growAgainMs: 1 }, 3);
    let served = 0;
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        const member = await members.take(undefined);
        await new Promise(setImmediate);
        served += 1;
        members.give(member);
      }),
    );
    expect(served).to.equal(40);
    expect(made).to.have.length(3);
    expect(shrinks[0]).to.deep.include({ limit: 3 });
    expect(shrinks[0]?.error).to.be.instanceOf(ConnectionError);
    // Later the server grants more, and the pool finds out.
    server.grants = 8;
    while (members.metrics.limit < 8) await delay(1);
  });

  it('are as many as the server grants, also where it refuses one before it has granted another', async () => {
    const answers: { readonly grant: (member: FakeMember) => void; readonly refuse: (error: Error) => void }[] = [];
    const limits: number[] = [];
    const members = new Members<FakeMember>({
      settings: parsePoolOptions({ size: 4, keepAliveMs: 0, idleMs: 0 }),
      open: () => new Promise((grant, refuse) => answers.push({ grant, refuse })),
      isRefusal,
      onShrink: ({ limit }) => limits.push(limit),
    });
    const calls = Array.from({ length: 4 }, () => members.take(undefined));
    answers[0]?.grant(new FakeMember());
    const first = await calls[0];
    answers[1]?.refuse(new ConnectionError('421 too many'));
    answers[2]?.refuse(new ConnectionError('421 too many'));
    await new Promise(setImmediate);
    answers[3]?.grant(new FakeMember());
    await calls[1];
    await new Promise(setImmediate);
    expect(members.metrics).to.include({ size: 2, limit: 2, opening: 0, waiting: 2 });
    expect(limits).to.deep.equal([2]);
    expect(answers).to.have.lengthOf(4);
    if (first !== undefined) members.give(first);
    expect(await calls[2]).to.equal(first);
    await members.close(new Set(first === undefined ? [] : [first]));
    await rejection(calls[3] ?? Promise.resolve());
  });

  it('may be more than its size where a lost one is made anew by its borrower while another is opened for it', async () => {
    const made: FakeMember[] = [];
    const opening: (() => void)[] = [];
    const members = new Members<FakeMember>({
      settings: parsePoolOptions({ size: 1, keepAliveMs: 0, idleMs: 0 }),
      open: async () => {
        await new Promise<void>((resolve) => opening.push(resolve));
        const member = new FakeMember();
        made.push(member);
        return member;
      },
      isRefusal,
    });
    const taken = members.take(undefined);
    opening[0]?.();
    const first = await taken;
    first.isOpen = false;
    const next = members.take(undefined);
    first.isOpen = true;
    opening[1]?.();
    const second = await next;
    expect(members.metrics).to.include({ size: 2, limit: 1 });
    members.give(first);
    members.give(second);
    expect(await members.take(undefined)).to.equal(second);
    expect(made).to.deep.equal([first, second]);
    await members.close(new Set());
  });

  it('that cannot be opened at all are the error of every call that waits', async () => {
    const { members, server } = pool({ size: 2 }, 0);
    const calls = Array.from({ length: 5 }, () => rejection(members.take(undefined)));
    for (const error of await Promise.all(calls)) expect(error).to.be.instanceOf(ConnectionError);
    server.grants = 1;
    expect(await members.take(undefined)).to.be.instanceOf(FakeMember);
  });

  it('are waited for no longer than acquireTimeoutMs', async () => {
    const { members } = pool({ size: 1, acquireTimeoutMs: 5 });
    const member = await members.take(undefined);
    expect(await rejection(members.take(undefined)))
      .to.be.instanceOf(TimeoutError)
      .and.include({ phase: 'acquire' });
    members.give(member);
    expect(await members.take(undefined)).to.equal(member);
  });

  it('that are idle are kept alive, and let go where they are lost or idle for too long', async () => {
    const alive = pool({ size: 1, keepAliveMs: 1 });
    const member = await alive.members.take(undefined);
    alive.members.give(member);
    await new Promise<void>((resolve) => {
      member.onKept = resolve;
    });
    expect(alive.members.metrics).to.include({ idle: 1 });
    const lost = alive.dropped();
    member.isOpen = false;
    await lost;
    expect(alive.members.metrics).to.include({ size: 0 });

    const old = pool({ size: 1, idleMs: 1 });
    const dropped = old.dropped();
    old.members.give(await old.members.take(undefined));
    await dropped;
    expect(old.drops).to.deep.equal(['idle']);
  });

  it('are closed under their borrowers and where they are idle, and nobody gets one any more', async () => {
    const { members, made, drops } = pool({ size: 3 });
    const [kept, cut, idle] = await Promise.all([1, 2, 3].map(() => members.take(undefined)));
    if (kept === undefined || cut === undefined || idle === undefined) throw new Error('none was lent');
    members.give(idle);
    await members.close(new Set([kept]));
    expect(made.map(({ isOpen }) => isOpen)).to.deep.equal(made.map((member) => member === kept));
    expect(await rejection(members.take(undefined))).to.be.instanceOf(ConnectionError);
    members.give(kept);
    members.give(cut);
    expect(kept.isOpen).to.equal(false);
    expect(drops).to.deep.equal(['closed', 'closed', 'closed']);
  });

  it('that are lent for too long are closed under their borrower', async () => {
    const { members } = pool({ size: 1 });
    const lent = await members.take(undefined);
    const waiting = rejection(members.take(undefined));
    await members.close(new Set());
    expect(lent.isOpen).to.equal(false);
    expect(await waiting).to.be.instanceOf(ConnectionError);
  });

  it('have options that are checked', () => {
    for (const wrong of [{ size: 0 }, { size: 1.5 }, { idleMs: -1 }, { sise: 2 }, { growAgainMs: 0 }]) {
      expect(() => parsePoolOptions(wrong)).to.throw(ConfigError);
    }
  });
});
