// A TCP relay that lets a few bytes at a time through to its far side: a client on a very slow line.
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';

export interface SlowRelay extends AsyncDisposable {
  readonly port: number;
  /** From here on so many bytes go through at a time, so many milliseconds apart; until then all do at once. */
  slowDown(pieceBytes: number, everyMs: number): void;
  /** From here on all go through at once again. */
  speedUp(): void;
}

/** Leads one connection to `port` on loopback. What the far side sends comes back at once. */
export async function slowRelay(port: number): Promise<SlowRelay> {
  let pace: { readonly pieceBytes: number; readonly everyMs: number } | undefined;
  const sockets: net.Socket[] = [];
  const pass = async (near: net.Socket, far: net.Socket): Promise<void> => {
    for await (const chunk of near as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length;) {
        const bytes = pace?.pieceBytes ?? chunk.length;
        far.write(chunk.subarray(at, at + bytes));
        at += bytes;
        if (pace !== undefined) await setTimeout(pace.everyMs);
      }
    }
    far.end();
  };
  const listener = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    sockets.push(near, far);
    far.pipe(near);
    far.on('error', () => near.destroy());
    near.on('error', () => far.destroy());
    pass(near, far).catch(() => far.destroy());
    listener.close();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    port: address.port,
    slowDown: (pieceBytes, everyMs) => {
      pace = { pieceBytes, everyMs };
    },
    speedUp: () => {
      pace = undefined;
    },
    [Symbol.asyncDispose]: () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
      return Promise.resolve();
    },
  };
}
