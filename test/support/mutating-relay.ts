// A wire between two sockets that damages the bytes of one direction at one place, and is gone when both sides are done.
import { once } from 'node:events';
import type net from 'node:net';
import { SocketChannel } from '@ftps-kit/tls-core';
import { socketPair } from './tcp-pair.js';

/** What happens to the bytes from `at` on, counted over the whole direction. */
export interface Mutation {
  readonly direction: 'to server' | 'to client';
  readonly at: number;
  readonly kind: 'flip' | 'overwrite' | 'insert' | 'drop' | 'repeat' | 'cut' | 'reset';
  /** For `flip`, `overwrite` and `insert`: what with. */
  readonly bytes: Uint8Array;
}

export interface DamagedPair extends AsyncDisposable {
  readonly client: SocketChannel;
  readonly server: SocketChannel;
}

/** Both ends of a damaged connection. Where traffic stops after the damage, both sides see the connection end. */
export async function damagedPair(mutation: Mutation, quietMs = 100): Promise<DamagedPair> {
  const [[client, near], [server, far]] = [await socketPair(), await socketPair()];
  const ends = [near, far] as const;
  let quiet: NodeJS.Timeout | undefined;
  const endSoon = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      for (const socket of ends) socket.end();
    }, quietMs);
  };
  relay(near, far, mutation.direction === 'to server' ? mutation : undefined, endSoon);
  relay(far, near, mutation.direction === 'to client' ? mutation : undefined, endSoon);
  const all = [client, near, far, server];
  return {
    client: new SocketChannel(client),
    server: new SocketChannel(server),
    [Symbol.asyncDispose]: async () => {
      clearTimeout(quiet);
      await Promise.all(
        all.map(async (socket) => {
          if (socket.closed) return;
          socket.destroy();
          await once(socket, 'close');
        }),
      );
    },
  };
}

function relay(from: net.Socket, to: net.Socket, mutation: Mutation | undefined, endSoon: () => void): void {
  let passed = 0;
  let damaged = false;
  from.on('data', (chunk: Buffer) => {
    const at = (mutation?.at ?? 0) - passed;
    passed += chunk.length;
    if (mutation === undefined || damaged || at >= chunk.length) {
      to.write(chunk);
    } else {
      damaged = true;
      damage(to, chunk, Math.max(0, at), mutation);
    }
    endSoon();
  });
  from.on('end', () => to.end());
  from.on('error', () => to.destroy());
  from.on('close', () => to.end());
}

function damage(to: net.Socket, chunk: Buffer, at: number, { kind, bytes }: Mutation): void {
  const before = chunk.subarray(0, at);
  const after = chunk.subarray(at);
  switch (kind) {
    case 'flip':
      to.write(Buffer.concat([before, after.map((byte, n) => byte ^ (bytes[n] ?? 0))]));
      return;
    case 'overwrite':
      to.write(Buffer.concat([before, bytes, after.subarray(bytes.length)]));
      return;
    case 'insert':
      to.write(Buffer.concat([before, bytes, after]));
      return;
    case 'drop':
      to.write(Buffer.concat([before, after.subarray(bytes.length)]));
      return;
    case 'repeat':
      to.write(Buffer.concat([before, after, after]));
      return;
    case 'cut':
      to.end(before);
      return;
    case 'reset':
      to.resetAndDestroy();
  }
}
