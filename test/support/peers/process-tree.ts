/** Ends a process that we started and everything that it started, found by their ids, never by a name. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Sends a signal to a process, to its group and to its descendants.
 *
 * The group alone is not enough: vsftpd puts each of its sessions into a group of its own.
 */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const id of [-pid, pid, ...descendants(pid)]) {
    try {
      process.kill(id, signal);
    } catch {
      // It has ended in the meantime.
    }
  }
}

/** The ids of all processes below `pid`; none where there is no /proc. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const [child, parent] of parents()) {
    children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const found: number[] = [];
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const below = children.get(next) ?? [];
    found.push(...below);
    open.push(...below);
  }
  return found;
}

function parents(): [child: number, parent: number][] {
  const pairs: [number, number][] = [];
  for (const name of processIds()) {
    try {
      // "pid (command) state parent …", where the command itself may hold spaces and brackets.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = /^ \S (\d+)/.exec(stat.slice(stat.lastIndexOf(')') + 1))?.[1];
      if (parent !== undefined) pairs.push([Number(name), Number(parent)]);
    } catch {
      // It has ended in the meantime.
    }
  }
  return pairs;
}

function processIds(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}
