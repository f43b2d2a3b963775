// A TCP proxy for an FTP server that does to control and data connections what networks do, at a byte that is named before.
import { once } from 'node:events';
import net from 'node:net';
import { resetConnection } from './tcp-reset.js';

type Direction = 'to server' | 'to client';

/**
 * What happens to one direction of a connection at a place of it. `reset`: both sides get RST. `truncate`: the receiver gets
 * FIN, and the rest is lost. `drop`: nothing arrives any more, and nobody is told. `delay`: nothing arrives for `ms`, and
 * then everything.
 */
export interface Fault {
  readonly kind: 'reset' | 'truncate' | 'drop' | 'delay';
  readonly direction: Direction;
  readonly place: FaultPlace;
  /** For `delay`. */
  readonly ms?: number;
  /** Asked when its place is reached: whether it strikes there. */
  readonly strikes: () => boolean;
}

/**
 * Behind so many bytes of its direction; behind so many of one of its flights, each of which began when the other side had
 * spoken, or in the next one where that is shorter; or the end itself, with which so many bytes are lost.
 */
export type FaultPlace = { readonly bytes: number; readonly flight?: number } | { readonly lastBytes: number };

/** For so long the last bytes are held back that may be those before the end. */
const HOLD_MS = 15;

/** What a connection suffers. */
export interface Weather {
  readonly faults: readonly Fault[];
  /** The most bytes that arrive in one piece, by direction; as they came where it is not set. */
  readonly pieceBytes?: number;
}

export interface ProxiedConnection {
  readonly kind: 'control' | 'data';
  /** How many of its kind were there before. */
  readonly number: number;
  /** The port that the server sees it come from; undefined until it is connected there. */
  readonly port: number | undefined;
  /** Ends both sides by RST. */
  kill(): void;
  /** From now on nothing arrives any more, on either side, and nobody is told. */
  silence(): void;
}

export interface FaultProxyOptions {
  /** Where the server listens, with its control port. */
  readonly target: { readonly host: string; readonly port: number };
  /** First and last port of its passive mode. */
  readonly passivePorts: readonly [first: number, last: number];
  /** Asked for each connection that comes; default: fair weather. */
  readonly weather?: (connection: ProxiedConnection) => Weather;
}

/**
 * Stands at an address of its own, with the server's ports: TLS hides the answer to EPSV, but its port means the same here
 * as there, and its address is that of the control connection.
 */
export class FaultProxy implements AsyncDisposable {
  readonly host: string;
  readonly connections = new Set<ProxiedConnection>();
  readonly #listeners: net.Server[];
  readonly #counts = { control: 0, data: 0 };
  #port = 0;
  weather: (connection: ProxiedConnection) => Weather;

  private constructor(host: string, listeners: net.Server[], weather: FaultProxyOptions['weather']) {
    this.host = host;
    this.#listeners = listeners;
    this.weather = weather ?? (() => ({ faults: [] }));
  }

  static async start({ target, passivePorts: [first, last], weather }: FaultProxyOptions): Promise<FaultProxy> {
    const host = proxyAddress();
    const listeners: net.Server[] = [];
    const proxy = new FaultProxy(host, listeners, weather);
    try {
      proxy.#port = await proxy.#listen('control', 0, target);
      for (let port = first; port <= last; port++) await proxy.#listen('data', port, { host: target.host, port });
    } catch (error) {
      await proxy[Symbol.asyncDispose]();
      throw error;
    }
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Ends every connection by RST, and begins to count anew. */
  clear(): void {
    for (const connection of this.connections) connection.kill();
    this.#counts.control = 0;
    this.#counts.data = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.clear();
    await Promise.all(
      this.#listeners.map(async (listener) => {
        listener.close();
        await once(listener, 'close');
      }),
    );
  }

  async #listen(
    kind: ProxiedConnection['kind'],
    port: number,
    target: { readonly host: string; readonly port: number },
  ): Promise<number> {
    const listener = net.createServer({ allowHalfOpen: true }, (near) => {
      this.#relay(kind, near, net.connect({ ...target, allowHalfOpen: true }));
    });
    listener.listen(port, this.host);
    await once(listener, 'listening');
    this.#listeners.push(listener);
    const address = listener.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  #relay(kind: ProxiedConnection['kind'], near: net.Socket, far: net.Socket): void {
    const kill = (): void => {
      resetConnection(near);
      resetConnection(far);
      this.connections.delete(connection);
    };
    let isSilent = false;
    const connection: ProxiedConnection = {
      kind,
      number: this.#counts[kind]++,
      get port() {
        return far.localPort;
      },
      kill,
      silence: () => {
        isSilent = true;
      },
    };
    const fail = (): void => {
      if (!isSilent) kill();
    };
    this.connections.add(connection);
    const { faults, pieceBytes = Infinity } = this.weather(connection);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      // A reset on one side is one on the other.
      socket.on('error', fail);
      socket.on('close', () => {
        if (near.closed && far.closed) this.connections.delete(connection);
      });
    }
    const flights = new FlightCount();
    for (const [direction, from, to] of [
      ['to server', near, far],
      ['to client', far, near],
    ] as const) {
      const own = faults.filter((fault) => fault.direction === direction);
      void new Pump({
        from,
        to,
        direction,
        faults: own,
        pieceBytes,
        flights,
        isSilent: () => isSilent,
        kill: fail,
      }).run();
    }
  }
}

/** Counts how often each side of a connection began to speak behind the other. */
class FlightCount {
  readonly #counts = { 'to server': -1, 'to client': -1 };
  #last: Direction | undefined;

  /** Something goes this way: the number of its flight, and whether that begins. */
  note(direction: Direction): { readonly flight: number; readonly begins: boolean } {
    const begins = this.#last !== direction;
    if (begins) this.#counts[direction] += 1;
    this.#last = direction;
    return { flight: this.#counts[direction], begins };
  }
}

interface Wire {
  readonly from: net.Socket;
  readonly to: net.Socket;
  readonly direction: Direction;
  readonly faults: readonly Fault[];
  readonly pieceBytes: number;
  readonly flights: FlightCount;
  readonly isSilent: () => boolean;
  readonly kill: () => void;
}

/** Carries one direction to its end, or to the fault that ends it. */
class Pump {
  readonly #wire: Wire;
  #pending: Fault[];
  #passed = 0;
  #flight = 0;
  #passedOfFlight = 0;
  /** What may be the last bytes before the end. */
  #held: Buffer = Buffer.alloc(0);
  #holding: NodeJS.Timeout | undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
    this.#pending = [...wire.faults];
  }

  async run(): Promise<void> {
    const { from, direction, flights, isSilent, kill } = this.#wire;
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        clearTimeout(this.#holding);
        if (isSilent()) continue;
        const { flight, begins } = flights.note(direction);
        this.#flight = flight;
        if (begins) this.#passedOfFlight = 0;
        if (!(await this.#carry(this.#withoutEnd(chunk)))) return;
      }
      if (!isSilent()) await this.#end();
    } catch {
      kill();
    } finally {
      clearTimeout(this.#holding);
    }
  }

  /** Gives whether there is anything more to carry. */
  async #carry(chunk: Buffer): Promise<boolean> {
    const { pieceBytes } = this.#wire;
    for (let rest = chunk; rest.length > 0;) {
      const fault = this.#pending.find((candidate) => this.#roomBefore(candidate) <= 0);
      if (fault !== undefined) {
        this.#pending = this.#pending.filter((candidate) => candidate !== fault);
        if (fault.strikes() && !(await this.#suffer(fault))) return false;
        continue;
      }
      const room = Math.min(pieceBytes, ...this.#pending.map((candidate) => this.#roomBefore(candidate)));
      const piece = rest.subarray(0, room);
      rest = rest.subarray(piece.length);
      await this.#pass(piece);
    }
    return true;
  }

  async #pass(piece: Buffer): Promise<void> {
    const { to, pieceBytes } = this.#wire;
    this.#passed += piece.length;
    this.#passedOfFlight += piece.length;
    if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
    // So that the pieces do not come together again on the way.
    if (pieceBytes !== Infinity) await new Promise(setImmediate);
  }

  #roomBefore({ place }: Fault): number {
    if ('lastBytes' in place) return Infinity;
    const { bytes, flight } = place;
    if (flight === undefined) return bytes - this.#passed;
    if (flight !== this.#flight) return flight < this.#flight ? 0 : Infinity;
    return bytes - this.#passedOfFlight;
  }

  /** Gives whether the direction goes on behind it. */
  async #suffer({ kind, ms }: Fault): Promise<boolean> {
    const { from, to, kill } = this.#wire;
    switch (kind) {
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, ms));
        return true;
      case 'reset':
        kill();
        return false;
      case 'truncate':
        to.end();
        from.on('data', () => undefined);
        return false;
      case 'drop':
        from.on('data', () => undefined);
        return false;
    }
  }

  get #lastBytes(): number {
    return Math.max(0, ...this.#pending.map(({ place }) => ('lastBytes' in place ? place.lastBytes : 0)));
  }

  /** Holds back what may be the last bytes, for a moment: the other side may be waiting for them. */
  #withoutEnd(chunk: Buffer): Buffer {
    const lastBytes = this.#lastBytes;
    const whole = Buffer.concat([this.#held, chunk]);
    const cut = Math.max(0, whole.length - lastBytes);
    this.#held = whole.subarray(cut);
    if (this.#held.length > 0) this.#holding = setTimeout(this.#release, HOLD_MS);
    return whole.subarray(0, cut);
  }

  readonly #release = (): void => {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    this.#wire.to.write(held);
  };

  async #end(): Promise<void> {
    const fault = this.#pending.find(({ place, strikes }) => 'lastBytes' in place && strikes());
    if (fault !== undefined && !(await this.#suffer(fault))) return;
    this.#wire.to.end(this.#held);
  }
}

let given = 0;

/**
 * A loopback address that nobody else has, so that the server's own port numbers are free there; the process's id keeps
 * two runs at the same time apart.
 */
function proxyAddress(): string {
  given += 1;
  return `127.${1 + (process.pid % 250)}.${1 + ((process.pid >> 8) % 250)}.${1 + (given % 250)}`;
}
