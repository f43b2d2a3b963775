// Which faults befall which connection of a proxy, drawn from a seed.
import type { Fault, ProxiedConnection, Weather } from './fault-proxy.js';
import type { SeededRandom } from './seeded-random.js';

/** So many connections of a kind may be struck; those after them have fair weather, so that retrying comes to an end. */
const STRUCK = { control: 3, data: 6 } as const;
/** Bytes within which something may happen: a login and some commands; a file. */
const REACH = { control: 12_000, data: 300_000 } as const;

/** The weather that `random` brings: about three faults, and lines that carry bytes in small pieces. */
export function storm(random: SeededRandom): (connection: ProxiedConnection) => Weather {
  const struck = new Map<string, Fault[]>();
  for (let count = 1 + random.below(4); count > 0; count--) {
    const kind = random.pick(['control', 'data'] as const);
    const key = `${kind} ${random.below(STRUCK[kind])}`;
    struck.set(key, [...(struck.get(key) ?? []), fault(random, REACH[kind])]);
  }
  const pieces = random.chance(0.3) ? 1 + random.magnitude(2_000) : undefined;
  return ({ kind, number }) => ({
    faults: struck.get(`${kind} ${number}`) ?? [],
    // A file in pieces of a few bytes takes for ever.
    ...(pieces !== undefined && { pieceBytes: kind === 'data' ? Math.max(500, pieces) : pieces }),
  });
}

function fault(random: SeededRandom, reach: number): Fault {
  return {
    kind: random.pick(['reset', 'reset', 'truncate', 'truncate', 'drop', 'delay']),
    direction: random.pick(['to server', 'to client']),
    at: random.magnitude(reach),
    ms: random.below(30),
  };
}
