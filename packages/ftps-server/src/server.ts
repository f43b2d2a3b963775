// The listener: sockets in, control connections out, and an end that waits for transfers.
import { EventEmitter, once } from 'node:events';
import net from 'node:net';
import { AbortedError, ConnectionError, SocketChannel, type ServerIdentity, type TlsEngine } from '@ftps-kit/tls-core';
import { MAX_TIMER_MS } from '@ftps-kit/tls-core/internal';
import { AccountSessions } from './account-sessions.js';
import type { ServerContext } from './command-row.js';
import { Connections } from './connections.js';
import { EventHub } from './event-hub.js';
import type { ListeningEvent, ServerEvents } from './events.js';
import { FileHashing } from './file-hashing.js';
import { GentleClosings } from './gentle-close.js';
import { LoginThrottle } from './login-throttle.js';
import { MetricsRecorder, type ServerMetrics } from './metrics.js';
import type { ListenAddress } from './options/listen-options.js';
import { parseIdentities, type IdentityInput } from './options/tls-options.js';
import { PassivePorts } from './passive-ports.js';
import { parseServerOptions, type FtpsServerOptions } from './server-options.js';
import { ServerRates } from './server-rates.js';

/** How a server ends. */
export interface CloseOptions {
  /** How long running transfers may take to end, seconds. Default 30; 0 ends them at once. */
  readonly graceSeconds?: number | undefined;
}

/** An FTP-over-TLS server. Made by `createFtpsServer`. */
export class FtpsServer extends EventEmitter<ServerEvents> implements AsyncDisposable {
  readonly #context: ServerContext;
  readonly #metrics = new MetricsRecorder();
  readonly #listeners: net.Server[] = [];
  readonly #connections: Connections;
  #addresses: readonly ListeningEvent[] = [];
  /** The `listen` under way, or the last one; never rejects. */
  #starting: Promise<unknown> = Promise.resolve();
  /** How often `close` was called: what began to listen before must not go on behind it. */
  #closes = 0;
  #identities: readonly [ServerIdentity, ...ServerIdentity[]];

  constructor(options: FtpsServerOptions) {
    super();
    const settings = parseServerOptions(options);
    this.#identities = settings.policy.identities;
    this.#context = {
      settings,
      identities: () => this.#identities,
      acceptor: settings.engine.acceptor(settings.policy),
      events: new EventHub(this, this.#metrics, settings.logger),
      passivePorts: new PassivePorts(settings.passivePorts, settings.limits),
      closings: new GentleClosings(),
      turnedAway: new GentleClosings(),
      accounts: new AccountSessions(),
      throttle: new LoginThrottle({
        delayMs: settings.limits.failedLoginDelayMs,
        maxDelayMs: settings.limits.maxFailedLoginDelayMs,
      }),
      rates: new ServerRates(settings.limits),
      hashing: new FileHashing(settings.limits),
    };
    this.#connections = new Connections(this.#context);
  }

  get engine(): TlsEngine {
    return this.#context.settings.engine;
  }

  /** Where it listens, in the order of the options; empty before `listen`. */
  get addresses(): readonly ListeningEvent[] {
    return this.#addresses;
  }

  /** Control connections at this moment. */
  get connectionCount(): number {
    return this.#connections.count;
  }

  /** Counters and gauges at this moment. */
  metrics(): ServerMetrics {
    const { sessions } = this.#connections;
    return this.#metrics.snapshot({
      connections: sessions.length,
      sessions: sessions.filter(({ login }) => login.state === 'logged-in').length,
      transfers: sessions.filter(({ transfer }) => transfer !== undefined).length,
      passivePorts: this.#context.passivePorts.inUse,
      certificateExpiresAt: Math.min(
        ...this.#identities.map(({ certificate }) => Date.parse(certificate.validTo) / 1000),
      ),
    });
  }

  /** SHA-256 fingerprint of the certificate shown to clients that name no host; what they pin. */
  get fingerprint256(): string {
    return this.#identities[0].fingerprint256;
  }

  /**
   * Shows other certificates from the next control connection on; sessions that are there keep theirs, data connections
   * included. Throws `ConfigError` where one is wrong or the engine cannot choose among several, and keeps the old ones.
   */
  replaceIdentities(identities: IdentityInput | readonly IdentityInput[]): void {
    const parsed = parseIdentities(identities);
    this.#context.acceptor.replaceIdentities(parsed);
    this.#identities = parsed;
  }

  /**
   * Checks client certificates against other revocation lists (PEM) from the next connection on; a list has to be replaced before
   * its time is over. Throws `ConfigError` where one is wrong or there is no `tls.clientCa`, and keeps the old ones.
   */
  replaceClientCrl(crl: string | readonly string[]): void {
    this.#context.acceptor.replaceClientCrl(crl);
  }

  /**
   * Begins to listen on every address. Rejects with `ConnectionError` when one cannot be had, and with `AbortedError` when
   * `close` is called meanwhile; it listens on none then.
   */
  listen(): Promise<readonly ListeningEvent[]> {
    const starting = this.#listenEverywhere();
    this.#starting = starting.catch(() => undefined);
    return starting;
  }

  async #listenEverywhere(): Promise<readonly ListeningEvent[]> {
    const addresses: ListeningEvent[] = [];
    const closes = this.#closes;
    try {
      for (const wanted of this.#context.settings.listen) {
        const address = (await this.#listenOn(wanted)).address();
        if (this.#closes !== closes) throw new AbortedError('the server was closed before it listened everywhere');
        const port = address !== null && typeof address === 'object' ? address.port : wanted.port;
        addresses.push({ address: wanted.host, port, mode: wanted.mode, engine: this.engine.name });
      }
    } catch (error) {
      this.#stopListening();
      // Where it is being closed already, transfers keep the time that they were given.
      if (this.#closes === closes) await this.#end(0);
      throw error;
    }
    this.#addresses = addresses;
    for (const address of addresses) this.#context.events.emit('listening', address);
    return addresses;
  }

  /**
   * Stops to listen, tells idle clients 421, lets transfers end, and after `graceSeconds` ends those too.
   * Resolves when nothing of the server is left open.
   */
  async close({ graceSeconds = 30 }: CloseOptions = {}): Promise<void> {
    this.#closes += 1;
    this.#stopListening();
    await this.#end(graceSeconds);
    await this.#starting;
  }

  #stopListening(): void {
    for (const listener of this.#listeners.splice(0)) listener.close();
  }

  /** Ends what is connected. */
  async #end(graceSeconds: number): Promise<void> {
    this.#connections.close();
    this.#context.throttle.endWaits();
    const patience = setTimeout(
      () => {
        this.#connections.destroy();
        this.#context.closings.destroy();
        this.#context.turnedAway.destroy();
      },
      Math.min(graceSeconds * 1000, MAX_TIMER_MS),
    );
    await this.#connections.over();
    await Promise.all([this.#context.closings.over(), this.#context.turnedAway.over()]);
    clearTimeout(patience);
    this.#addresses = [];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #listenOn({ host, port, mode, proxied }: ListenAddress): Promise<net.Server> {
    const listener = net.createServer({ allowHalfOpen: true }, (socket) => {
      this.#connections.arrive(new SocketChannel(socket), mode, proxied);
    });
    listener.listen({ host, port });
    try {
      await once(listener, 'listening');
    } catch (error) {
      throw new ConnectionError(`cannot listen on ${host}:${port}: ${reasonOf(error)}`, { cause: error });
    }
    // An accept that fails (no file descriptor is left) is no reason for the process to end.
    listener.on('error', (error) => {
      this.#context.events.fault('accept', error);
    });
    this.#listeners.push(listener);
    return listener;
  }
}

/** Makes a server; it listens when `listen` is called. Throws `ConfigError` for options that are wrong. */
export function createFtpsServer(options: FtpsServerOptions): FtpsServer {
  return new FtpsServer(options);
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return 'the port is in use; choose another one';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine does not have the address';
    case 'EACCES':
      return 'ports below 1024 need a privilege';
    default:
      return String(code ?? error);
  }
}
