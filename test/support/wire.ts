// A wire between a client and a server that can be cut, or go dead, in the middle of a transfer.
import { once } from 'node:events';
import net from 'node:net';

/** What becomes of a data connection once so many bytes went over it, in either direction. */
export interface WireFault {
  readonly afterBytes: number;
  /**
   * `cut`: reset on both sides. `halt`: no more bytes come through, but the server is told when the client goes.
   * `dead`: nothing comes through any more, and nobody is told.
   */
  readonly then: 'cut' | 'halt' | 'dead';
}

export interface Wire extends AsyncDisposable {
  /** Where clients find it. */
  readonly host: string;
  readonly port: number;
  /** Resolves when the fault came. */
  readonly broken: Promise<void>;
}

/** Another loopback address than the server's: the same ports are free on it, and data connections follow the control connection there. */
const HOST = '127.0.0.2';

/** Leads `HOST` to the ports of a server on 127.0.0.1; only its data port, which must be a single one, has the fault. */
export async function layWire(ports: { control: number; data: number }, fault: WireFault): Promise<Wire> {
  const sockets = new Set<net.Socket>();
  let tellBroken: () => void = () => undefined;
  const broken = new Promise<void>((resolve) => (tellBroken = resolve));
  const listen = async (port: number, limitBytes: number): Promise<net.Server> => {
    const listener = net.createServer({ allowHalfOpen: true }, (near) => {
      const far = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
      let left = limitBytes;
      const tells = (from: net.Socket): boolean => left >= 0 || (fault.then === 'halt' && from === near);
      const spend = (bytes: number): boolean => {
        left -= bytes;
        if (left >= 0) return true;
        if (fault.then === 'cut') for (const socket of [near, far]) socket.resetAndDestroy();
        tellBroken();
        return false;
      };
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.on('error', () => {
          if (tells(from)) to.resetAndDestroy();
        });
        from.on('close', () => {
          sockets.delete(from);
          if (tells(from)) to.destroy();
        });
        from.on('data', (chunk) => {
          if (spend(chunk.length)) to.write(chunk);
        });
        from.on('end', () => {
          if (tells(from)) to.end();
        });
      }
    });
    listener.listen(port, HOST);
    await once(listener, 'listening');
    return listener;
  };
  const listeners = [await listen(ports.control, Infinity), await listen(ports.data, fault.afterBytes)];
  return {
    host: HOST,
    port: ports.control,
    broken,
    [Symbol.asyncDispose]: async () => {
      const closed = listeners.map((listener) => once(listener, 'close'));
      for (const listener of listeners) listener.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}
