// Learns by MDTM what clock a server's LIST writes by, with as few questions as the times of a listing need.
import { MAX_CLOCK_QUESTIONS, MAX_STEADY_CLOCK_MS, MAX_VAIN_CLOCK_QUESTIONS } from '../limits.js';
import type { LearnedClock } from '../login/learned-clock.js';
import type { LoginContext } from '../login/login-context.js';
import { learnedOffset } from '../login/server-time-zone.js';
import { firstNotBefore } from '../login/sorted-times.js';
import { mayKnow } from '../login/tried-command.js';
import { inTurns } from './in-turns.js';
import type { Entry } from './list-entry.js';
import { LISTED_TIME_BYTES, parseListedTime } from './listed-time.js';
import { timeIfTold } from './modification-time.js';
import { joined } from './remote-path.js';

/** Files of one minute that are asked for its sake, one after the other where the first cannot tell. */
const MAX_FILES_OF_MINUTE = 3;

/** Minutes of a listing that are sorted, which nothing else of the process can come between: some 20 milliseconds' work. */
const MAX_MINUTES = 50_000;

/** Asks for the times of some files in the folder `path`, until the clock is known wherever these entries need it or enough was asked. */
export async function learnClock(
  context: LoginContext,
  path: string | undefined,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const clock = context.traits.serverClock;
  clock.forgetOld();
  const minutes = new ListedMinutes();
  const nowWallMs = clock.toWall(Date.now());
  await inTurns(
    entries,
    () => LISTED_TIME_BYTES,
    (entry) => {
      minutes.add(entry, nowWallMs);
    },
  );
  await askMinutes(clock, minutes, async (name) => {
    if (!mayKnow(context, 'MDTM') || context.traits.unknownCommands.has('MDTM')) return 'never';
    return timeIfTold(context, joined(path ?? '', name), signal);
  });
}

/** As `learnClock`, with `ask` for the time of a file: undefined where that one cannot be told, `never` where none can. */
export async function askMinutes(
  clock: LearnedClock,
  minutes: ListedMinutes,
  ask: (name: string) => Promise<Date | 'never' | undefined>,
): Promise<void> {
  let inVain = 0;
  for (let asked = 0; asked < MAX_CLOCK_QUESTIONS && inVain < MAX_VAIN_CLOCK_QUESTIONS; asked++) {
    const next = minutes.takeNext(clock);
    if (next === undefined) return;
    const time = await ask(next.name);
    if (time === 'never') return;
    const offsetMs = time && learnedOffset(next.wallMs, time.getTime());
    inVain = offsetMs === undefined ? inVain + 1 : 0;
    if (offsetMs !== undefined) clock.learn(next.wallMs, offsetMs);
  }
}

/** The files of a listing by the minute that it shows. */
export class ListedMinutes {
  readonly #files = new Map<number, string[]>();
  /** The minutes of which a file can be asked, the earliest first. */
  #walls: number[] | undefined;

  /** Only files: MDTM may tell none of folders (RFC 3659 §3.2), and of a link that of what it leads to. */
  add({ type, name, listedTime }: Pick<Entry, 'type' | 'name' | 'listedTime'>, nowWallMs: number): void {
    const listed = type === 'file' ? parseListedTime(listedTime ?? '', nowWallMs) : undefined;
    if (listed?.precision !== 'minute') return;
    const names = this.#files.get(listed.wallMs);
    if (names !== undefined) {
      if (names.length < MAX_FILES_OF_MINUTE) names.push(name);
    } else if (this.#files.size < MAX_MINUTES) {
      // Beyond that it may still be known from its neighbours.
      this.#files.set(listed.wallMs, [name]);
    }
  }

  /**
   * The file to ask next, which is not asked again; undefined where the clock is known, or cannot be. From the newest to the
   * oldest, because those count most: each step as far back as may show that nothing changed over it; where something did,
   * halfway.
   */
  takeNext(clock: LearnedClock): { readonly name: string; readonly wallMs: number } | undefined {
    // Numbers in a typed array are sorted without a function, and so many times faster.
    this.#walls ??= Array.from(Float64Array.from(this.#files.keys()).sort());
    const at = nextOf(this.#walls, clock);
    const wallMs = this.#walls[at];
    if (wallMs === undefined) return undefined;
    const names = this.#files.get(wallMs) ?? [];
    const name = names.shift();
    if (names.length === 0) this.#walls.splice(at, 1);
    return name === undefined ? undefined : { name, wallMs };
  }
}

/** -1 where none is left to ask. */
function nextOf(walls: readonly number[], clock: LearnedClock): number {
  const top = latestUnknown(walls, clock);
  const wallMs = walls[top];
  if (wallMs === undefined) return -1;
  const { before, after } = clock.around(wallMs);
  const earliest = after === undefined ? wallMs : after.wallMs - MAX_STEADY_CLOCK_MS;
  if (wallMs <= earliest) return top;
  if (before === undefined || before.wallMs < earliest) return indexOf(walls, earliest);
  // The two do not agree.
  return (indexOf(walls, before.wallMs + 1) + top) >> 1;
}

function latestUnknown(walls: readonly number[], clock: LearnedClock): number {
  let top = walls.length - 1;
  for (;;) {
    const wallMs = walls[top];
    if (wallMs === undefined || clock.fromWall(wallMs) === undefined) return top;
    // What lies between two samples that agree is known.
    top = indexOf(walls, clock.around(wallMs).before?.wallMs ?? wallMs) - 1;
  }
}

function indexOf(walls: readonly number[], wallMs: number): number {
  return firstNotBefore(walls, (wall) => wall, wallMs);
}
