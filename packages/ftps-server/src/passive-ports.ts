// The ports that data connections come in on, and how clients share them.
import { once } from 'node:events';
import net from 'node:net';

/** No port can be had; the message is for the client. */
export class NoFreePortError extends Error {}

/** The client's address has its share of the ports already. */
export class PortShareError extends NoFreePortError {}

/** A port that listens until it is closed. */
export interface PassivePort {
  readonly listener: net.Server;
  /** Stops to listen; a connection that was taken lives on, and the port counts for nobody any more. */
  close(): void;
}

/** A range of ports, or any free one. */
export class PassivePorts {
  readonly #range: readonly [first: number, last: number] | undefined;
  readonly #share: number;
  /** Where the next search begins, so that a port rests for a while before it is used again. */
  #next: number;
  /** Ports that listen, or are about to, by the address of the client that they are for. */
  readonly #waiting = new Map<string, number>();

  /**
   * `maxPerAddress` ports may wait for one address at a time; and never more than half of a range, so that no client, in
   * whatever number of sessions, can have all of it.
   */
  constructor(range: readonly [first: number, last: number] | undefined, maxPerAddress: number) {
    this.#range = range;
    const size = range === undefined ? Infinity : range[1] - range[0] + 1;
    this.#share = Math.min(maxPerAddress, Math.ceil(size / 2));
    this.#next = range?.[0] ?? 0;
  }

  /** Ports that listen at this moment. */
  get inUse(): number {
    return [...this.#waiting.values()].reduce((sum, count) => sum + count, 0);
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
    const count = this.#waiting.get(address) ?? 0;
    if (count >= this.#share) {
      throw new PortShareError(`${count} ports wait for your address already: use or leave those first`);
    }
    this.#waiting.set(address, count + 1);
    let isTaken = true;
    return () => {
      const left = (this.#waiting.get(address) ?? 0) - (isTaken ? 1 : 0);
      isTaken = false;
      if (left > 0) this.#waiting.set(address, left);
      else this.#waiting.delete(address);
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
    throw new NoFreePortError('no port is free for a data connection; try again later');
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

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
}
