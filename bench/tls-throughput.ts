// One direction over loopback in chunks of 64 KiB: raw TCP, and TLS 1.3 on each engine.
import {
  SocketChannel,
  availableEngines,
  developmentIdentity,
  parseClientPolicy,
  selectEngine,
  type ByteChannel,
} from '@ftps-kit/tls-core';
import type { Benchmark } from './benchmark.js';
import { CHUNK_BYTES } from './chunk.js';
import { FarSide, ownCpuSeconds, type FarSideTask } from './far-side.js';
import type { Contestant } from './measure.js';

const TOTAL_BYTES = 512 * 1024 * 1024;

const farSides: FarSide[] = [];

export const tlsThroughput: Benchmark = {
  name: 'tls-throughput',
  title: `One direction, ${TOTAL_BYTES / 2 ** 20} MiB in chunks of ${CHUNK_BYTES / 1024} KiB, two processes, TLS 1.3:`,
  async contestants() {
    const { cert, key } = await developmentIdentity();
    const engines = ['none' as const, ...availableEngines().map(({ name }) => name)];
    return Promise.all(engines.map((engine) => contestant({ engine, work: 'sink', certPem: cert, keyPem: key })));
  },
  async close() {
    for (const farSide of farSides.splice(0)) await farSide[Symbol.asyncDispose]();
  },
};

async function contestant(task: FarSideTask): Promise<Contestant> {
  const farSide = await FarSide.start(task);
  farSides.push(farSide);
  return throughput(task, farSide);
}

/** Sends to a far side that was started with this task, and whoever started it ends it. */
export function throughput(task: FarSideTask, farSide: FarSide): Contestant {
  return {
    name: task.engine === 'none' ? 'raw TCP' : `${task.engine} engine`,
    async run() {
      const channel = await connect(task.engine, farSide.port);
      const cpuBefore = { near: ownCpuSeconds(), far: await farSide.cpuSeconds() };
      const startedAt = performance.now();
      await sendAll(channel);
      const seconds = (performance.now() - startedAt) / 1000;
      const gigabytes = TOTAL_BYTES / 1e9;
      channel.destroy();
      return {
        'MB/s': TOTAL_BYTES / 1e6 / seconds,
        'CPU s/GB, sender': (ownCpuSeconds() - cpuBefore.near) / gigabytes,
        'CPU s/GB, receiver': ((await farSide.cpuSeconds()) - cpuBefore.far) / gigabytes,
      };
    },
  };
}

async function connect(engine: FarSideTask['engine'], port: number): Promise<ByteChannel> {
  const tcp = await SocketChannel.connect({ host: '127.0.0.1', port });
  if (engine === 'none') return tcp;
  const connector = selectEngine(engine).connector(parseClientPolicy({ dangerouslyAcceptAnyCertificate: true }));
  return connector.connect(tcp, { role: 'data', host: '127.0.0.1', binding: connector.newBinding() });
}

/** Ends when the other side says that it has everything. */
async function sendAll(channel: ByteChannel): Promise<void> {
  const chunk = new Uint8Array(CHUNK_BYTES).fill(42);
  for (let sent = 0; sent < TOTAL_BYTES; sent += chunk.length) await channel.write(chunk);
  await channel.end();
  await channel.read(new Uint8Array(1));
}
