// Work on many things that takes long in all: what else the process has to do is done in between.
import { setImmediate } from 'node:timers/promises';

/** How many bytes of lines are taken apart at a stretch: some milliseconds' work. */
export const TURN_BYTES = 64 * 1024;

/** Calls `visit` for each item in order, and lets others have their turn behind so many bytes as `bytesOf` counts. */
export async function inTurns<T>(
  items: readonly T[],
  bytesOf: (item: T) => number,
  visit: (item: T, index: number) => void,
): Promise<void> {
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    visit(item, index);
    bytes += bytesOf(item);
    if (bytes < TURN_BYTES) continue;
    await setImmediate();
    bytes = 0;
  }
}
