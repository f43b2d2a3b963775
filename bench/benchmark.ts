// What a benchmark is, and how its results are shown: figures, and each figure's ratio to those of the first contestant.
import { measure, type Contestant, type Result } from './measure.js';

export interface Benchmark {
  readonly name: string;
  /** What is measured, for the heading. */
  readonly title: string;
  /** The first is what the others are compared with. */
  contestants(): Promise<readonly Contestant[]>;
  /** Ends what `contestants` started. */
  close(): Promise<void>;
}

/** Runs one benchmark to its end, also when a contestant fails. */
export async function resultsOf(benchmark: Benchmark, rounds: number): Promise<readonly Result[]> {
  try {
    return await measure(await benchmark.contestants(), rounds);
  } finally {
    await benchmark.close();
  }
}

/** A table: a row a contestant, a column a figure, ratios in brackets. */
export function tableOf({ title }: Benchmark, results: readonly Result[]): string {
  const [first] = results;
  if (first === undefined) return title;
  const names = Object.keys(first.medians);
  const rows = results.map(({ name, medians }) => [
    name,
    ...names.map((figure) => {
      const value = medians[figure] ?? Number.NaN;
      return `${value.toPrecision(3)} (${(value / (first.medians[figure] ?? Number.NaN)).toFixed(2)})`;
    }),
  ]);
  const table = [['', ...names], ...rows];
  const widths = ['', ...names].map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [title, ...lines].join('\n');
}
