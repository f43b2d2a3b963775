// The ports that data connections come in on.
import { once } from 'node:events';
import net from 'node:net';

/** No port of the range is free. */
export class NoFreePortError extends Error {}

/** A range of ports, or any free one. */
export class PassivePorts {
  readonly #range: readonly [first: number, last: number] | undefined;
  /** Where the next search begins, so that a port rests for a while before it is used again. */
  #next: number;
  /** Those that listen, and those whose connection is not over yet. */
  readonly #listeners = new Set<net.Server>();

  constructor(range: readonly [first: number, last: number] | undefined) {
    this.#range = range;
    this.#next = range?.[0] ?? 0;
  }

  /** Ports that listen at this moment. */
  get inUse(): number {
    return [...this.#listeners].filter(({ listening }) => listening).length;
  }

  /** Listens on a free port at `host`. Rejects with `NoFreePortError`. */
  async listen(host: string): Promise<net.Server> {
    if (this.#range === undefined) return this.#listenOn(host, 0);
    const [first, last] = this.#range;
    const count = last - first + 1;
    for (let tried = 0; tried < count; tried += 1) {
      const port = this.#next;
      this.#next = port === last ? first : port + 1;
      try {
        return await this.#listenOn(host, port);
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
    }
    throw new NoFreePortError(`all ports from ${first} to ${last} are taken`);
  }

  async #listenOn(host: string, port: number): Promise<net.Server> {
    const listener = await listenOn(host, port);
    this.#listeners.add(listener);
    listener.once('close', () => this.#listeners.delete(listener));
    return listener;
  }
}

async function listenOn(host: string, port: number): Promise<net.Server> {
  const listener = net.createServer({ allowHalfOpen: true });
  listener.listen({ host, port, backlog: 8 });
  await once(listener, 'listening');
  // An accept that fails (no file descriptor is left) is no reason for the process to end; the client runs into a timeout.
  listener.on('error', () => undefined);
  return listener;
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
}
