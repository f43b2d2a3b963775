// Looking something up by its time in a list that is sorted by it.

/** The index of the first that is not before `timeMs`; the length of the list where all are. */
export function firstNotBefore<T>(sorted: readonly T[], timeOf: (item: T) => number, timeMs: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = sorted[middle];
    if (item !== undefined && timeOf(item) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
