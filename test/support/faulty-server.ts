// An FTP server with files in memory that does everything right, but for what a test takes out of its hands.
import { createHash } from 'node:crypto';
import { encodeTime, parseTime } from '@ftps-kit/ftp-protocol';
import type { ByteChannel } from '@ftps-kit/tls-core';
import { FtpsClient, type FtpsClientOptions } from '@ftps-kit/ftps-client';
import { scriptedOptions } from './scripted-client.js';
import { scriptedServer, type ScriptedData, type ScriptedPeer, type ScriptedServer } from './scripted-server.js';

export interface RemoteFile {
  bytes: Buffer;
  modifiedAt: Date;
}

/** One command, while it can still be answered in another way than the right one. */
export interface Incoming {
  readonly verb: string;
  readonly argument: string;
  /** Which control connection it came on, from 1. */
  readonly login: number;
  /** How often this verb has come by now, over all of them. */
  readonly count: number;
  readonly peer: ScriptedPeer;
  /** What the EPSV before it opened. */
  readonly data: ScriptedData | undefined;
  /** What the REST before it said. */
  readonly offset: number;
}

/** Answers a command in its own way and gives true; or leaves it to the server. */
export type Fault = (command: Incoming, server: FaultyServer) => Promise<boolean> | boolean;

export interface FaultyServerOptions {
  readonly tls?: boolean;
  /** Default: SIZE, MDTM, REST; without any hash. */
  readonly features?: string[];
  readonly fault?: Fault;
}

export const PLAIN_FEATURES: readonly string[] = ['EPSV', 'SIZE', 'MDTM', 'REST STREAM'];
export const HASHING_FEATURES: readonly string[] = [...PLAIN_FEATURES, 'HASH SHA-1*;SHA-256;MD5', 'RANG STREAM'];
export const LAST_YEAR = new Date('2025-06-07T08:09:10Z');

const NODE_NAMES: Readonly<Record<string, string>> = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', MD5: 'md5' };

export class FaultyServer implements AsyncDisposable {
  readonly files = new Map<string, RemoteFile>();
  /** What can be entered. It has no names of its own: what lies in a folder has its path. */
  readonly folders = new Set(['/']);
  readonly #counts = new Map<string, number>();
  readonly #fault: Fault;
  #logins = 0;
  #server: ScriptedServer | undefined;

  private constructor(fault: Fault) {
    this.#fault = fault;
  }

  static async start({ tls = true, features = [...PLAIN_FEATURES], fault = () => false }: FaultyServerOptions = {}) {
    const server = new FaultyServer(fault);
    server.#server = await scriptedServer(async (peer) => {
      const login = (server.#logins += 1);
      await peer.login({ tls, features });
      await new Session(server, peer, login).run();
    });
    return server;
  }

  put(path: string, bytes: Uint8Array | string, modifiedAt = LAST_YEAR): void {
    this.files.set(path, { bytes: Buffer.from(bytes), modifiedAt });
  }

  bytes(path: string): Buffer | undefined {
    return this.files.get(path)?.bytes;
  }

  /** Logins that were made. */
  get logins(): number {
    return this.#logins;
  }

  /** All that was sent behind the logins, without what belongs to data connections. */
  get commands(): readonly string[] {
    const noise = /^(?:USER|PASS|PBSZ|PROT|FEAT|AUTH|TYPE|EPSV|QUIT|OPTS UTF8)\b/;
    return this.#running.lines.filter((line) => !noise.test(line));
  }

  get #running(): ScriptedServer {
    if (this.#server === undefined) throw new Error('it does not run');
    return this.#server;
  }

  options(tls = true): Promise<FtpsClientOptions> {
    return scriptedOptions(this.#running, tls);
  }

  async fault(command: Omit<Incoming, 'count'>): Promise<boolean> {
    const count = (this.#counts.get(command.verb) ?? 0) + 1;
    this.#counts.set(command.verb, count);
    return this.#fault({ ...command, count }, this);
  }

  close(): Promise<void> {
    return this.#running.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Lends a client on such a server, and fails where either side does. */
export async function withFaultyServer(
  {
    tls = true,
    files = {},
    options = {},
    ...rest
  }: FaultyServerOptions & {
    readonly files?: Readonly<Record<string, Uint8Array | string>>;
    readonly options?: Partial<FtpsClientOptions>;
  },
  work: (client: FtpsClient, server: FaultyServer) => Promise<void>,
): Promise<void> {
  await using server = await FaultyServer.start({ tls, ...rest });
  for (const [path, bytes] of Object.entries(files)) server.put(path, bytes);
  await using client = await FtpsClient.connect({ ...(await server.options(tls)), ...options });
  await work(client, server);
}

class Session {
  readonly #server: FaultyServer;
  readonly #peer: ScriptedPeer;
  readonly #login: number;
  #data: ScriptedData | undefined;
  #offset = 0;
  #range: { readonly start: number; readonly end: number } | undefined;
  #algorithm = 'SHA-1';
  #from = '';

  constructor(server: FaultyServer, peer: ScriptedPeer, login: number) {
    this.#server = server;
    this.#peer = peer;
    this.#login = login;
  }

  async run(): Promise<void> {
    for (let line = await this.#peer.line(); line !== undefined; line = await this.#peer.line()) {
      const space = line.indexOf(' ');
      const verb = space === -1 ? line : line.slice(0, space);
      const argument = space === -1 ? '' : line.slice(space + 1);
      const command = {
        ...{ verb, argument, login: this.#login, peer: this.#peer },
        ...{ data: this.#data, offset: this.#offset },
      };
      if (await this.#server.fault(command)) continue;
      const reply = await this.#answer(verb, argument);
      if (reply !== undefined) await this.#peer.say(`${reply}\r\n`).catch(() => undefined);
      if (verb === 'QUIT') return;
    }
  }

  async #answer(verb: string, argument: string): Promise<string | undefined> {
    const file = this.#server.files.get(argument);
    switch (verb) {
      case 'EPSV':
        this.#data = await this.#peer.listenForData();
        return `229 listening (|||${this.#data.port}|)`;
      case 'SIZE':
        return file === undefined ? '550 no such file' : `213 ${file.bytes.length}`;
      case 'MDTM':
        return file === undefined ? '550 no such file' : `213 ${encodeTime(file.modifiedAt)}`;
      case 'MFMT':
        return this.#setTime(argument);
      case 'REST':
        this.#offset = Number(argument);
        return '350 go on';
      case 'RETR':
        return this.#retrieve(file);
      case 'STOR':
      case 'APPE':
        return this.#store(argument, verb);
      case 'PWD':
        return '257 "/" is where you are';
      case 'CWD':
        return this.#server.folders.has(argument) ? '250 you are there' : '550 no such folder';
      case 'DELE':
        return this.#server.files.delete(argument) ? '250 gone' : '550 no such file';
      case 'RNFR':
        this.#from = argument;
        return file === undefined ? '550 no such file' : '350 to what';
      case 'RNTO':
        return this.#rename(argument);
      case 'OPTS':
        this.#algorithm = argument.replace(/^HASH /, '');
        return `200 ${this.#algorithm}`;
      case 'RANG': {
        const [start = 0, end = 0] = argument.split(' ').map(Number);
        this.#range = start > end ? undefined : { start, end };
        return '350 range';
      }
      case 'HASH':
        return this.#hash(argument, file);
      case 'XMD5':
        return file === undefined
          ? '550 no'
          : `250 ${createHash('md5').update(file.bytes).digest('hex').toUpperCase()}`;
      case 'ABOR':
        return '226 aborted';
      case 'FEAT':
        return '211 none';
      case 'NOOP':
        return '200 ok';
      case 'QUIT':
        return '221 bye';
      default:
        return '502 not here';
    }
  }

  async #retrieve(file: RemoteFile | undefined): Promise<string> {
    if (file === undefined || this.#data === undefined) return '550 no such file';
    await this.#peer.say('150 here it comes\r\n');
    const { start, end } = this.#takeRange() ?? { start: this.#takeOffset(), end: file.bytes.length - 1 };
    const bytes = file.bytes.subarray(start, end + 1);
    try {
      await this.#peer.send(this.#data, bytes);
    } catch {
      return '426 the connection broke';
    }
    return '226 done';
  }

  async #store(path: string, verb: 'STOR' | 'APPE'): Promise<string> {
    if (this.#data === undefined) return '425 no';
    const offset = this.#takeOffset();
    const old = this.#server.bytes(path) ?? Buffer.alloc(0);
    const before = verb === 'APPE' ? old : old.subarray(0, offset);
    await this.#peer.say('150 go on\r\n');
    let channel: ByteChannel;
    try {
      channel = await this.#data.channel();
    } catch {
      return '425 nobody came';
    }
    const { bytes, whole } = await receiveAll(channel);
    this.#server.put(path, Buffer.concat([before, bytes]), new Date('2026-01-02T03:04:05Z'));
    return whole ? '226 done' : '426 the connection broke';
  }

  #rename(to: string): string {
    const file = this.#server.files.get(this.#from);
    if (file === undefined) return '503 rename what';
    this.#server.files.delete(this.#from);
    this.#server.files.set(to, file);
    return '250 renamed';
  }

  #setTime(argument: string): string {
    const [, time = '', path = ''] = /^(\d+) (.*)$/.exec(argument) ?? [];
    const file = this.#server.files.get(path);
    if (file === undefined) return '550 no such file';
    file.modifiedAt = parseTime(time);
    return `213 Modify=${time}; ${path}`;
  }

  #hash(path: string, file: RemoteFile | undefined): string {
    if (file === undefined) return '550 no such file';
    const { start, end } = this.#takeRange() ?? { start: 0, end: file.bytes.length - 1 };
    const hash = createHash(NODE_NAMES[this.#algorithm] ?? 'sha1').update(file.bytes.subarray(start, end + 1));
    return `213 ${this.#algorithm} ${start}-${end} ${hash.digest('hex')} ${path}`;
  }

  #takeRange(): { readonly start: number; readonly end: number } | undefined {
    const range = this.#range;
    this.#range = undefined;
    return range;
  }

  #takeOffset(): number {
    const offset = this.#offset;
    this.#offset = 0;
    return offset;
  }
}

/** What came, and whether its end was the one that TLS wants. */
export async function receiveAll(channel: ByteChannel): Promise<{ readonly bytes: Buffer; readonly whole: boolean }> {
  const chunks: Buffer[] = [];
  const buffer = Buffer.alloc(64 * 1024);
  try {
    for (let count = await channel.read(buffer); count > 0; count = await channel.read(buffer)) {
      chunks.push(Buffer.from(buffer.subarray(0, count)));
    }
    await channel.end();
    return { bytes: Buffer.concat(chunks), whole: true };
  } catch {
    return { bytes: Buffer.concat(chunks), whole: false };
  } finally {
    channel.destroy();
  }
}
