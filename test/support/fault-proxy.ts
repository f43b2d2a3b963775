// A TCP proxy for an FTP server that does to control and data connections what networks do, at a byte that is named before.
import { once } from 'node:events';
import net from 'node:net';
import { resetConnection } from './tcp-reset.js';

/**
 * What happens to one direction of a connection when so many bytes of it have passed. `reset`: both sides get RST.
 * `truncate`: the receiver gets FIN, and the rest is lost. `drop`: nothing arrives any more, and nobody is told. `delay`:
 * nothing arrives for `ms`, and then everything.
 */
export interface Fault {
  readonly kind: 'reset' | 'truncate' | 'drop' | 'delay';
  readonly direction: 'to server' | 'to client';
  readonly at: number;
  /** For `delay`. */
  readonly ms?: number;
}

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
  /** Ends both sides by RST. */
  kill(): void;
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
    const connection: ProxiedConnection = { kind, number: this.#counts[kind]++, kill };
    this.connections.add(connection);
    const { faults, pieceBytes = Infinity } = this.weather(connection);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      // A reset on one side is one on the other.
      socket.on('error', kill);
      socket.on('close', () => {
        if (near.closed && far.closed) this.connections.delete(connection);
      });
    }
    for (const [direction, from, to] of [
      ['to server', near, far],
      ['to client', far, near],
    ] as const) {
      const own = faults.filter((fault) => fault.direction === direction).sort((a, b) => a.at - b.at);
      void pump(from, to, { faults: own, pieceBytes, kill });
    }
  }
}

interface Wire {
  readonly faults: readonly Fault[];
  readonly pieceBytes: number;
  readonly kill: () => void;
}

/** Carries one direction to its end, or to the fault that ends it. */
async function pump(from: net.Socket, to: net.Socket, { faults, pieceBytes, kill }: Wire): Promise<void> {
  const pending = [...faults];
  let passed = 0;
  try {
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      for (let rest = chunk; rest.length > 0;) {
        const fault = pending[0];
        const room = Math.min(pieceBytes, fault === undefined ? Infinity : fault.at - passed);
        if (fault !== undefined && room <= 0) {
          pending.shift();
          if (fault.kind === 'reset') {
            kill();
            return;
          }
          if (fault.kind === 'truncate') to.end();
          if (fault.kind === 'truncate' || fault.kind === 'drop') {
            from.on('data', () => undefined);
            return;
          }
          await new Promise((resolve) => setTimeout(resolve, fault.ms));
          continue;
        }
        const piece = rest.subarray(0, room);
        rest = rest.subarray(piece.length);
        passed += piece.length;
        if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
        // So that the pieces do not come together again on the way.
        if (pieceBytes !== Infinity) await new Promise(setImmediate);
      }
    }
    to.end();
  } catch {
    kill();
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
