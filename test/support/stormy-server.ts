// Our own server behind a fault proxy, and what logs in through it.
import { setTimeout as delay } from 'node:timers/promises';
import type { FtpsClientOptions } from '@ftps-kit/ftps-client';
import { FaultProxy } from './fault-proxy.js';
import { ownOptions } from './own-client.js';
import { TestServer, type TestServerOptions } from './test-server.js';

const PASSIVE_PORTS = 48;
/** For so long a server may take dead connections for living ones, on a machine that is busy. */
const NOTICED_MS = 20_000;

export class StormyServer implements AsyncDisposable {
  readonly server: TestServer;
  readonly proxy: FaultProxy;

  private constructor(server: TestServer, proxy: FaultProxy) {
    this.server = server;
    this.proxy = proxy;
  }

  static async start(options: TestServerOptions = {}): Promise<StormyServer> {
    // Below the ports that systems give out by themselves.
    const first = 10_000 + Math.floor(Math.random() * 20_000);
    const passivePorts = [first, first + PASSIVE_PORTS - 1] as const;
    const server = await TestServer.start({ ...options, passivePorts });
    try {
      const target = { host: '127.0.0.1', port: server.port };
      return new StormyServer(server, await FaultProxy.start({ target, passivePorts }));
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What logs in through the proxy. */
  get options(): FtpsClientOptions {
    const { caPem } = this.server;
    const { host, port } = this.proxy;
    return { ...ownOptions(this.server), host, port, tls: { ca: caPem, serverName: 'localhost' } };
  }

  /** Ends all connections, and waits until the server has noticed, which it does after it said so; rejects where it does not. */
  async clear(): Promise<void> {
    this.proxy.clear();
    const { server } = this.server;
    const deadline = performance.now() + NOTICED_MS;
    while (server.connectionCount > 0) {
      if (performance.now() > deadline) throw new Error(`the server keeps ${server.connectionCount} dead connections`);
      await delay(1);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
