// Records what real programs say in a TLS handshake, as `captures/<program>-<what>.to-<side>.bin`: run it by hand with tsx.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { SocketChannel, parseClientPolicy, selectEngine } from '@ftps-kit/tls-core';
import { testCertificates } from '../support/certificates.js';
import { executable } from '../support/peers/peer.js';
import { startProgram } from '../support/peers/running-program.js';
import { freePort } from '../support/ports.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';
import { TlsListener } from '../support/tls-listener.js';

const QUIET_MS = 300;

/** Passes bytes between whoever connects and `target`, and keeps those of one direction, a file a connection. */
async function recorder(target: number, side: 'client' | 'server', name: string): Promise<net.Server> {
  let connections = 0;
  const relay = net.createServer((near) => {
    const far = net.connect(target, '127.0.0.1');
    const chunks: Buffer[] = [];
    (side === 'server' ? near : far).on('data', (chunk: Buffer) => chunks.push(chunk));
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => socket.destroy());
    const file = join(import.meta.dirname, 'captures', `${name}-${++connections}.to-${side}.bin`);
    near.on('close', () => void writeFile(file, Buffer.concat(chunks)));
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return relay;
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, QUIET_MS));

/** A foreign client against our listener: control connection first, and a data connection where it makes one. */
async function recordClient(name: string, versions: '1.2' | '1.3', command: (port: number, ca: string) => string[]) {
  await using listener = await TlsListener.start({ versions, maxEarlyDataBytes: 4096 });
  const relay = await recorder(listener.port, 'server', name);
  await withTemporaryFolder(async (folder) => {
    await writeFile(join(folder, 'early.txt'), 'sent before the handshake was over');
    const [program = '', ...args] = command(portOf(relay), listener.caFile);
    await using client = startProgram(executable(program), args, folder);
    const control = await listener.accept('control');
    await control.write(Buffer.from('220 ready\r\n'));
    void listener.accept('data').catch(() => undefined);
    await quiet();
    client.type('hello\r\n');
    await quiet();
    client.typeNoMore();
    await quiet();
  });
  relay.close();
}

/** A foreign server against our client. */
async function recordServer(
  name: string,
  versions: '1.2' | '1.3',
  command: (port: number, cert: string, key: string) => string[],
) {
  const { server, caPem } = await testCertificates();
  const port = await freePort();
  await withTemporaryFolder(async (folder) => {
    const [program = '', ...args] = command(port, server.certFile, server.keyFile);
    await using running = startProgram(executable(program), args, folder);
    await running.shown(/ACCEPT/);
    const relay = await recorder(port, 'client', name);
    const connector = selectEngine('openssl').connector(parseClientPolicy({ ca: caPem, versions, alpn: [] }));
    const binding = connector.newBinding();
    for (const role of ['control', 'data'] as const) {
      const tcp = await SocketChannel.connect({ host: '127.0.0.1', port: portOf(relay) });
      const channel = await connector.connect(tcp, { role, host: 'localhost', binding });
      await channel.write(Buffer.from('hello\n'));
      await quiet();
      channel.destroy();
      await quiet();
    }
    relay.close();
  });
}

for (const v of ['1.2', '1.3'] as const) {
  await recordClient(`openssl-${v}`, v, (port, ca) => [
    'openssl',
    's_client',
    '-connect',
    `127.0.0.1:${port}`,
    '-CAfile',
    ca,
  ]);
  await recordClient(`gnutls-${v}`, v, (port, ca) => [
    'gnutls-cli',
    `--port=${port}`,
    `--x509cafile=${ca}`,
    '--resume',
    '--waitresumption',
    ...(v === '1.3' ? ['--earlydata=early.txt'] : []),
    '127.0.0.1',
  ]);
  await recordClient(`python-${v}`, v, (port) => [
    'python3',
    '-c',
    `import socket,ssl\nc=ssl.create_default_context();c.check_hostname=False;c.verify_mode=ssl.CERT_NONE\ns=c.wrap_socket(socket.create_connection(('127.0.0.1',${port})));s.recv(99);s.send(b'hello');s.recv(9)`,
  ]);
  await recordServer(`openssl-${v}`, v, (port, cert, key) => [
    'openssl',
    's_server',
    '-rev',
    '-accept',
    `127.0.0.1:${port}`,
    '-cert',
    cert,
    '-key',
    key,
  ]);
}
await recordClient('curl', '1.3', (port) => [
  'curl',
  '-sk',
  '--max-time',
  '1',
  `https://127.0.0.1:${port}/`,
  '--no-alpn',
]);
process.exit(0);
