// A client that does exactly what it is told: each test says what goes on the wire, and when.
import { once } from 'node:events';
import net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import {
  LineFramer,
  ReplyParser,
  limits,
  parseExtendedPassiveReply,
  parsePassiveReply,
  type Reply,
} from '@ftps-kit/ftp-protocol';
import {
  SocketChannel,
  parseClientPolicy,
  selectEngine,
  type ByteChannel,
  type ClientBinding,
  type ServerIdentity,
  type TlsChannel,
  type TlsConnector,
  type TlsVersions,
} from '@ftps-kit/tls-core';
import { readAll } from './channel-bytes.js';

/** Where to connect, and whom to trust. */
export interface RawTarget {
  readonly host: string;
  readonly port: number;
  readonly caPem: string;
  readonly implicit: boolean;
  readonly user: string;
  readonly password: string;
}

export interface RawClientOptions {
  readonly versions?: TlsVersions | undefined;
  readonly alpn?: readonly string[] | undefined;
  /** The name to ask for. Default: localhost. */
  readonly serverName?: string | undefined;
  /** The certificate to show. Default: none. */
  readonly identity?: ServerIdentity | undefined;
  /** Where the control connection comes from, such as 127.0.0.2. */
  readonly localAddress?: string | undefined;
}

/** The TCP socket of a connection, to do what a well-behaved client would not, beside the channel on it. */
export interface RawConnection<Channel extends ByteChannel> {
  readonly socket: net.Socket;
  readonly channel: Channel;
}

/** A TCP connection; `localAddress` is who it comes from, such as 127.0.0.2. */
export async function connectTcp(
  { host, port }: { readonly host: string; readonly port: number },
  localAddress?: string,
): Promise<RawConnection<SocketChannel>> {
  const socket = net.connect({ host, port, allowHalfOpen: true, ...(localAddress && { localAddress }) });
  await once(socket, 'connect');
  return { socket, channel: new SocketChannel(socket) };
}

export class RawFtpClient implements AsyncDisposable {
  /** The tickets of this control connection. */
  readonly binding: ClientBinding;
  readonly connector: TlsConnector;
  readonly #target: RawTarget;
  #tcp: RawConnection<SocketChannel>;
  readonly #parser = new ReplyParser();
  #framer = new LineFramer({ maxLineBytes: limits.maxReplyLineBytes });
  #channel: ByteChannel;
  #tls: TlsChannel | undefined;

  private constructor(
    target: RawTarget,
    tcp: RawConnection<SocketChannel>,
    { versions, alpn, serverName, identity }: RawClientOptions,
  ) {
    this.#target = target;
    this.#tcp = tcp;
    this.#channel = tcp.channel;
    this.connector = selectEngine().connector(
      parseClientPolicy({ ca: target.caPem, versions, alpn, serverName, identity }),
    );
    this.binding = this.connector.newBinding();
  }

  /** Connects, and nothing else: under implicit TLS the handshake is `startTls`, else the greeting comes by `reply`. */
  static async connect(target: RawTarget, options: RawClientOptions = {}): Promise<RawFtpClient> {
    return new RawFtpClient(target, await connectTcp(target, options.localAddress), options);
  }

  /** Connects and reads the greeting, which comes in clear. */
  static async greeted(target: RawTarget, options: RawClientOptions = {}): Promise<RawFtpClient> {
    const client = await RawFtpClient.connect(target, options);
    await client.reply();
    return client;
  }

  /** Connects, secures, and reads the greeting. */
  static async secured(target: RawTarget, options: RawClientOptions = {}): Promise<RawFtpClient> {
    if (!target.implicit) {
      const client = await RawFtpClient.greeted(target, options);
      await client.expect(234, 'AUTH TLS');
      await client.startTls();
      return client;
    }
    const client = await RawFtpClient.connect(target, options);
    await client.startTls();
    await client.reply();
    return client;
  }

  /** Connects, secures, logs in, and asks for protected data connections and TYPE I. */
  static async loggedIn(target: RawTarget, options: RawClientOptions & { user?: string } = {}): Promise<RawFtpClient> {
    const client = await RawFtpClient.secured(target, options);
    await client.login(options.user ?? target.user, target.password);
    await client.expect(200, 'PBSZ 0');
    await client.expect(200, 'PROT P');
    await client.expect(200, 'TYPE I');
    return client;
  }

  /** The socket of the control connection. */
  get socket(): net.Socket {
    return this.#tcp.socket;
  }

  /** The TLS of the control connection. */
  get tls(): TlsChannel {
    if (this.#tls === undefined) throw new Error('the control connection is not protected yet');
    return this.#tls;
  }

  /** The client's part of the TLS handshake on the control connection. */
  async startTls(): Promise<TlsChannel> {
    this.#tls = await this.connector.connect(this.#tcp.channel, {
      role: 'control',
      host: 'localhost',
      binding: this.binding,
      timeoutMs: 5_000,
    });
    this.#channel = this.#tls;
    return this.#tls;
  }

  /** Ends TLS on the control connection, which goes on in clear. */
  async endTls(): Promise<void> {
    const channel = await this.tls.endTls({ timeoutMs: 5_000 });
    this.#tcp = { socket: this.#tcp.socket, channel };
    this.#channel = channel;
    this.#tls = undefined;
  }

  /** Sends these bytes in one piece. */
  send(bytes: string | Uint8Array): Promise<void> {
    return this.#channel.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  }

  /** The next reply; rejects when the connection ends first. */
  async reply(): Promise<Reply> {
    const buffer = new Uint8Array(4096);
    for (;;) {
      for (let line = this.#framer.next(); line !== undefined; line = this.#framer.next()) {
        const reply = this.#parser.push(line);
        if (reply !== undefined) return reply;
      }
      const count = await this.#channel.read(buffer);
      if (count === 0) throw new Error('the server ended the control connection');
      this.#framer.push(buffer.subarray(0, count));
    }
  }

  /** Sends a command and reads one reply. */
  async command(line: string): Promise<Reply> {
    await this.send(`${line}\r\n`);
    return this.reply();
  }

  /** A command that has to be answered with this code, for what a test only builds on. */
  async expect(code: number, line: string): Promise<Reply> {
    const reply = await this.command(line);
    if (reply.code !== code) throw new Error(`${line}: expected ${code}, got ${reply.code} ${reply.lines.join(' | ')}`);
    return reply;
  }

  async login(user = this.#target.user, password = this.#target.password): Promise<void> {
    await this.expect(331, `USER ${user}`);
    await this.expect(230, `PASS ${password}`);
    // The tickets of TLS 1.3 lie before these replies on the wire; node:tls tells of them a moment later.
    await setImmediate();
  }

  /** What still comes until the server ends the control connection; an abrupt end counts as one. */
  async rest(): Promise<string> {
    return (await readAll(this.#channel).catch(() => Buffer.alloc(0))).toString();
  }

  /** The port of a new EPSV. */
  async extendedPassive(): Promise<number> {
    return parseExtendedPassiveReply(text(await this.expect(229, 'EPSV')));
  }

  /** The port of a new PASV. */
  async passive(): Promise<number> {
    return parsePassiveReply(text(await this.expect(227, 'PASV'))).port;
  }

  /** The TCP connection of a data connection, on which nothing was sent yet. */
  dataTcp(port: number, localAddress?: string): Promise<RawConnection<SocketChannel>> {
    return connectTcp({ host: this.#target.host, port }, localAddress);
  }

  /** TLS on a data connection, with this client's tickets, another's, or (`none`) no ticket at all. */
  dataTls(tcp: RawConnection<SocketChannel>, tickets: ClientBinding | 'none' = this.binding): Promise<TlsChannel> {
    const binding = tickets === 'none' ? this.connector.newBinding() : tickets;
    return this.connector.connect(tcp.channel, { role: 'data', host: 'localhost', binding, timeoutMs: 5_000 });
  }

  /** EPSV and a protected data connection that the transfer command may follow. */
  async openData(tickets: ClientBinding | 'none' = this.binding): Promise<RawConnection<TlsChannel>> {
    const tcp = await this.dataTcp(await this.extendedPassive());
    return { socket: tcp.socket, channel: await this.dataTls(tcp, tickets) };
  }

  /** Downloads by `command` (RETR, LIST, …): what came, and the final reply. */
  async download(command: string): Promise<{ readonly bytes: Buffer; readonly reply: Reply }> {
    const { channel } = await this.openData();
    await this.expect(150, command);
    const bytes = await readAll(channel);
    await channel.end();
    const reply = await this.reply();
    channel.destroy();
    return { bytes, reply };
  }

  /** Uploads by `command` (STOR …), and gives the final reply. */
  async upload(command: string, content: string | Uint8Array): Promise<Reply> {
    const { channel } = await this.openData();
    await this.expect(150, command);
    await channel.write(Buffer.from(content));
    await channel.end();
    const reply = await this.reply();
    channel.destroy();
    return reply;
  }

  /** Ends the connection without a word. */
  destroy(): void {
    this.#channel.destroy();
    this.#tcp.socket.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.destroy();
    return Promise.resolve();
  }
}

/** All of a reply's text. */
export function text({ lines }: Reply): string {
  return lines.join('\n');
}
