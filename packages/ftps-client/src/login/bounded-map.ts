// What is remembered of many, in a bounded process.

/** Forgets what was set longest ago, until there are no more than `most`. */
export function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
