// A TLS server of Node's own, whose tickets outlive their connection: what a control connection resumes elsewhere.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type net from 'node:net';
import tls from 'node:tls';
import { SocketChannel } from '@ftps-kit/tls-core';
import type { TestIdentity } from './certificates.js';

const GREETING = Buffer.from('220 ready\r\n');

export class TlsServer implements AsyncDisposable {
  /** Whether each connection resumed, as the server saw it, in order. */
  readonly resumed: boolean[] = [];
  readonly greetingBytes = GREETING.length;
  readonly #server: tls.Server;
  readonly #sockets: tls.TLSSocket[] = [];

  private constructor(server: tls.Server) {
    this.#server = server;
    server.on('secureConnection', (socket) => {
      this.#sockets.push(socket);
      this.resumed.push(socket.isSessionReused());
      socket.on('error', () => socket.destroy());
      socket.on('end', () => socket.end());
      socket.resume();
      // Behind the tickets, which OpenSSL has not written yet when node:tls tells of the handshake.
      setImmediate(() => socket.write(GREETING));
    });
  }

  static async start({ certPem: cert, keyPem: key }: TestIdentity): Promise<TlsServer> {
    const server = tls.createServer({ cert, key, ALPNProtocols: ['ftp', 'other'], ticketKeys: randomBytes(48) });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsServer(server);
  }

  connect(): Promise<SocketChannel> {
    const { port } = this.#server.address() as net.AddressInfo;
    return SocketChannel.connect({ host: '127.0.0.1', port });
  }

  /** As after a restart: it knows its old tickets no more. */
  forgetTickets(): void {
    this.#server.setTicketKeys(randomBytes(48));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
