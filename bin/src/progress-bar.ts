// How far a transfer has come, on a terminal.
import { SingleBar } from 'cli-progress';
import { formatBytes } from './format.js';
import type { Report } from './report.js';

/** Where a transfer stands. */
export interface ProgressMark {
  readonly bytes: number;
  readonly totalBytes: number | undefined;
}

/** A bar on standard error, so that standard output stays what was asked for. Silent where nobody watches. */
export class ProgressBar {
  readonly #bar: SingleBar | undefined;

  constructor(report: Report, name: string) {
    if (!process.stderr.isTTY || report.flags.json || report.flags.quiet) return;
    this.#bar = new SingleBar({
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      format: `${name} [{bar}] {percentage}% {done} {rate}/s`,
      barsize: 24,
    });
    this.#bar.start(1, 0, { done: '0 B', rate: '-' });
  }

  update({ bytes, totalBytes }: ProgressMark, elapsedMs: number): void {
    this.#bar?.setTotal(Math.max(totalBytes ?? bytes, 1));
    this.#bar?.update(bytes, { done: formatBytes(bytes), rate: formatBytes((bytes * 1000) / Math.max(elapsedMs, 1)) });
  }

  stop(): void {
    this.#bar?.stop();
  }
}
