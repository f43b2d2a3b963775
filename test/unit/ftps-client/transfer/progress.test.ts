import { expect } from 'chai';
import type { Progress } from '@ftps-kit/ftps-client';
import { ProgressReporter } from '../../../../packages/ftps-client/src/transfer/progress.js';
import { SeededRandom } from '../../../support/seeded-random.js';

/** A reporter whose clock the test sets. */
function reporting(totalBytes: number | undefined, offset = 0) {
  const told: Progress[] = [];
  const time = { now: 0 };
  const reporter = new ProgressReporter({
    onProgress: (progress) => told.push(progress),
    ...{ totalBytes, offset, clock: () => time.now },
  });
  return { told, time, reporter };
}

describe('the progress of a transfer', () => {
  it('is told at the first bytes, and at the end', () => {
    const { told, reporter } = reporting(30);
    for (let step = 0; step < 3; step++) reporter.moved(10);
    reporter.finish();
    reporter.finish();
    expect(told.map(({ bytes }) => bytes)).to.deep.equal([10, 30]);
  });

  it('is told ten times a second at most, however many pieces come', () => {
    const { told, time, reporter } = reporting(1_000_000);
    for (let step = 0; step < 10_000; step++) {
      time.now = step / 10;
      reporter.moved(100);
    }
    expect(told).to.have.length(10);
  });

  it('has the rate and the time that is left', () => {
    const { told, time, reporter } = reporting(10_000_000);
    for (let second = 1; second <= 5; second++) {
      time.now = second * 1000;
      reporter.moved(1_000_000);
    }
    expect(told.at(-1)).to.deep.equal({
      ...{ bytes: 5_000_000, totalBytes: 10_000_000 },
      ...{ bytesPerSecond: 1_000_000, secondsLeft: 5 },
    });
  });

  it('smooths the rate: a short burst moves it a little', () => {
    const { told, time, reporter } = reporting(undefined);
    for (let step = 1; step <= 100; step++) {
      time.now = step * 100;
      reporter.moved(step === 100 ? 1_000_000 : 100_000);
    }
    expect(told.at(-2)?.bytesPerSecond).to.be.closeTo(1_000_000, 1);
    expect(told.at(-1)?.bytesPerSecond).to.be.within(1_100_000, 1_300_000);
    expect(told.at(-1)?.secondsLeft).to.equal(undefined);
  });

  it('of a resumed transfer counts what was there, but not for the rate', () => {
    const { told, time, reporter } = reporting(1500, 1000);
    time.now = 1000;
    reporter.moved(100);
    expect(told).to.deep.equal([{ bytes: 1100, totalBytes: 1500, bytesPerSecond: 100, secondsLeft: 4 }]);
  });

  it('claims no rate where no time has passed', () => {
    const { told, reporter } = reporting(10);
    reporter.moved(5);
    expect(told[0]).to.include({ bytesPerSecond: undefined, secondsLeft: undefined });
  });

  it('does not take what the system buffered at once for the rate of the line', () => {
    const { told, time, reporter } = reporting(100_000_000);
    time.now = 1;
    reporter.moved(1_000_000);
    for (let second = 1; second <= 4; second++) {
      time.now = second * 1000;
      reporter.moved(100_000);
    }
    // 1,400,000 bytes in four seconds.
    expect(told.at(-1)?.bytesPerSecond).to.be.within(100_000, 400_000);
    expect(told.at(-1)?.secondsLeft).to.be.above(240);
  });

  it('is never infinite, not a number or below zero, whatever the length, the offset and the clock', () => {
    const random = new SeededRandom(20_261_126);
    for (const [totalBytes, offset] of [
      [0, 0],
      [undefined, 0],
      [undefined, 5_000],
      [5_000, 5_000],
      [5_000, 4_999],
      [10, 0],
    ] as const) {
      const { told, time, reporter } = reporting(totalBytes, offset);
      for (let step = 0; step < 200; step++) {
        // It stands still, goes on, and is set back.
        time.now += random.pick([0, 0, 0.000_1, 1, 150, 100_000, -50]);
        reporter.moved(random.pick([0, 1, 1_000_000]));
      }
      reporter.finish();
      expect(told).to.have.length.above(0);
      for (const { bytes, bytesPerSecond, secondsLeft } of told) {
        expect(bytes).to.be.at.least(offset);
        for (const value of [bytesPerSecond, secondsLeft]) {
          if (value !== undefined) expect(value).to.be.finite.and.at.least(0);
        }
        if (totalBytes === undefined) expect(secondsLeft).to.equal(undefined);
      }
    }
  });

  it('of an empty file is told once, with no rate to divide by', () => {
    const { told, time, reporter } = reporting(0);
    time.now = 10;
    reporter.finish();
    expect(told).to.deep.equal([{ bytes: 0, totalBytes: 0, bytesPerSecond: 0, secondsLeft: undefined }]);
  });

  it('tells where a transfer halted, though nothing follows', async () => {
    const halted = await new Promise<Progress>((resolve, reject) => {
      const reporter = new ProgressReporter({
        onProgress: (progress) => {
          if (progress.bytes === 30) resolve(progress);
        },
        totalBytes: undefined,
        offset: 0,
        clock: () => 0,
      });
      reporter.start(reject);
      for (const bytes of [10, 10, 10]) reporter.moved(bytes);
    });
    expect(halted).to.include({ bytes: 30, totalBytes: undefined });
  });

  it('hands on what the callback throws while nothing moves', async () => {
    const reason = new Error('enough');
    const failure = await new Promise<unknown>((resolve) => {
      const reporter = new ProgressReporter({
        onProgress: ({ bytes }) => {
          if (bytes > 10) throw reason;
        },
        totalBytes: undefined,
        offset: 0,
        clock: () => 0,
      });
      reporter.start(resolve);
      for (const bytes of [10, 10]) reporter.moved(bytes);
    });
    expect(failure).to.equal(reason);
  });
});
