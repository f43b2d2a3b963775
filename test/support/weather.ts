// Which faults befall which connections of a proxy, in which phase of a session, drawn from a seed.
import type { Fault, FaultPlace, ProxiedConnection, Weather } from './fault-proxy.js';
import { SeededRandom } from './seeded-random.js';

type Direction = Fault['direction'];

interface Phase {
  readonly kind: ProxiedConnection['kind'];
  readonly place: (random: SeededRandom, direction: Direction) => FaultPlace;
}

/** The flights of a login: behind them come the commands. */
const LOGIN_FLIGHTS = { 'to server': 4, 'to client': 5 } as const;

/** Where a session can be struck. A record of TLS around a command or a reply has 30 to 150 bytes. */
const PHASES = {
  login: {
    kind: 'control',
    place: (random, direction) => ({ bytes: random.below(direction === 'to server' ? 600 : 1_600) }),
  },
  commands: {
    kind: 'control',
    place: (random, direction) => ({ flight: LOGIN_FLIGHTS[direction] + random.below(10), bytes: random.below(250) }),
  },
  'data handshake': { kind: 'data', place: (random) => ({ bytes: random.below(1_000) }) },
  payload: { kind: 'data', place: (random) => ({ bytes: 2_000 + random.below(60_000) }) },
  'data end': { kind: 'data', place: (random) => ({ lastBytes: 1 + random.magnitude(2_000) }) },
} as const satisfies Record<string, Phase>;

export type PhaseName = keyof typeof PHASES;

export const PHASE_NAMES = Object.keys(PHASES) as readonly PhaseName[];

/** The weather that a seed brings: one to four faults, each once, and lines that carry bytes in small pieces. */
export class Storm {
  /** What struck so far. */
  readonly struck: PhaseName[] = [];
  readonly #random: SeededRandom;
  readonly #planned: Record<ProxiedConnection['kind'], Fault[]> = { control: [], data: [] };
  readonly #pieceBytes: number | undefined;

  constructor(random: SeededRandom) {
    // Of its own: connections come when they come, and what is drawn for them must not change what the client does.
    this.#random = new SeededRandom(random.below(2 ** 32));
    for (let count = 1 + random.below(4); count > 0; count--) {
      const name = random.pick(PHASE_NAMES);
      this.#planned[PHASES[name].kind].push(this.#plan(name));
    }
    this.#pieceBytes = random.chance(0.3) ? 1 + random.magnitude(2_000) : undefined;
  }

  readonly weather = ({ kind }: ProxiedConnection): Weather => ({
    // Some files are spared, so that it is not always the first one.
    faults: kind === 'control' || this.#random.chance(0.7) ? this.#planned[kind] : [],
    // A file in pieces of a few bytes takes for ever.
    ...(this.#pieceBytes !== undefined && {
      pieceBytes: kind === 'data' ? Math.max(100, this.#pieceBytes) : this.#pieceBytes,
    }),
  });

  #plan(name: PhaseName): Fault {
    const random = this.#random;
    const direction = random.pick(['to server', 'to client'] as const);
    let isSpent = false;
    return {
      kind: random.pick(['reset', 'reset', 'truncate', 'truncate', 'drop', 'delay']),
      direction,
      place: PHASES[name].place(random, direction),
      // Some are over before a time limit is, others are not.
      ms: random.below(random.chance(0.5) ? 30 : 900),
      strikes: () => {
        if (isSpent) return false;
        isSpent = true;
        this.struck.push(name);
        return true;
      },
    };
  }
}
