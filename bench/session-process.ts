// A process of `server-sessions`: the server, or the clients of it. Takes its task as a message, and answers each.
import { once } from 'node:events';
import { MemoryFileSystem, createFtpsServer, type FtpsServer } from '@ftps-kit/ftps-server';
import {
  SocketChannel,
  parseClientPolicy,
  selectEngine,
  type ByteChannel,
  type TlsConnector,
} from '@ftps-kit/tls-core';
import type { Memory, SessionTask } from './session-side.js';

/** Logins under way at a time: more would only wait for each other. */
const LOGINS_AT_A_TIME = 50;

let server: FtpsServer | undefined;
/** The clients' ends, so that nothing of them is collected. */
const held: ByteChannel[] = [];

process.on('message', (task: SessionTask) => {
  work(task).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function work(task: SessionTask): Promise<object> {
  switch (task.do) {
    case 'serve':
      return { port: await serve(task.engine, task.cert, task.key) };
    case 'log in':
      await logIn(task);
      return {};
    case 'weigh':
      return weigh();
  }
}

async function serve(engine: 'openssl' | 'node', cert: string, key: string): Promise<number> {
  const fileSystem = new MemoryFileSystem();
  server = createFtpsServer({
    ...{ tls: { cert, key }, engine },
    authenticate: ({ user }) => ({ name: user, fileSystem }),
    limits: { maxConnections: 100_000, maxConnectionsPerAddress: 100_000, idleTimeoutMs: 3_600_000 },
  });
  const [address] = await server.listen();
  return address?.port ?? 0;
}

async function logIn({ port, count, engine }: Extract<SessionTask, { do: 'log in' }>): Promise<void> {
  const policy = parseClientPolicy({ dangerouslyAcceptAnyCertificate: true });
  const connector = selectEngine(engine).connector(policy);
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) held.push(await oneLogin(connector, port));
  };
  await Promise.all(Array.from({ length: LOGINS_AT_A_TIME }, worker));
}

async function oneLogin(connector: TlsConnector, port: number): Promise<ByteChannel> {
  const host = '127.0.0.1';
  const tcp = await SocketChannel.connect({ host, port });
  await reply(tcp);
  await tcp.write(Buffer.from('AUTH TLS\r\n'));
  await reply(tcp);
  const channel = await connector.connect(tcp, { role: 'control', host: 'localhost', binding: connector.newBinding() });
  for (const command of ['USER x', 'PASS x', 'PBSZ 0', 'PROT P', 'TYPE I']) {
    await channel.write(Buffer.from(`${command}\r\n`));
    await reply(channel);
  }
  return channel;
}

/** All of these replies have one line. */
async function reply(channel: ByteChannel): Promise<void> {
  const into = Buffer.alloc(512);
  let text = '';
  while (!text.endsWith('\r\n')) {
    const count = await channel.read(into);
    if (count === 0) throw new Error('the server ended the connection');
    text += into.toString('latin1', 0, count);
  }
  if (!/^[123]/.test(text)) throw new Error(`the server said ${text}`);
}

/** What this process holds once everything that can be collected was. */
async function weigh(): Promise<Memory> {
  for (let round = 0; round < 4; ++round) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss, heapUsed, arrayBuffers, sessions: server?.metrics().gauges.sessions ?? 0 };
}

process.once('disconnect', () => process.exit(0));
await once(process, 'disconnect');
