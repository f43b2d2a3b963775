// A TCP relay under a client's data connections, which cuts them where a test says; real servers see a real cut.
import type net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { SocketChannel, type TlsEngine } from '@ftps-kit/tls-core';
import { engineConnecting } from './connecting-engine.js';
import { socketPair } from './tcp-pair.js';
import { resetConnection } from './tcp-reset.js';

/** Where and how a data connection is cut. */
export interface Cut {
  /** The direction whose bytes are counted; the cut is after this many, those of the handshake with them. */
  readonly direction: 'to client' | 'to server';
  readonly afterBytes: number;
  /**
   * `fin`: both sides see the TCP connection end, without close_notify. `reset`: both see it reset, the client when it has
   * read what came before: RST throws away what lies unread. `hold`: nothing more of this direction arrives, and nobody is
   * told.
   */
  readonly how: 'fin' | 'reset' | 'hold';
}

/** The engine, but each data connection goes through a relay of its own, and is cut where `next` says so. */
export function engineWithCuts(engine: TlsEngine, next: () => Cut | undefined): TlsEngine {
  return engineConnecting(engine, async (connector, transport, options) => {
    const cut = options.role === 'data' ? next() : undefined;
    if (cut === undefined) return connector.connect(transport, options);
    return connector.connect(await relayed(transport, cut), options);
  });
}

async function relayed(transport: SocketChannel, cut: Cut): Promise<SocketChannel> {
  const far = transport.takeSocket();
  const [near, relay] = await socketPair();
  let left = cut.afterBytes;
  let isCut = false;
  const breakOff = async (): Promise<void> => {
    isCut = true;
    const isReset = cut.how === 'reset';
    while (isReset && !near.destroyed && near.bytesRead < relay.bytesWritten) await setImmediate();
    for (const socket of [relay, far]) {
      if (isReset) resetConnection(socket);
      else socket.destroySoon();
    }
  };
  const pass = (from: net.Socket, to: net.Socket, isCounted: boolean): void => {
    from.on('data', (chunk: Buffer) => {
      if (isCut) return;
      const passing = isCounted ? chunk.subarray(0, left) : chunk;
      if (isCounted) left -= passing.length;
      const isOver = isCounted && left === 0;
      const isHeld = isOver && cut.how === 'hold';
      const isFull = !to.write(passing);
      if (isHeld || isFull) from.pause();
      if (isFull && !isHeld) to.once('drain', () => from.resume());
      if (isOver && !isHeld) void breakOff();
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      if (!isCut) to.destroySoon();
    });
  };
  pass(relay, far, cut.direction === 'to server');
  pass(far, relay, cut.direction === 'to client');
  return new SocketChannel(near);
}
