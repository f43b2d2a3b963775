// One running server for all tests of a suite: emptied behind each of them, and known to the clients that come later.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ServerMemory } from '@ftps-kit/ftps-client';
import { requirePeer } from '../../support/peers/peer.js';
import type { RealServer, RunningServer } from './real-server.js';

/**
 * Starts a server before the tests of the suite that calls this, and ends it behind them. Each test finds it empty. What its
 * clients learn of it (`memory`) is shared, since to find out anew costs every login on ftp-srv two seconds; a test that is
 * about a first contact takes a memory of its own.
 */
export function serverOfSuite(real: RealServer, options: Parameters<RealServer['start']>[0] = {}): () => RunningServer {
  let running: RunningServer | undefined;

  const server = (): RunningServer => {
    if (running === undefined) throw new Error('the server runs while the tests of its suite do');
    return running;
  };

  before(async function () {
    requirePeer(this, real.peer);
    running = { ...(await real.start(options)), memory: new ServerMemory() };
  });

  afterEach(() => {
    const { root } = server();
    for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true, force: true });
  });

  after(async () => {
    await running?.[Symbol.asyncDispose]();
  });

  return server;
}
