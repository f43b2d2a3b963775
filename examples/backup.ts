// Backs a folder up to an FTP server: one archive of unknown length, streamed as GNU tar makes it.
//
//   FTPS_PASSWORD=… node --import tsx examples/backup.ts FOLDER ftpes://USER@HOST[:PORT]/PATH/NAME.tar
//
// ftpes:// is explicit TLS, ftps:// implicit.
//
// The archive gets its name on the server only when it is whole and its hash is the same on both sides; of a server that has
// no hash, its size. Where the network fails, it goes on where the server is. It ends with 0 when the backup is done, and
// with 1 when it is not.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { FtpsClient, leftBehind } from '@ftps-kit/ftps-client';

const [folder, target = ''] = process.argv.slice(2);
const password = process.env['FTPS_PASSWORD'];
const url = URL.canParse(target) ? new URL(target) : undefined;
const mode = ({ 'ftpes:': 'explicit', 'ftps:': 'implicit' } as const)[url?.protocol ?? ''];
if (folder === undefined || !url?.username || mode === undefined || password === undefined) {
  console.error('usage: FTPS_PASSWORD=… backup.ts FOLDER ftpes://USER@HOST[:PORT]/PATH/NAME.tar');
  process.exit(1);
}

/**
 * The archive from `start` on. It is made anew where an upload goes on, so that nothing has to be kept on this side: the
 * same folder gives the same bytes. Where it does not, as a file was changed meanwhile, the hashes differ and no backup is
 * called done; a server without a hash finds that out only where the size differs.
 */
async function* archive(path: string, start: number): AsyncGenerator<Uint8Array> {
  const tar = spawn('tar', ['--create', '--sort=name', '--directory', path, '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(tar, 'close') as Promise<[number | null]>;
  // Where tar cannot even be started, that is known before anybody waits for its end.
  ended.catch(() => undefined);
  const complaints: Buffer[] = [];
  tar.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  let skip = start;
  try {
    for await (const chunk of tar.stdout as AsyncIterable<Buffer>) {
      if (skip < chunk.length) yield chunk.subarray(skip);
      skip = Math.max(0, skip - chunk.length);
    }
    const [code] = await ended.catch((cause: unknown) => {
      throw new Error('tar could not be started', { cause });
    });
    // An archive that tar did not finish must not end as if it were whole.
    if (code !== 0) throw new Error(`tar failed: ${Buffer.concat(complaints).toString().trim()}`);
  } finally {
    tar.kill();
  }
}

const HASH_COMMANDS = ['HASH', 'XSHA256', 'XSHA512', 'XSHA1', 'XMD5', 'XCRC'];

const caFile = process.env['FTPS_CA'];
const interrupted = new AbortController();
// Ctrl-C, and what ends a service: the server hears of it, and keeps the old backup. A second one ends the process at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted.abort(new Error(signal));
  });
}

try {
  await using client = await FtpsClient.connect({
    mode,
    host: url.hostname,
    port: url.port === '' ? undefined : Number(url.port),
    user: decodeURIComponent(url.username),
    password,
    tls: caFile === undefined ? undefined : { ca: readFileSync(caFile, 'utf8') },
    signal: interrupted.signal,
  });
  const path = decodeURIComponent(url.pathname);
  const result = await client.upload((start) => archive(folder, start), path, {
    atomic: true,
    verify: HASH_COMMANDS.some((verb) => client.features.has(verb)) ? 'hash' : 'auto',
    retry: { attempts: 10, firstDelayMs: 500 },
    signal: interrupted.signal,
    onAttempt: (event) => {
      if (event.state === 'begins' || event.retryInMs === undefined) return;
      console.error(`attempt ${event.attempt} failed (${event.error.message}); the next one in ${event.retryInMs} ms`);
    },
  });
  const { verified } = result;
  if (verified.by === 'nothing') throw new Error(`nothing proves that the backup is whole: ${verified.reason}`);
  const proof = verified.by === 'hash' ? `${verified.algorithm} ${verified.value}` : `size ${verified.sizeBytes}`;
  console.log(`${path}: ${result.sizeBytes} bytes, attempts: ${result.attempts}, verified by ${proof}`);
} catch (error) {
  console.error(`the backup is NOT done: ${error instanceof Error ? error.message : String(error)}`);
  const left = leftBehind(error);
  if (left?.side === 'remote') console.error(`left on the server: ${left.path} (${left.what})`);
  process.exitCode = 1;
}
