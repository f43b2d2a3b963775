// When nothing moves any more, and what is only slow.
import { mock } from 'node:test';
import { expect } from 'chai';
import { StallWatch, TimeoutError, type ByteChannel } from '@ftps-kit/tls-core';

const TIMEOUT_MS = 1_000;

/** In small steps: a timer that was set by another one counts from the end of the step. */
function advance(ms: number): void {
  for (let left = ms; left > 0; left -= 10) mock.timers.tick(Math.min(left, 10));
}

/** A channel of which only the counts matter. */
class CountedChannel implements ByteChannel {
  readonly closure = 'open';
  receivedBytes = 5;
  sentBytes = 7;
  read = (): Promise<number> => Promise.resolve(0);
  write = (): Promise<void> => Promise.resolve();
  end = (): Promise<void> => Promise.resolve();
  destroy = (): void => undefined;
}

describe('a stall watch', () => {
  let channel: CountedChannel;
  let stalls: Error[];
  let isOwnWait: boolean;

  const watch = (direction: 'received' | 'sent'): StallWatch =>
    new StallWatch(channel, {
      direction,
      timeoutMs: TIMEOUT_MS,
      isOwnWait: () => isOwnWait,
      onStall: (error) => stalls.push(error),
    });

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    channel = new CountedChannel();
    stalls = [];
    isOwnWait = false;
  });

  afterEach(() => {
    mock.timers.reset();
  });

  for (const [direction, count] of [
    ['sent', 'sentBytes'],
    ['received', 'receivedBytes'],
  ] as const) {
    it(`lets a peer live for whose sake one byte is ${direction} now and then, and tells once of one without`, () => {
      watch(direction);
      for (let round = 0; round < 20; round += 1) {
        advance(TIMEOUT_MS * 0.9);
        channel[count] += 1;
      }
      expect(stalls).to.deep.equal([]);
      advance(TIMEOUT_MS * 0.99);
      expect(stalls).to.deep.equal([]);
      advance(TIMEOUT_MS * 10);
      expect(stalls).to.have.length(1);
      expect(stalls[0]).to.be.instanceOf(TimeoutError).and.to.include({ phase: 'stall' });
    });
  }

  it('takes no byte of the other direction for a sign of life', () => {
    watch('sent');
    for (let round = 0; round < 4; round += 1) {
      advance(TIMEOUT_MS / 3);
      channel.receivedBytes += 1;
    }
    expect(stalls).to.have.length(1);
  });

  it('holds against nobody what this side itself waits for, and begins anew behind it', () => {
    isOwnWait = true;
    const watching = watch('sent');
    advance(TIMEOUT_MS * 5.1);
    isOwnWait = false;
    watching.moved();
    advance(TIMEOUT_MS * 0.99);
    expect(stalls).to.deep.equal([]);
    advance(TIMEOUT_MS / 2);
    expect(stalls).to.have.length(1);
  });

  it('that was stopped tells of nothing', () => {
    watch('sent').stop();
    advance(TIMEOUT_MS * 5);
    expect(stalls).to.deep.equal([]);
  });
});
