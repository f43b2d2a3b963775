// The client's side of active mode: a port that waits for the server's data connection.
import { once } from 'node:events';
import net from 'node:net';
import { SocketChannel, type TlsChannel } from '@ftps-kit/tls-core';
import type { RawConnection, RawFtpClient } from './raw-ftp-client.js';

export interface ActivePort extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** The argument of PORT. */
  readonly sixNumbers: string;
  /** The argument of EPRT. */
  readonly extended: string;
  /** The connection that the server makes; nothing was sent on it. */
  accept(): Promise<RawConnection<SocketChannel>>;
}

export async function listenForServer(host = '127.0.0.1'): Promise<ActivePort> {
  const listener = net.createServer({ allowHalfOpen: true });
  listener.listen(0, host);
  await once(listener, 'listening');
  const { port } = listener.address() as net.AddressInfo;
  const sockets: net.Socket[] = [];
  listener.on('connection', (socket: net.Socket) => sockets.push(socket));
  return {
    host,
    port,
    sixNumbers: `${host.replaceAll('.', ',')},${port >> 8},${port & 0xff}`,
    extended: `|${net.isIPv6(host) ? 2 : 1}|${host}|${port}|`,
    accept: async () => {
      if (sockets.length === 0) await once(listener, 'connection');
      const [socket] = sockets;
      if (socket === undefined) throw new Error('nobody came');
      return { socket, channel: new SocketChannel(socket) };
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(listener, 'close');
      for (const socket of sockets) socket.destroy();
      listener.close();
      await closed;
    },
  };
}

/** The client's part of TLS on what the server opened: the client's role there too (RFC 4217 §7). */
export async function acceptData(port: ActivePort, client: RawFtpClient): Promise<RawConnection<TlsChannel>> {
  const tcp = await port.accept();
  return { socket: tcp.socket, channel: await client.dataTls(tcp) };
}
