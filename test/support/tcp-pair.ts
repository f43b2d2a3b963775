// Two ends of one TCP connection on loopback.
import net from 'node:net';
import { once } from 'node:events';
import { SocketChannel } from '@ftps-kit/tls-core';

export interface TcpPair {
  readonly client: SocketChannel;
  readonly server: SocketChannel;
  /** The socket under `server`, to do what a well-behaved channel would not. */
  readonly serverSocket: net.Socket;
}

export async function tcpPair(): Promise<TcpPair> {
  const listener = net.createServer({ allowHalfOpen: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const accepted = once(listener, 'connection');
  const client = await SocketChannel.connect({ host: '127.0.0.1', port: address.port });
  const [serverSocket] = (await accepted) as [net.Socket];
  listener.close();
  return { client, server: new SocketChannel(serverSocket), serverSocket };
}
