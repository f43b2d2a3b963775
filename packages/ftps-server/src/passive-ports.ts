// The ports that data connections come in on, and how clients share them.
import { once } from 'node:events';
import net from 'node:net';
import { clientNetwork } from './client-network.js';
import type { ServerLimits } from './limits.js';

export type PassivePortLimits = Pick<ServerLimits, 'maxPassivePorts' | 'maxPassivePortsPerAddress'>;

/** No port can be had; the message is for the client. */
export class NoFreePortError extends Error {
  readonly limit: keyof PassivePortLimits;

  constructor(limit: keyof PassivePortLimits, message: string) {
    super(message);
    this.limit = limit;
  }
}

/** A port that listens until it is closed. */
export interface PassivePort {
  readonly listener: net.Server;
  /** Stops to listen; a connection that was taken lives on, and the port counts for nobody any more. */
  close(): void;
}

/** A range of ports, or any free one. */
export class PassivePorts {
  readonly #range: readonly [first: number, last: number] | undefined;
  readonly #max: number;
  readonly #share: number;
  /** Where the next search begins, so that a port rests for a while before it is used again. */
  #next: number;
  /** Ports that listen, or are about to, by the network of the client that they are for. */
  readonly #waiting = new Map<string, number>();
  #inUse = 0;

  /**
   * `maxPassivePortsPerAddress` ports may wait for one address, or one /64 of IPv6, at a time; and never more than half of a
   * range, so that no client, in whatever number of sessions, can have all of it.
   */
  constructor(range: readonly [first: number, last: number] | undefined, limits: PassivePortLimits) {
    this.#range = range;
    const size = range === undefined ? Infinity : range[1] - range[0] + 1;
    this.#max = limits.maxPassivePorts;
    this.#share = Math.min(limits.maxPassivePortsPerAddress, Math.ceil(size / 2));
    this.#next = range?.[0] ?? 0;
  }

  /** Ports that listen at this moment, or are about to. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Listens on a free port at `host`, for a client at `clientAddress`. Rejects with `NoFreePortError`. */
  async listen(host: string, clientAddress: string): Promise<PassivePort> {
    // Counted before it listens: many may ask at the same time.
    const giveBack = this.#take(clientAddress);
    try {
      const listener = await this.#listenOnFree(host);
      const close = (): void => {
        listener.close();
        giveBack();
      };
      return { listener, close };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** Counts a port for an address; gives what takes it back, once. */
  #take(address: string): () => void {
    const network = clientNetwork(address);
    const count = this.#waiting.get(network) ?? 0;
    if (count >= this.#share) {
      const message = `${count} ports wait for your address already: use or leave those first`;
      throw new NoFreePortError('maxPassivePortsPerAddress', message);
    }
    if (this.#inUse >= this.#max) throw noneLeft();
    this.#waiting.set(network, count + 1);
    this.#inUse += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#inUse -= 1;
      const left = (this.#waiting.get(network) ?? 0) - 1;
      if (left > 0) this.#waiting.set(network, left);
      else this.#waiting.delete(network);
    };
  }

  async #listenOnFree(host: string): Promise<net.Server> {
    if (this.#range === undefined) return listenOn(host, 0);
    const [first, last] = this.#range;
    const count = last - first + 1;
    for (let tried = 0; tried < count; tried += 1) {
      const port = this.#next;
      this.#next = port === last ? first : port + 1;
      try {
        return await listenOn(host, port);
      } catch (error) {
        if (!isInUse(error)) throw error;
      }
    }
    throw noneLeft();
  }
}

function noneLeft(): NoFreePortError {
  return new NoFreePortError('maxPassivePorts', 'no port is free for a data connection; try again later');
}

async function listenOn(host: string, port: number): Promise<net.Server> {
  const listener = net.createServer({ allowHalfOpen: true });
  listener.listen({ host, port, backlog: 8 });
  await once(listener, 'listening');
  // An accept that fails (no file descriptor is left) is no reason for the process to end; the client runs into a timeout.
  listener.on('error', () => undefined);
  return listener;
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
}
