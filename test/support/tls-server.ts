// A TLS server of Node's own, whose tickets outlive their connection, and that gives none to who resumes under TLS 1.3.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type net from 'node:net';
import { createInterface } from 'node:readline';
import tls from 'node:tls';
import { SocketChannel } from '@ftps-kit/tls-core';
import type { TestIdentity } from './certificates.js';

/** What it answers to each line, without line ends; default: nothing. */
export type Answer = (line: string) => string;

const GREETING = Buffer.from('220 ready\r\n');

export class TlsServer implements AsyncDisposable {
  /** Whether each connection resumed, as the server saw it, in order. */
  readonly resumed: boolean[] = [];
  readonly greetingBytes = GREETING.length;
  readonly #server: tls.Server;
  readonly #sockets: tls.TLSSocket[] = [];

  private constructor(server: tls.Server, answer: Answer | undefined) {
    this.#server = server;
    server.on('secureConnection', (socket) => {
      this.#sockets.push(socket);
      this.resumed.push(socket.isSessionReused());
      socket.on('error', () => socket.destroy());
      socket.on('end', () => socket.end());
      if (answer === undefined) socket.resume();
      else createInterface({ input: socket }).on('line', (line) => socket.write(`${answer(line)}\r\n`));
      // Behind the tickets, which OpenSSL has not written yet when node:tls tells of the handshake.
      setImmediate(() => socket.write(GREETING));
    });
  }

  static async start({ certPem: cert, keyPem: key }: TestIdentity, answer?: Answer): Promise<TlsServer> {
    const server = tls.createServer({
      cert,
      key,
      noDelay: true,
      ALPNProtocols: ['ftp', 'other'],
      ticketKeys: randomBytes(48),
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsServer(server, answer);
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  connect(): Promise<SocketChannel> {
    return SocketChannel.connect({ host: '127.0.0.1', port: this.port });
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
