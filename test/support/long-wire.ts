// A wire so long that only round trips count: what either side says crosses it together, once both have said all they can.
import { once } from 'node:events';
import net from 'node:net';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';

/** How long nobody says anything before that is taken for all they have to say, milliseconds. Too short counts too many. */
const QUIET_MS = 40;

export interface LongWire extends AsyncDisposable {
  /** Round trips so far: how often something crossed the wire towards the server. A connection's making is one. */
  readonly roundTrips: number;
  /** Waits until nobody has anything more to say. */
  quiet(): Promise<void>;
}

interface Crossing {
  readonly deliver: () => void;
}

/** Every TCP connection that this process makes to 127.0.0.1 goes over the wire, until it is disposed of. */
export async function layLongWire(): Promise<LongWire> {
  const connect = net.connect;
  const towardsServer: Crossing[] = [];
  const towardsClient: Crossing[] = [];
  const sockets = new Set<net.Socket>();
  const targets = new Map<number, number>();
  let lastWord = performance.now();
  let roundTrips = 0;
  const taken = new AbortController();

  const says = (queue: Crossing[], deliver: () => void): void => {
    lastWord = performance.now();
    queue.push({ deliver });
  };
  const carry = (from: net.Socket, to: net.Socket, queue: Crossing[]): void => {
    from.on('data', (chunk) => {
      says(queue, () => to.write(chunk));
    });
    from.on('end', () => {
      says(queue, () => to.end());
    });
    from.on('error', () => {
      says(queue, () => to.destroy());
    });
    from.on('close', () => sockets.delete(from));
  };
  const targetOf = async (near: net.Socket): Promise<number> => {
    for (;;) {
      const port = targets.get(near.remotePort ?? 0);
      if (port !== undefined) return port;
      await setImmediate();
    }
  };
  // The wire is the one that holds back: Nagle would hold a second word until the first one is acknowledged.
  const relay = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (near) => {
    sockets.add(near);
    void targetOf(near).then((port) => {
      const far = new net.Socket({ allowHalfOpen: true }).setNoDelay();
      sockets.add(far);
      // The client's ACK, which what it says first goes along with; a server that greets has to have it.
      says(towardsServer, () => {
        far.connect({ host: '127.0.0.1', port });
      });
      carry(near, far, towardsServer);
      carry(far, near, towardsClient);
      near.resume();
    });
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const { port: relayPort } = relay.address() as net.AddressInfo;

  const connectOverWire = (options: net.TcpNetConnectOpts): net.Socket => {
    const socket = new net.Socket({ allowHalfOpen: options.allowHalfOpen === true });
    // SYN goes one way, and its answer comes back: only then is there a connection.
    says(towardsServer, () => {
      says(towardsClient, () => {
        socket.connect({ host: '127.0.0.1', port: relayPort, localPort: 0 });
        socket.prependOnceListener('connect', () => {
          targets.set(socket.localPort ?? 0, options.port);
        });
      });
    });
    return socket;
  };
  Object.assign(net, { connect: connectOverWire });

  const quiet = async (): Promise<void> => {
    for (let left = QUIET_MS; left > 0; left = QUIET_MS - (performance.now() - lastWord)) await delay(left);
  };
  const cross = (queue: Crossing[]): boolean => {
    const crossing = queue.splice(0);
    for (const { deliver } of crossing) deliver();
    lastWord = performance.now();
    return crossing.length > 0;
  };
  const carrying = (async () => {
    while (!taken.signal.aborted) {
      await quiet();
      if (cross(towardsServer)) roundTrips += 1;
      await quiet();
      cross(towardsClient);
    }
  })();

  return {
    get roundTrips() {
      return roundTrips;
    },
    quiet: async () => {
      let before: number;
      do {
        before = roundTrips;
        await delay(3 * QUIET_MS);
      } while (before !== roundTrips);
    },
    [Symbol.asyncDispose]: async () => {
      taken.abort();
      Object.assign(net, { connect });
      await carrying;
      for (const socket of sockets) socket.destroy();
      relay.close();
    },
  };
}
