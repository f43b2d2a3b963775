// How far the bytes of a socket have come: what the network brought, and what of a write that is under way it has taken.
import type net from 'node:net';

/** What the kernel holds of what was sent on the socket of this descriptor, where there is a way to ask. */
export type Unacknowledged = (descriptor: number) => number;

/** libuv's own view of a socket, which Node's goes by as well, for its idle timeouts. Nothing public tells of half a write. */
interface Handle {
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
  /** Negative where the system has none. */
  readonly fd: number;
}

/** Counts nothing itself: it costs what it is asked, and whoever moves the bytes nothing. */
export class SocketTraffic {
  readonly #socket: net.Socket;
  readonly #unacknowledged: Unacknowledged;
  #sentBytes = 0;

  constructor(socket: net.Socket, unacknowledged: Unacknowledged = () => 0) {
    this.#socket = socket;
    this.#unacknowledged = unacknowledged;
  }

  get receivedBytes(): number {
    return this.#socket.bytesRead;
  }

  /** Never falls, though a socket that is closed tells less than before. */
  get sentBytes(): number {
    const handle = handleOf(this.#socket);
    const sent =
      handle === undefined
        ? this.#socket.bytesWritten - this.#socket.writableLength
        : handle.bytesWritten - handle.writeQueueSize - (handle.fd < 0 ? 0 : this.#unacknowledged(handle.fd));
    this.#sentBytes = Math.max(this.#sentBytes, sent);
    return this.#sentBytes;
  }
}

/** Undefined where it is closed, and where a Node of another make has none: then whole writes are counted. */
function handleOf(socket: net.Socket): Handle | undefined {
  const { _handle: handle } = socket as { readonly _handle?: Partial<Handle> | null };
  if (handle == null) return undefined;
  const { bytesWritten, writeQueueSize, fd } = handle;
  const isComplete = [bytesWritten, writeQueueSize, fd].every((fact) => typeof fact === 'number');
  return isComplete ? (handle as Handle) : undefined;
}
