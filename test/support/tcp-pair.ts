// Two ends of one TCP connection on loopback.
import { once } from 'node:events';
import net from 'node:net';
import { SocketChannel } from '@ftps-kit/tls-core';

export interface TcpPair {
  readonly client: SocketChannel;
  readonly server: SocketChannel;
  /** The sockets under the channels, to do what a well-behaved channel would not. */
  readonly clientSocket: net.Socket;
  readonly serverSocket: net.Socket;
}

export async function tcpPair(): Promise<TcpPair> {
  const [clientSocket, serverSocket] = await socketPair();
  return {
    client: new SocketChannel(clientSocket),
    server: new SocketChannel(serverSocket),
    clientSocket,
    serverSocket,
  };
}

/** The end that connected, and the one that was accepted. */
export async function socketPair(): Promise<readonly [net.Socket, net.Socket]> {
  const listener = net.createServer({ allowHalfOpen: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  const connecting = net.connect({ host: '127.0.0.1', port: address.port, allowHalfOpen: true });
  const [[accepted]] = (await Promise.all([once(listener, 'connection'), once(connecting, 'connect')])) as [
    [net.Socket],
    unknown,
  ];
  listener.close();
  return [connecting, accepted];
}
