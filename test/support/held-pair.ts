// A TLS connection over a wire that gathers what the server says, and hands it to the client as a test wants.
import type net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { SocketChannel, type ConnectionRole, type TlsChannel } from '@ftps-kit/tls-core';
import { newBindings, type EngineSides } from '../compliance/tls-engine.js';
import { socketPair } from './tcp-pair.js';
import { resetConnection } from './tcp-reset.js';

/** How the wire ends behind what it hands over; with `open` it does not. */
export type WireEnd = 'fin' | 'reset' | 'open';

export interface HeldPair extends AsyncDisposable {
  readonly client: TlsChannel;
  readonly server: TlsChannel;
  /** The client's end of the wire. */
  readonly clientSocket: net.Socket;
  /** Bytes that the server has sent and the client has not got, once nothing more comes. */
  gathered(): Promise<Buffer>;
  /** Hands them to the client as one piece, and the end with it. */
  hand(bytes: Uint8Array, end: WireEnd): void;
}

/** What goes to the server passes through all the time; what goes to the client, until the handshake is over. */
export async function heldPair(sides: EngineSides, role: ConnectionRole = 'data'): Promise<HeldPair> {
  const [[clientSocket, near], [far, serverSocket]] = [await socketPair(), await socketPair()];
  const held: Buffer[] = [];
  let isHeld = false;
  near.on('data', (chunk) => far.write(chunk));
  near.on('end', () => far.end());
  far.on('data', (chunk) => {
    if (isHeld) held.push(chunk);
    else near.write(chunk);
  });
  for (const socket of [near, far]) socket.on('error', () => undefined);
  const bindings = newBindings(sides);
  const [client, server] = await Promise.all([
    sides.connector.connect(new SocketChannel(clientSocket), { role, host: 'localhost', binding: bindings.client }),
    sides.acceptor.accept(new SocketChannel(serverSocket), { role, binding: bindings.server }),
  ]);
  while (near.writableLength > 0 || clientSocket.bytesRead < near.bytesWritten) await setImmediate();
  isHeld = true;
  return {
    client,
    server,
    clientSocket,
    gathered: async () => {
      while (far.bytesRead < serverSocket.bytesWritten) await setImmediate();
      return Buffer.concat(held.splice(0));
    },
    hand: (bytes, end) => {
      near.cork();
      near.write(bytes);
      if (end === 'fin') near.end();
      near.uncork();
      if (end === 'reset') resetConnection(near);
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      server.destroy();
      for (const socket of [near, far]) socket.destroy();
      await setImmediate();
    },
  };
}
