// How far a transfer has come, on a terminal.
import { printable } from '@ftps-kit/ftps-client';
import { SingleBar, type Params } from 'cli-progress';
import { formatBytes } from './format.js';
import type { Report } from './report.js';

/** Where a transfer stands. */
export interface ProgressMark {
  readonly bytes: number;
  readonly totalBytes: number | undefined;
}

interface Payload extends ProgressMark {
  readonly elapsedMs: number;
}

const MAX_NAME_LENGTH = 40;
const BAR_LENGTH = 24;

/** Shows the progress of `transfer` while it is under way; gives what that gives. */
export async function showingProgress<Result>(
  report: Report,
  name: string,
  transfer: (onProgress: (mark: ProgressMark) => void) => Promise<Result>,
): Promise<Result> {
  const bar = new ProgressBar(report, name);
  const startedAt = performance.now();
  try {
    return await transfer((mark) => {
      bar.update(mark, performance.now() - startedAt);
    });
  } finally {
    bar.stop();
  }
}

/** A bar on standard error, so that standard output stays what was asked for. Silent where nobody watches. */
class ProgressBar {
  readonly #bar: SingleBar | undefined;

  constructor(report: Report, name: string) {
    if (!process.stderr.isTTY || report.flags.json || report.flags.quiet) return;
    const shown = shorten(printable(name));
    this.#bar = new SingleBar({
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      format: (_, params, payload: Payload) => `${shown} ${lineOf(params, payload)}`,
    });
    this.#bar.start(1, 0, { bytes: 0, totalBytes: undefined, elapsedMs: 0 } satisfies Payload);
  }

  update({ bytes, totalBytes }: ProgressMark, elapsedMs: number): void {
    this.#bar?.setTotal(Math.max(totalBytes ?? 0, bytes, 1));
    this.#bar?.update(bytes, { bytes, totalBytes, elapsedMs } satisfies Payload);
  }

  stop(): void {
    this.#bar?.stop();
  }
}

/** Where nobody knows the end there is no bar: a full one would say that it is reached. */
function lineOf({ progress }: Params, { bytes, totalBytes, elapsedMs }: Payload): string {
  const rate = `${formatBytes((bytes * 1000) / Math.max(elapsedMs, 1))}/s`;
  if (totalBytes === undefined) return `${formatBytes(bytes)} ${rate}`;
  const percent = String(Math.floor(progress * 100)).padStart(3);
  const bar = '='.repeat(Math.floor(progress * BAR_LENGTH)).padEnd(BAR_LENGTH, '-');
  return `[${bar}] ${percent}% ${formatBytes(bytes)} ${rate}`;
}

function shorten(name: string): string {
  return name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH - 1)}…` : name;
}
