// One large file through whole servers, both ways: ours with our client and with curl, and other servers with curl.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FtpsClient, type DownloadSink } from '@ftps-kit/ftps-client';
import { developmentIdentity } from '@ftps-kit/tls-core';
import { testCertificates } from '../test/support/certificates.js';
import { PASSWORD, USER, startServe } from '../test/support/ftps-command.js';
import { curl } from '../test/support/peers/curl.js';
import type { FtpTarget } from '../test/support/peers/ftp-target.js';
import { proftpd, startProftpd } from '../test/support/peers/proftpd.js';
import { pureFtpd, startPureFtpd } from '../test/support/peers/pure-ftpd.js';
import { startVsftpd, vsftpd } from '../test/support/peers/vsftpd.js';
import type { Benchmark } from './benchmark.js';
import { FarSide } from './far-side.js';
import type { Contestant, Figures } from './measure.js';
import { throughput } from './tls-throughput.js';

const TOTAL_BYTES = 1_000_000_000;
const FILE = 'large.bin';

/** What was started, to be ended in the other order. */
const resources: AsyncDisposable[] = [];

export const serverTransfer: Benchmark = {
  name: 'server-transfer',
  title: `A file of ${TOTAL_BYTES / 1e9} GB through the server, TLS 1.3, both ways (raw TCP: no file, one way):`,
  async contestants() {
    const folder = mkdtempSync(join(tmpdir(), 'ftps-kit-bench-'));
    resources.push({
      [Symbol.asyncDispose]: () => {
        rmSync(folder, { recursive: true });
        return Promise.resolve();
      },
    });
    const source = join(folder, FILE);
    makeLarge(source);
    const contestants: Contestant[] = [await rawTcp()];
    contestants.push(...(await ours(folder, source)));
    if (curl.missing() !== undefined) return contestants;
    for (const { peer, start } of [
      { peer: vsftpd, start: startVsftpd },
      { peer: proftpd, start: startProftpd },
      { peer: pureFtpd, start: startPureFtpd },
    ]) {
      if (peer.missing() !== undefined) continue;
      const server = await start();
      resources.push(server);
      await server.seed({ [FILE]: '' });
      truncateSync(join(server.root, FILE), TOTAL_BYTES);
      contestants.push(withCurl(peer.name, server, source));
    }
    return contestants;
  },
  async close() {
    for (const resource of resources.splice(0).reverse()) await resource[Symbol.asyncDispose]();
  },
};

async function rawTcp(): Promise<Contestant> {
  const { cert, key } = await developmentIdentity();
  const task = { engine: 'none', work: 'sink', certPem: cert, keyPem: key } as const;
  const farSide = await FarSide.start(task);
  resources.push(farSide);
  const contestant = throughput(task, farSide);
  return {
    name: 'raw TCP',
    async run() {
      const { 'MB/s': rate = Number.NaN } = await contestant.run();
      return { 'download MB/s': rate, 'upload MB/s': rate };
    },
  };
}

/** The server in a process of its own, as `ftps serve`. */
async function ours(folder: string, source: string): Promise<readonly Contestant[]> {
  const { server: certificate, caPem, caFile } = await testCertificates();
  const root = mkdtempSync(join(folder, 'served-'));
  makeLarge(join(root, FILE));
  const server = await startServe(root, ['--cert', certificate.certFile, '--key', certificate.keyFile]);
  resources.push(server);
  const login = { host: '127.0.0.1', port: server.port, user: USER, password: PASSWORD };
  const target = { ...login, caFile };
  const client = await FtpsClient.connect({ ...login, tls: { ca: caPem } });
  resources.push(client);
  const own: Contestant = {
    name: 'ftps-kit + ftps-kit',
    run: () =>
      bothWays(
        () => client.download(FILE, nowhere()),
        () => client.upload(source, 'upload.bin'),
      ),
  };
  return curl.missing() === undefined ? [own, withCurl('ftps-kit', target, source)] : [own];
}

function withCurl(name: string, target: FtpTarget, source: string): Contestant {
  const run = async (args: readonly string[]): Promise<void> => {
    const { code, stderr } = await curl.run(target, args);
    if (code !== 0) throw new Error(`curl with ${name}: ${stderr.slice(-500)}`);
  };
  return {
    name: `${name} + curl`,
    run: () =>
      bothWays(
        () => run(['-o', '/dev/null', curl.url(target, FILE)]),
        () => run(['-T', source, curl.url(target, 'upload.bin')]),
      ),
  };
}

async function bothWays(download: () => Promise<unknown>, upload: () => Promise<unknown>): Promise<Figures> {
  return { 'download MB/s': await rateOf(download), 'upload MB/s': await rateOf(upload) };
}

async function rateOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return TOTAL_BYTES / 1e3 / (performance.now() - startedAt);
}

/** Takes all bytes, and keeps none. */
function nowhere(): DownloadSink {
  return {
    write: () => Promise.resolve(),
    commit: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}

/** Zeros that take no room on the disk, so that it is not the disk that is measured. */
function makeLarge(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, TOTAL_BYTES);
}
