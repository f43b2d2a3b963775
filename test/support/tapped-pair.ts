// A TLS connection over a wire on which a test may say things of its own, as whoever sits in between can.
import { SocketChannel, type TlsChannel } from '@ftps-kit/tls-core';
import { newBindings, type EngineSides } from '../compliance/tls-engine.js';
import { socketPair } from './tcp-pair.js';

export type Side = 'client' | 'server';

export interface TappedPair extends Readonly<Record<Side, TlsChannel>>, AsyncDisposable {
  /** Says `bytes` to one side, behind what the other has said so far. */
  say(side: Side, bytes: Uint8Array): void;
}

/** Everything passes through, FIN as well. */
export async function tappedPair(sides: EngineSides): Promise<TappedPair> {
  const [[clientSocket, near], [far, serverSocket]] = [await socketPair(), await socketPair()];
  near.pipe(far);
  far.pipe(near);
  for (const socket of [near, far]) socket.on('error', () => undefined);
  const bindings = newBindings(sides);
  const [client, server] = await Promise.all([
    sides.connector.connect(new SocketChannel(clientSocket), {
      ...{ role: 'data', host: 'localhost', binding: bindings.client },
    }),
    sides.acceptor.accept(new SocketChannel(serverSocket), { role: 'data', binding: bindings.server }),
  ]);
  return {
    client,
    server,
    say: (side, bytes) => {
      (side === 'client' ? near : far).write(bytes);
    },
    [Symbol.asyncDispose]: () => {
      client.destroy();
      server.destroy();
      for (const socket of [near, far]) socket.destroy();
      return Promise.resolve();
    },
  };
}
