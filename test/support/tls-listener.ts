// An acceptor behind a port of loopback, without FTP: what foreign TLS tools connect to.
import { once } from 'node:events';
import net from 'node:net';
import {
  ServerIdentity,
  SocketChannel,
  parseServerPolicy,
  selectEngine,
  type ConnectionRole,
  type EngineName,
  type ServerBinding,
  type ServerTlsOptions,
  type TlsAcceptor,
  type TlsChannel,
} from '@ftps-kit/tls-core';
import { testCertificates } from './certificates.js';

export interface TlsListenerOptions extends Partial<ServerTlsOptions> {
  /** Default `openssl`. */
  readonly engine?: EngineName;
}

export class TlsListener implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly caFile: string;
  readonly acceptor: TlsAcceptor;
  readonly binding: ServerBinding;
  readonly #listener: net.Server;
  readonly #sockets: net.Socket[] = [];
  readonly #waiting: ((socket: net.Socket) => void)[] = [];
  readonly #all: net.Socket[] = [];

  private constructor(listener: net.Server, port: number, acceptor: TlsAcceptor, caFile: string) {
    this.port = port;
    this.caFile = caFile;
    this.acceptor = acceptor;
    this.binding = acceptor.newBinding();
    this.#listener = listener;
    listener.on('connection', (socket: net.Socket) => {
      this.#all.push(socket);
      const taker = this.#waiting.shift();
      if (taker === undefined) this.#sockets.push(socket);
      else taker(socket);
    });
  }

  static async start({ engine = 'openssl', ...options }: TlsListenerOptions = {}): Promise<TlsListener> {
    const { server, caFile } = await testCertificates();
    const identity = new ServerIdentity({ cert: server.certPem, key: server.keyPem });
    const acceptor = selectEngine(engine).acceptor(parseServerPolicy({ identities: [identity], ...options }));
    const listener = net.createServer({ allowHalfOpen: true });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    return new TlsListener(listener, address.port, acceptor, caFile);
  }

  /** The next connection, as one of `binding`. */
  async accept(role: ConnectionRole, binding = this.binding): Promise<TlsChannel> {
    const socket = this.#sockets.shift() ?? (await new Promise<net.Socket>((resolve) => this.#waiting.push(resolve)));
    return this.acceptor.accept(new SocketChannel(socket), { role, binding });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#all) socket.destroy();
    this.#listener.close();
    await once(this.#listener, 'close');
  }
}
