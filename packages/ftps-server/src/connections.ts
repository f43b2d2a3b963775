// The control connections of a server: who is let in, who gives way to a newer one, and how all of them end.
import { ReplyCode, encodeReply } from '@ftps-kit/ftp-protocol';
import { LimitError, TimeoutError, type SocketChannel } from '@ftps-kit/tls-core';
import { clientNetwork } from './client-network.js';
import type { ServerContext } from './command-row.js';
import { ControlConnection, type Caller } from './control-connection.js';
import type { ControlMode, RefusalReason } from './events.js';
import { tellLimit } from './limit-event.js';
import { MAX_GENTLE_CLOSINGS, type LimitName } from './limits.js';
import { readProxyHeader } from './proxied-client.js';
import { ProxyHeaderError } from './proxy-header.js';
import type { Session } from './session.js';

export class Connections {
  readonly #server: ServerContext;
  readonly #served = new Map<ControlConnection, Promise<void>>();
  /** Those on which nobody has logged in yet, and some on which somebody has meanwhile; the oldest first. */
  readonly #pending = new Set<ControlConnection>();
  /** Told to give way, and not gone yet. */
  readonly #leaving = new Set<ControlConnection>();
  readonly #perNetwork = new Map<string, number>();
  /** Those whose PROXY header is still to come. */
  readonly #arriving = new Map<SocketChannel, Promise<void>>();
  #closing = new AbortController();

  constructor(server: ServerContext) {
    this.#server = server;
  }

  get count(): number {
    return this.#served.size;
  }

  get sessions(): readonly Session[] {
    return [...this.#served.keys()].map(({ session }) => session);
  }

  /** A TCP connection came; `proxied` where the PROXY protocol has to say from whom. */
  arrive(tcp: SocketChannel, mode: ControlMode, proxied: boolean): void {
    if (this.#closing.signal.aborted) {
      tcp.destroy();
      return;
    }
    if (!proxied) {
      this.#admit(tcp, mode, { client: tcp.remote, reached: tcp.local });
      return;
    }
    const arriving = this.#behindProxy(tcp, mode).finally(() => {
      this.#arriving.delete(tcp);
    });
    this.#arriving.set(tcp, arriving);
  }

  /** Takes no more of them; each ends after the command under way, or by `destroy`. */
  close(): void {
    this.#closing.abort();
    for (const connection of this.#served.keys()) connection.close();
  }

  /** Ends all at once. */
  destroy(): void {
    for (const connection of this.#served.keys()) connection.destroy();
  }

  /** Resolves when all of them have ended; then others may come again. */
  async over(): Promise<void> {
    await Promise.all([...this.#arriving.values(), ...this.#served.values()]);
    this.#closing = new AbortController();
  }

  async #behindProxy(tcp: SocketChannel, mode: ControlMode): Promise<void> {
    const { proxyProtocol, limits } = this.#server.settings;
    if (proxyProtocol?.trusted.has(tcp.remote.address) !== true) {
      this.#refuse(tcp, 'untrusted-proxy', 'only proxies may connect to this address');
      return;
    }
    if (this.#arriving.size >= limits.maxPendingLogins) {
      this.#turnAway(tcp, mode, 'maxPendingLogins', tcp.remote);
      return;
    }
    const deadline = { timeoutMs: limits.proxyHeaderTimeoutMs, signal: this.#closing.signal };
    try {
      const header = await readProxyHeader(tcp, deadline);
      this.#admit(tcp, mode, header.kind === 'proxied' ? header : { client: tcp.remote, reached: tcp.local });
    } catch (error) {
      tcp.destroy();
      const who = { id: '', client: tcp.remote };
      if (error instanceof TimeoutError) tellLimit(this.#server, who, 'proxyHeaderTimeoutMs', error.message);
      if (error instanceof ProxyHeaderError) this.#refuse(tcp, 'proxy-header', error.message);
    }
  }

  #refuse(tcp: SocketChannel, reason: RefusalReason, detail: string): void {
    this.#server.events.emit('refusal', { id: '', client: tcp.remote, reason, detail });
    tcp.destroy();
  }

  #admit(tcp: SocketChannel, mode: ControlMode, caller: Caller): void {
    const network = clientNetwork(caller.client.address);
    const limit = this.#makeRoom(network);
    if (limit !== undefined) {
      this.#turnAway(tcp, mode, limit, caller.client);
      return;
    }
    const connection = new ControlConnection(this.#server, tcp, mode, caller);
    this.#pending.add(connection);
    this.#countIn(network, 1);
    const served = connection.serve().finally(() => {
      this.#served.delete(connection);
      this.#pending.delete(connection);
      this.#leaving.delete(connection);
      this.#countIn(network, -1);
    });
    this.#served.set(connection, served);
  }

  /**
   * Who has logged in is never put out for a newcomer; who has not gives way, the oldest first, so that connections which
   * only wait cannot keep others out. Gives the limit that leaves no room.
   */
  #makeRoom(network: string): LimitName | undefined {
    const { maxConnections, maxConnectionsPerAddress, maxPendingLogins } = this.#server.settings.limits;
    if ((this.#perNetwork.get(network) ?? 0) >= maxConnectionsPerAddress) return 'maxConnectionsPerAddress';
    const isFull = this.#served.size - this.#leaving.size >= maxConnections;
    if (!isFull && this.#pending.size < maxPendingLogins) return undefined;
    for (const connection of this.#pending) {
      if (connection.session.login.state === 'logged-in') this.#pending.delete(connection);
    }
    const [oldest] = this.#pending;
    if (isFull) {
      if (oldest === undefined) return 'maxConnections';
      this.#giveWay(oldest, 'maxConnections');
    } else if (oldest !== undefined && this.#pending.size >= maxPendingLogins) {
      this.#giveWay(oldest, 'maxPendingLogins');
    }
    return undefined;
  }

  #giveWay(connection: ControlConnection, limit: LimitName): void {
    this.#pending.delete(connection);
    this.#leaving.add(connection);
    tellLimit(this.#server, connection.session, limit, 'had not logged in, and gave way to a newer connection');
    connection.destroy(new LimitError('the connection gave way to a newer one before its login'));
  }

  #turnAway(tcp: SocketChannel, mode: ControlMode, limit: LimitName, client: Caller['client']): void {
    const whose = limit === 'maxConnectionsPerAddress' ? 'from this address ' : '';
    const value = this.#server.settings.limits[limit];
    tellLimit(this.#server, { id: '', client }, limit, `${value} connections ${whose}are open`);
    const { turnedAway } = this.#server;
    // A flood is owed no manners.
    if (turnedAway.size >= MAX_GENTLE_CLOSINGS) {
      tcp.destroy();
      return;
    }
    // With implicit TLS a reply in clear would only confuse.
    if (mode === 'explicit') {
      const text = `Too many connections${whose === '' ? '' : ' from your address'}; try again later.`;
      // Who is gone already needs no answer.
      tcp.write(encodeReply(ReplyCode.ServiceNotAvailable, text)).catch(() => undefined);
    }
    void turnedAway.begin(tcp);
  }

  #countIn(network: string, change: 1 | -1): void {
    const count = (this.#perNetwork.get(network) ?? 0) + change;
    if (count === 0) this.#perNetwork.delete(network);
    else this.#perNetwork.set(network, count);
  }
}
