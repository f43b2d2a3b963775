// A server that plays a script: it expects these lines and says those, right or wrong, for what no real server does on demand.
import net from 'node:net';
import { once } from 'node:events';
import { LineFramer, decodeText } from '@ftps-kit/ftp-protocol';
import {
  ServerIdentity,
  SocketChannel,
  parseServerPolicy,
  selectEngine,
  type ByteChannel,
  type ServerBinding,
  type ServerTlsOptions,
  type TlsAcceptor,
} from '@ftps-kit/tls-core';
import { testCertificates } from './certificates.js';
import { readAll } from './channel-bytes.js';

/** What plays on one control connection; its end leaves the connection open, and what it throws fails `close()`. */
export type Script = (peer: ScriptedPeer) => Promise<void>;

export interface ScriptedServer extends AsyncDisposable {
  readonly port: number;
  /** Every line that any client sent on a control connection, in order. */
  readonly lines: readonly string[];
  /** What the first script that failed so far threw. */
  readonly failure: unknown;
  /** Waits for the scripts that were begun, and fails where one of them did. */
  close(): Promise<void>;
}

/** Plays `script` to each client that connects. */
export async function scriptedServer(script: Script, tls: Partial<ServerTlsOptions> = {}): Promise<ScriptedServer> {
  const { server: identity } = await testCertificates();
  const shown = new ServerIdentity({ cert: identity.certPem, key: identity.keyPem });
  const acceptor = selectEngine().acceptor(parseServerPolicy({ identities: [shown], ...tls }));
  const lines: string[] = [];
  const peers: ScriptedPeer[] = [];
  const playing: Promise<void>[] = [];
  let failure: unknown;
  const listener = net.createServer({ allowHalfOpen: true }, (socket) => {
    const peer = new ScriptedPeer(new SocketChannel(socket), acceptor, lines);
    peers.push(peer);
    const played = script(peer);
    played.catch((error: unknown) => {
      failure ??= error;
      peer.destroy();
    });
    playing.push(played);
  });
  const port = await listen(listener);
  const close = async (): Promise<void> => {
    listener.close();
    try {
      await Promise.all(playing);
    } finally {
      for (const peer of peers) peer.destroy();
    }
  };
  return {
    port,
    lines,
    get failure() {
      return failure;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The server's end of one control connection. */
export class ScriptedPeer {
  readonly lines: string[];
  readonly #transport: SocketChannel;
  readonly #acceptor: TlsAcceptor;
  readonly #binding: ServerBinding;
  readonly #dataListeners: net.Server[] = [];
  readonly #dataSockets: net.Socket[] = [];
  #channel: ByteChannel;
  #framer = new LineFramer({ maxLineBytes: 10_000 });
  #isProtected = false;

  constructor(transport: SocketChannel, acceptor: TlsAcceptor, lines: string[]) {
    this.#transport = transport;
    this.#channel = transport;
    this.#acceptor = acceptor;
    this.#binding = acceptor.newBinding();
    this.lines = lines;
  }

  /** The next line; undefined where the client is gone. */
  async line(): Promise<string | undefined> {
    const buffer = Buffer.alloc(4096);
    for (;;) {
      const line = this.#framer.next();
      if (line?.kind === 'line') {
        // A byte that is no UTF-8 is U+DC80 to U+DCFF.
        const text = decodeText(line.bytes, 'utf-8-or-bytes');
        this.lines.push(text);
        return text;
      }
      const count = await this.#channel.read(buffer).catch(() => 0);
      if (count === 0) return undefined;
      this.#framer.push(buffer.subarray(0, count));
    }
  }

  /** Says text as it is; the script writes the line ends. */
  async say(text: string): Promise<void> {
    await this.sayBytes(Buffer.from(text));
  }

  async sayBytes(bytes: Uint8Array): Promise<void> {
    await this.#channel.write(bytes);
  }

  /** Expects exactly this line, and answers; without an answer it stays silent. */
  async on(expected: string | RegExp, answer?: string): Promise<void> {
    const line = await this.line();
    const matches = typeof expected === 'string' ? line === expected : line !== undefined && expected.test(line);
    if (!matches) throw new Error(`the script expects ${String(expected)}, but the client sent ${String(line)}`);
    if (answer !== undefined) await this.say(`${answer}\r\n`);
  }

  /** Does the server's part of AUTH TLS. */
  async upgrade(): Promise<void> {
    await this.on('AUTH TLS', '234 go ahead');
    await this.secure();
  }

  /** Takes a ClientHello for a command, and answers in clear. */
  async mistakeHello(): Promise<void> {
    await this.#channel.read(Buffer.alloc(4096));
    await this.say('500 what?\r\n');
  }

  /** Does the TLS handshake. */
  async secure(): Promise<void> {
    this.#channel = await this.#acceptor.accept(this.#transport, { role: 'control', binding: this.#binding });
    this.#framer = new LineFramer({ maxLineBytes: 10_000 });
    this.#isProtected = true;
  }

  /** Greets, and takes a login with the given features. */
  async login({ tls = false, features = ['EPSV', 'SIZE', 'MLST type*;size*;'] } = {}): Promise<void> {
    await this.say('220 scripted\r\n');
    if (tls) await this.upgrade();
    await this.on('USER alice', '331 password');
    await this.on('PASS secret', '230 in');
    if (tls) {
      await this.on('PBSZ 0', '200 ok');
      await this.on('PROT P', '200 ok');
    }
    await this.on('FEAT', ['211-Features', ...features.map((feature) => ` ${feature}`), '211 End'].join('\r\n'));
    await this.on('TYPE I', '200 ok');
    if (features.includes('UTF8')) await this.on('OPTS UTF8 ON', '200 ok');
  }

  /** Expects ABOR, answers, and lets the client find out where the replies end. */
  async abort(answer: string): Promise<void> {
    await this.on('ABOR', answer);
    await this.on('FEAT', '211 no features');
  }

  /** Listens for one data connection and gives its port. */
  async listenForData(): Promise<ScriptedData> {
    const listener = net.createServer({ allowHalfOpen: true });
    this.#dataListeners.push(listener);
    const port = await listen(listener);
    const connected = once(listener, 'connection').then(([socket]) => {
      listener.close();
      this.#dataSockets.push(socket as net.Socket);
      return socket as net.Socket;
    });
    connected.catch(() => undefined);
    return {
      port,
      socket: () => connected,
      channel: async (binding = this.#binding) => {
        const transport = new SocketChannel(await connected);
        return this.#isProtected ? await this.#acceptor.accept(transport, { role: 'data', binding }) : transport;
      },
    };
  }

  /** Expects EPSV and answers with a port that listens. */
  async passive(): Promise<ScriptedData> {
    const data = await this.listenForData();
    await this.on('EPSV', `229 listening (|||${data.port}|)`);
    return data;
  }

  /** Sends all of this on a data connection and ends it as it should be. */
  async send(data: ScriptedData, bytes: Uint8Array | string): Promise<void> {
    const channel = await data.channel();
    await channel.write(Buffer.from(bytes));
    await channel.end();
    await readAll(channel).catch(() => undefined);
    channel.destroy();
  }

  /** A binding of some other control connection. */
  otherBinding(): ServerBinding {
    return this.#acceptor.newBinding();
  }

  /** Drops everything at once. */
  destroy(): void {
    for (const listener of this.#dataListeners) listener.close();
    for (const socket of this.#dataSockets) socket.destroy();
    this.#channel.destroy();
    this.#transport.destroy();
  }
}

export interface ScriptedData {
  readonly port: number;
  /** The socket, to do with what is wrong. */
  socket(): Promise<net.Socket>;
  /** The data connection, with TLS where the control connection has it; `binding` says to whose tickets it belongs. */
  channel(binding?: ServerBinding): Promise<ByteChannel>;
}

async function listen(listener: net.Server): Promise<number> {
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
