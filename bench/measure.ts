// Fair comparison on a machine whose speed drifts: the contestants take turns, and medians are compared.

/** One way to do the work. `run` gives figures by name, such as `MB/s`. */
export interface Contestant {
  readonly name: string;
  run(): Promise<Figures>;
}

export type Figures = Readonly<Record<string, number>>;

export interface Result {
  readonly name: string;
  /** The median of each figure over all rounds. */
  readonly medians: Figures;
}

/** Runs all contestants once to warm up, then `rounds` times in turn: A B A B. */
export async function measure(contestants: readonly Contestant[], rounds: number): Promise<readonly Result[]> {
  const figures = new Map<Contestant, Figures[]>(contestants.map((contestant) => [contestant, []]));
  for (const contestant of contestants) await contestant.run();
  for (let round = 0; round < rounds; ++round) {
    for (const [contestant, runs] of figures) runs.push(await contestant.run());
  }
  return [...figures].map(([{ name }, runs]) => ({ name, medians: mediansOf(runs) }));
}

function mediansOf(runs: readonly Figures[]): Figures {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name] ?? Number.NaN))]));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
