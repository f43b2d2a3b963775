// Handshakes a second, one after the other: full ones with a certificate, and data connections that resume.
import {
  SocketChannel,
  availableEngines,
  developmentIdentity,
  parseClientPolicy,
  selectEngine,
  type ClientBinding,
  type EngineName,
  type TlsConnector,
} from '@ftps-kit/tls-core';
import type { Benchmark } from './benchmark.js';
import { FarSide } from './far-side.js';
import type { Contestant } from './measure.js';

const HANDSHAKES = 300;

const farSides: FarSide[] = [];

export const tlsHandshakes: Benchmark = {
  name: 'tls-handshakes',
  title: `${HANDSHAKES} connections one after the other, two processes, TLS 1.3, TCP included:`,
  async contestants() {
    const { cert, key } = await developmentIdentity();
    return Promise.all(
      availableEngines().map(async ({ name }) => {
        const farSide = await FarSide.start({ engine: name, work: 'handshakes', certPem: cert, keyPem: key });
        farSides.push(farSide);
        return contestant(name, farSide.port);
      }),
    );
  },
  async close() {
    for (const farSide of farSides.splice(0)) await farSide[Symbol.asyncDispose]();
  },
};

/** The engine's first connection is its control connection; its tickets are reused, as vsftpd and ProFTPD make clients do. */
async function contestant(engine: EngineName, port: number): Promise<Contestant> {
  const connector = selectEngine(engine).connector(parseClientPolicy({ dangerouslyAcceptAnyCertificate: true }));
  const binding = connector.newBinding();
  await connectOnce(connector, binding, 'control', port);
  return {
    name: `${engine} engine`,
    async run() {
      return {
        'full/s': await perSecond(() => connectOnce(connector, connector.newBinding(), 'control', port)),
        'resumed/s': await perSecond(() => connectOnce(connector, binding, 'data', port)),
      };
    },
  };
}

async function perSecond(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  for (let done = 0; done < HANDSHAKES; ++done) await work();
  return HANDSHAKES / ((performance.now() - startedAt) / 1000);
}

async function connectOnce(
  connector: TlsConnector,
  binding: ClientBinding,
  role: 'control' | 'data',
  port: number,
): Promise<void> {
  const tcp = await SocketChannel.connect({ host: '127.0.0.1', port });
  const channel = await connector.connect(tcp, { role, host: '127.0.0.1', binding });
  if (channel.handshake.resumed !== (role === 'data')) throw new Error(`a ${role} handshake was of the wrong kind`);
  // The tickets come ahead of the byte.
  const byte = new Uint8Array(1);
  while ((await channel.read(byte)) > 0);
  await channel.end();
}
