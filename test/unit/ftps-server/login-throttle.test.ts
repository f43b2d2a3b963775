import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { AbortedError } from '@ftps-kit/tls-core';
import { LoginThrottle, type LoginAttempt } from '../../../packages/ftps-server/src/login-throttle.js';
import { FakeTiming } from '../../support/fake-timing.js';
import { rejection } from '../../support/rejection.js';

const ATTACKER = '192.0.2.66';

describe('the throttle of logins', () => {
  let timing: FakeTiming;
  let throttle: LoginThrottle;

  beforeEach(() => {
    timing = new FakeTiming();
    throttle = new LoginThrottle({ delayMs: 1_000, maxDelayMs: 30_000, timing, capacity: 1_000 });
  });

  /** How long the next attempt waits; undefined where it is sent away. It is dropped when its time has come. */
  async function waitOf(address: string, user: string): Promise<number | undefined> {
    const before = timing.now();
    let settled: number | undefined;
    const attempt = throttle.attempt(address, user).then((given) => {
      settled = timing.now();
      return given;
    });
    await setImmediate();
    while (settled === undefined) await timing.advance(100);
    const given = await attempt;
    given?.dropped();
    return given && settled - before;
  }

  async function fail(address: string, user: string): Promise<void> {
    const state = { done: false };
    const failing = throttle.attempt(address, user).then((attempt) => {
      attempt?.failed();
      state.done = true;
    });
    await setImmediate();
    while (!state.done) await timing.advance(500);
    await failing;
  }

  async function succeed(address: string, user: string): Promise<void> {
    (await throttle.attempt(address, user))?.succeeded();
  }

  it('lets people mistype, and then makes each further attempt wait twice as long', async () => {
    const waits: (number | undefined)[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      waits.push(await waitOf(ATTACKER, 'alice'));
      await fail(ATTACKER, 'alice');
    }
    expect(waits.slice(0, 4)).to.deep.equal([0, 0, 0, 1_000]);
    for (let at = 4; at < waits.length; at += 1) {
      expect(waits[at], String(at)).to.be.within(Number(waits[at - 1]), 30_100);
    }
    expect(waits.at(-1)).to.be.within(29_000, 30_100);
  });

  it('slows guessing over however many connections, whichever names are tried', async () => {
    let checked = 0;
    const guess = async (number: number): Promise<void> => {
      const attempt = await throttle.attempt(ATTACKER, `user${number % 7}`);
      if (attempt === undefined) return;
      checked += 1;
      attempt.failed();
    };
    const guesses: Promise<void>[] = [];
    // A hundred connections a second, for ten minutes.
    for (let second = 0; second < 600; second += 1) {
      for (let connection = 0; connection < 100; connection += 1) guesses.push(guess(connection));
      await timing.advance(1_000);
    }
    await timing.advance(60_000);
    await Promise.all(guesses);
    expect(checked).to.be.within(10, 40);
    expect(timing.waiting).to.equal(0);
  });

  it('lets no burst through before the first failure is known', async () => {
    const attempts: LoginAttempt[] = [];
    const burst = Array.from({ length: 50 }, async () => {
      const attempt = await throttle.attempt(ATTACKER, 'alice');
      if (attempt !== undefined) attempts.push(attempt);
    });
    await setImmediate();
    expect(attempts).to.have.length(3);
    throttle.endWaits();
    await Promise.allSettled(burst);
  });

  it('lets all of many in that come at once from an address and know their passwords, some checked at a time', async () => {
    let [checked, most] = [0, 0];
    const logins = Array.from({ length: 50 }, async (_, index) => {
      const attempt = await throttle.attempt('192.0.2.1', `user ${index}`);
      checked += 1;
      most = Math.max(most, checked);
      await setImmediate();
      checked -= 1;
      attempt?.succeeded();
      return attempt !== undefined;
    });
    expect(await Promise.all(logins)).to.deep.equal(Array(50).fill(true));
    expect(most).to.equal(3);
  });

  it('lets no more guesses through that come at once than one after the other, and sends the rest away', async () => {
    const given: number[] = [];
    let refused = 0;
    const guesses = Array.from({ length: 100 }, async (_, index) => {
      const attempt = await throttle.attempt(ATTACKER, `user ${index}`);
      if (attempt === undefined) refused += 1;
      else given.push(timing.now());
      attempt?.failed();
    });
    await timing.advance(60_000);
    await Promise.all(guesses);
    expect(refused).to.be.above(85);
    expect(given.length + refused).to.equal(100);
    // Three cost nothing; behind them each comes later than the one before, from a second on.
    const waits = given.slice(3).map((at, index) => at - (given[index + 2] ?? 0));
    for (const wait of waits) expect(wait).to.be.at.least(1_000);
  });

  it('ends the wait of those in the queue when the server closes, or the client is gone', async () => {
    const stop = new AbortController();
    for (let n = 0; n < 3; n += 1) await throttle.attempt('192.0.2.1', 'alice');
    const gone = rejection(throttle.attempt('192.0.2.1', 'alice', stop.signal));
    const closed = rejection(throttle.attempt('192.0.2.1', 'bob'));
    await setImmediate();
    stop.abort();
    expect(await gone).to.be.instanceOf(AbortedError);
    throttle.endWaits();
    expect(await closed).to.be.instanceOf(AbortedError);
  });

  it('lets the right password in from elsewhere, however much is guessed', async () => {
    for (let guess = 0; guess < 30; guess += 1) await fail(`192.0.2.${guess}`, 'alice');
    expect(await waitOf('198.51.100.1', 'alice')).to.be.within(1, 3_100);
    expect(await waitOf('198.51.100.2', 'bob')).to.equal(0);
  });

  it('makes nobody wait for the failures of others at an address where the account has logged in before', async () => {
    await succeed(ATTACKER, 'bob');
    for (let guess = 0; guess < 6; guess += 1) await fail(ATTACKER, 'alice');
    expect(await waitOf(ATTACKER, 'bob')).to.equal(0);
    expect(await waitOf(ATTACKER, 'alice')).to.be.above(1_000);
  });

  it('trusts such an address no longer once guesses at that account have failed there', async () => {
    await succeed(ATTACKER, 'bob');
    for (let guess = 0; guess < 6; guess += 1) await fail(ATTACKER, 'bob');
    expect(await waitOf(ATTACKER, 'bob')).to.be.above(1_000);
  });

  it('lets the other connections of a client go on as soon as one of them is in', async () => {
    const attempts: LoginAttempt[] = [];
    const pool = Array.from({ length: 6 }, async () => {
      const attempt = await throttle.attempt('198.51.100.1', 'alice');
      if (attempt !== undefined) attempts.push(attempt);
    });
    await setImmediate();
    expect(attempts).to.have.length(3);
    attempts[0]?.succeeded();
    await Promise.all(pool);
    expect(attempts).to.have.length(6);
    expect(timing.waiting).to.equal(0);
  });

  it('forgives with time', async () => {
    for (let guess = 0; guess < 8; guess += 1) await fail(ATTACKER, 'alice');
    expect(await waitOf(ATTACKER, 'alice')).to.be.above(5_000);
    await timing.advance(3_600_000);
    expect(await waitOf(ATTACKER, 'alice')).to.equal(0);
  });

  it('counts an IPv6 address for its whole /64, however it is written', async () => {
    for (let guess = 0; guess < 6; guess += 1) await fail(`2001:db8:0:1::${guess}`, 'alice');
    expect(await waitOf('2001:DB8::1:8:7:6:5', 'alice')).to.be.above(1_000);
    expect(await waitOf('2001:db8:0:2::1', 'bob')).to.equal(0);
  });

  it('remembers no more than it was told to', async () => {
    for (let guess = 0; guess < 5_000; guess += 1) {
      (await throttle.attempt(`10.1.${guess >> 8}.${guess & 255}`, `user${guess}`))?.failed();
    }
    expect(throttle.size).to.equal(1_000);
  });

  it('ends every wait when the server closes, or the client is gone', async () => {
    for (let guess = 0; guess < 4; guess += 1) await fail(ATTACKER, 'alice');
    const gone = new AbortController();
    const waits = [throttle.attempt(ATTACKER, 'alice'), throttle.attempt(ATTACKER, 'alice', gone.signal)].map(
      rejection,
    );
    await setImmediate();
    gone.abort();
    expect(await waits[1]).to.be.instanceOf(AbortedError);
    throttle.endWaits();
    expect(await waits[0]).to.be.instanceOf(AbortedError);
    expect(timing.waiting).to.equal(0);
  });

  for (const [verdict, comes] of [
    ['still comes', true],
    ['never comes', false],
  ] as const) {
    it(`counts who leaves before the verdict as failed, once, and no longer as under way, where it ${verdict}`, async () => {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const leaving = new AbortController();
        const given = await throttle.attempt(ATTACKER, `user${attempt}`, leaving.signal);
        leaving.abort();
        if (comes) given?.failed();
      }
      expect(await waitOf(ATTACKER, 'alice')).to.equal(1_000);
      // Half of all failures are forgiven in ten minutes; what was under way for ever would never be.
      await timing.advance(1_800_000);
      // One behind the other: the distance between them is what counts.
      expect([await waitOf(ATTACKER, 'alice'), await waitOf(ATTACKER, 'alice')]).to.deep.equal([0, 0]);
    });
  }
});
