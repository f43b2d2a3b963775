import { EventEmitter, once, setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { AbortedError, type ByteChannel } from '@ftps-kit/tls-core';
import { RateLimit } from '../../../packages/ftps-server/src/rate-limit.js';
import { RateLimitedChannel } from '../../../packages/ftps-server/src/rate-limited-channel.js';
import { Progress, receiveFile, sendFile } from '../../../packages/ftps-server/src/transfer.js';
import { FakeTiming } from '../../support/fake-timing.js';
import { rejection } from '../../support/rejection.js';

const NEVER = new AbortController().signal;

/** A peer that sends and takes as fast as it is let, and counts. */
class EagerPeer implements ByteChannel {
  readonly closure = 'open';
  readonly receivedBytes = 0;
  readonly sentBytes = 0;
  taken = 0;
  given = 0;
  destroyed: Error | undefined;
  readonly events = new EventEmitter<{ destroyed: [] }>();

  read(into: Uint8Array): Promise<number> {
    this.given += into.length;
    return Promise.resolve(into.length);
  }

  write(chunk: Uint8Array): Promise<void> {
    this.taken += chunk.length;
    return Promise.resolve();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  destroy(error?: Error): void {
    this.destroyed = error ?? new Error('destroyed');
    this.events.emit('destroyed');
  }
}

/** More than any test waits for. */
function writeMuch(peer: ByteChannel, limits: readonly RateLimit[], signal: AbortSignal): Promise<void> {
  const channel = new RateLimitedChannel(peer, { limits, signal, whileWaiting: (wait) => wait });
  return channel.write(new Uint8Array(1_000_000));
}

describe('a rate limit', () => {
  const rates = [1, 100, 9_999, 1_000_000, 250_000_000];

  for (const rate of rates) {
    it(`of ${rate} bytes a second lets so many through in two seconds, up to 10 %, whichever way they go`, async () => {
      const timing = new FakeTiming();
      const [sending, receiving] = [new EagerPeer(), new EagerPeer()];
      const stop = new AbortController();
      const limited = (peer: EagerPeer, progress: Progress): RateLimitedChannel =>
        new RateLimitedChannel(peer, {
          limits: [new RateLimit(rate, timing)],
          signal: stop.signal,
          whileWaiting: (wait) => progress.whileWaiting(wait),
        });
      const progress = [
        new Progress(sending, { direction: 'sent', stallTimeoutMs: 60_000 }),
        new Progress(receiving, { direction: 'received', stallTimeoutMs: 60_000 }),
      ] as const;
      let received = 0;
      const endless = { read: (into: Uint8Array) => Promise.resolve(into.length), close: () => Promise.resolve() };
      const sink = {
        write: (chunk: Uint8Array) => {
          received += chunk.length;
          return Promise.resolve();
        },
        commit: () => Promise.resolve(undefined),
        abort: () => Promise.resolve(),
      };
      const transfers = [
        rejection(sendFile(endless, limited(receiving, progress[0]), progress[0])),
        rejection(receiveFile(limited(sending, progress[1]), sink, progress[1])),
      ];
      // What one byte more or less makes does not count.
      const seconds = rate < 100 ? 20 : 2;
      await timing.advance(seconds * 1000);
      for (const bytes of [receiving.taken, received]) {
        expect(bytes / (rate * seconds)).to.be.within(0.9, 1.1);
      }
      stop.abort();
      for (const error of await Promise.all(transfers)) expect(error).to.be.instanceOf(AbortedError);
      expect(timing.waiting).to.equal(0);
      for (const one of progress) one.stop();
    });
  }

  it('is shared fairly by all that take from it, and used up by them together', async () => {
    const timing = new FakeTiming();
    const shared = new RateLimit(10_000, timing);
    const stop = new AbortController();
    const peers = Array.from({ length: 5 }, () => new EagerPeer());
    const writers = peers.map((peer) => rejection(writeMuch(peer, [shared], stop.signal)));
    await timing.advance(10_000);
    const taken = peers.map((peer) => peer.taken);
    expect(taken.reduce((sum, one) => sum + one)).to.be.within(90_000, 110_000);
    expect(Math.max(...taken) - Math.min(...taken)).to.be.at.most(2 * shared.pieceBytes);
    stop.abort();
    await Promise.all(writers);
  });

  it('is shared fairly within two seconds by a hundred, each in smaller pieces', async () => {
    const timing = new FakeTiming();
    const shared = new RateLimit(1_000_000, timing);
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const peers = Array.from({ length: 100 }, () => new EagerPeer());
    const writers = peers.map((peer) => rejection(writeMuch(peer, [shared], stop.signal)));
    await timing.advance(2_000);
    const taken = peers.map((peer) => peer.taken);
    expect(taken.reduce((sum, one) => sum + one)).to.be.within(1_800_000, 2_200_000);
    // Of 20,000 each; only the first came when nobody waited yet.
    expect(Math.min(...taken.slice(20))).to.be.at.least(12_000);
    expect(Math.max(...taken.slice(20))).to.be.at.most(28_000);
    stop.abort();
    await Promise.all(writers);
  });

  it('loses nothing to those who give up: who comes behind them does not wait for their bytes', async () => {
    const timing = new FakeTiming();
    const shared = new RateLimit(1_000, timing);
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    await shared.take(1_000);
    const gone = Array.from({ length: 50 }, () => rejection(shared.take(1_000, stop.signal)));
    let isThrough = false;
    const last = shared.take(1).then(() => (isThrough = true));
    stop.abort();
    for (const error of await Promise.all(gone)) expect(error).to.be.instanceOf(AbortedError);
    await timing.advance(1_000);
    expect(isThrough).to.equal(true);
    await last;
  });

  it('turns away at once who comes with a signal that has fired, and keeps nobody waiting for him', async () => {
    const timing = new FakeTiming();
    const shared = new RateLimit(1_000, timing);
    const first = [shared.take(1_000), shared.take(1_000)];
    expect(await rejection(shared.take(1_000, AbortSignal.abort()))).to.be.instanceOf(AbortedError);
    await timing.advance(1_000);
    await Promise.all(first);
    expect(timing.waiting).to.equal(0);
  });

  it('holds beside another one: the slower counts', async () => {
    const timing = new FakeTiming();
    const peer = new EagerPeer();
    const stop = new AbortController();
    const limits = [new RateLimit(5_000, timing), new RateLimit(50_000, timing)];
    const writer = rejection(writeMuch(peer, limits, stop.signal));
    await timing.advance(4_000);
    expect(peer.taken).to.be.within(18_000, 22_000);
    stop.abort();
    await writer;
  });

  it('gives no credit for an hour in which nothing moved', async () => {
    const timing = new FakeTiming();
    const limit = new RateLimit(1_000, timing);
    await timing.advance(3_600_000);
    const peer = new EagerPeer();
    const stop = new AbortController();
    const writer = rejection(writeMuch(peer, [limit], stop.signal));
    await timing.advance(2_000);
    expect(peer.taken).to.be.within(1_800, 2_200);
    stop.abort();
    await writer;
  });

  it('wakes nobody before the time: one wait a piece, and none while bytes are free', async () => {
    const timing = new FakeTiming();
    let waits = 0;
    const counting = {
      now: () => timing.now(),
      wait: (ms: number, signal?: AbortSignal) => {
        waits += 1;
        return timing.wait(ms, signal);
      },
    };
    const limit = new RateLimit(1_000, counting);
    const peer = new EagerPeer();
    const options = { limits: [limit], signal: NEVER, whileWaiting: (wait: Promise<void>) => wait };
    const writing = new RateLimitedChannel(peer, options).write(new Uint8Array(1_000));
    await timing.advance(1_000);
    await writing;
    expect(waits).to.be.at.most(20);
  });

  it('is no stall, however long it makes the peer wait', async () => {
    const peer = new EagerPeer();
    const progress = new Progress(peer, { direction: 'received', stallTimeoutMs: 1 });
    let over = (): void => undefined;
    const waiting = progress.whileWaiting(new Promise((resolve) => (over = resolve)));
    await setTimeout(20);
    expect(peer.destroyed).to.equal(undefined);
    // Behind it the peer's own time counts again.
    const destroyed = once(peer.events, 'destroyed');
    over();
    await waiting;
    await destroyed;
    expect(peer.destroyed).to.have.property('code', 'FTPS_ERR_TIMEOUT');
    progress.stop();
  });
});
