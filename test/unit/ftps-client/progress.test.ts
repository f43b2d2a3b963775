import { expect } from 'chai';
import { ProgressReporter, type Progress } from '../../../packages/ftps-client/src/progress.js';

describe('progress', () => {
  it('tells the first bytes at once, and the rest ten times a second at most', () => {
    let now = 0;
    const told: Progress[] = [];
    const reporter = new ProgressReporter({
      onProgress: (progress) => told.push(progress),
      totalBytes: 400,
      offset: 100,
      clock: () => now,
    });
    for (; now < 200; now += 10) reporter.moved(10);
    expect(told.map(({ bytes }) => bytes)).to.deep.equal([110, 210]);
    expect(told[1]).to.deep.equal({ bytes: 210, totalBytes: 400, bytesPerSecond: 1000, secondsLeft: 0.19 });
    reporter.finish();
    expect(told.at(-1)?.bytes).to.equal(300);
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
