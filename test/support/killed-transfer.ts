// A transfer by another process, which is killed by SIGKILL in the middle of it.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { HeldTransfer } from './transfer-process.js';

/**
 * Begins it, waits until as much of it is there as comes, by `sizeThere`, does what is to be done `meanwhile`, and kills the
 * process. Gives how much is there when its receiver has noticed.
 */
export async function killAmid(
  transfer: HeldTransfer,
  sizeThere: () => number,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const child = fork(new URL('transfer-process.ts', import.meta.url), [JSON.stringify(transfer)]);
  const exited = once(child, 'exit');
  try {
    await Promise.race([settled(sizeThere, 1).then(meanwhile), failing(exited)]);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  // The receiver may have a last piece to write, and some keep nothing of it.
  return settled(sizeThere, 0);
}

async function failing(exited: Promise<unknown>): Promise<never> {
  await exited;
  throw new Error('the process ended before it was killed');
}

/** Nobody tells when a server has written what came: its file is looked at until it is there and changes no more. */
async function settled(sizeThere: () => number, least: number): Promise<number> {
  for (let before = sizeThere(), same = 0; ;) {
    await delay(50);
    const now = sizeThere();
    same = now === before && now >= least ? same + 1 : 0;
    if (same === 4) return now;
    before = now;
  }
}
