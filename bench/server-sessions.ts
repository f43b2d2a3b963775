// What an idle session costs the server's process, and how fast sessions come: 1,000 and 10,000 logins, clients in a process of their own.
import { execFileSync } from 'node:child_process';
import { availableEngines, developmentIdentity } from '@ftps-kit/tls-core';
import type { Benchmark } from './benchmark.js';
import type { Contestant, Figures } from './measure.js';
import { SessionSide } from './session-side.js';

/** File descriptors that a process needs besides one a session. */
const SPARE_DESCRIPTORS = 100;

const COUNTS = [1_000, 10_000];

export const serverSessions: Benchmark = {
  name: 'server-sessions',
  title:
    'Idle sessions of a server, logged in over TLS 1.3: bytes each, and logins a second (both sides on this machine)',

  async contestants() {
    const identity = await developmentIdentity();
    const engines = availableEngines().map(({ name }) => name);
    const allowed = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }));
    return engines.flatMap((engine) =>
      COUNTS.map((count) => contestant(engine, Math.min(count, (allowed || Infinity) - SPARE_DESCRIPTORS), identity)),
    );
  },

  close: () => Promise.resolve(),
};

function contestant(
  engine: 'openssl' | 'node',
  count: number,
  identity: { readonly cert: string; readonly key: string },
): Contestant {
  return {
    name: `${engine}, ${count.toLocaleString('en')} sessions`,
    async run(): Promise<Figures> {
      await using server = new SessionSide();
      await using clients = new SessionSide();
      const { port } = await server.serve(engine, identity);
      // What comes with the first login is not a session's.
      await clients.logIn(engine, port, 20);
      const before = await server.weigh();
      const startedAt = performance.now();
      await clients.logIn(engine, port, count);
      const seconds = (performance.now() - startedAt) / 1000;
      const after = await server.weigh();
      const sessions = after.sessions - before.sessions;
      if (sessions !== count) throw new Error(`${sessions} of ${count} sessions are there`);
      const each = (of: 'rss' | 'heapUsed' | 'arrayBuffers'): number => (after[of] - before[of]) / count / 1024;
      return {
        'KiB a session': each('rss'),
        'heap KiB': each('heapUsed'),
        'buffers KiB': each('arrayBuffers'),
        'logins/s': count / seconds,
      };
    },
  };
}
