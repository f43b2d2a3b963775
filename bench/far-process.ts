// The far process: takes its task as a message, listens, and tells the port.
import { once } from 'node:events';
import net from 'node:net';
import {
  ServerIdentity,
  SocketChannel,
  parseServerPolicy,
  selectEngine,
  type ByteChannel,
  type ServerBinding,
  type TlsAcceptor,
} from '@ftps-kit/tls-core';
import { CHUNK_BYTES } from './chunk.js';
import { ownCpuSeconds, type FarSideTask } from './far-side.js';

const [task] = (await once(process, 'message')) as [FarSideTask];
const security = task.engine === 'none' ? undefined : secure(task.engine);

const listener = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
  serve(new SocketChannel(socket)).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
});
listener.listen(0, '127.0.0.1', () => {
  const address = listener.address();
  process.send?.({ port: address !== null && typeof address === 'object' ? address.port : 0 });
});
process.on('message', () => process.send?.({ cpuSeconds: ownCpuSeconds() }));

/** All connections are one client's, so that they can resume each other. */
function secure(engine: 'openssl' | 'node'): { readonly acceptor: TlsAcceptor; readonly binding: ServerBinding } {
  const identity = new ServerIdentity({ cert: task.certPem, key: task.keyPem });
  const acceptor = selectEngine(engine).acceptor(parseServerPolicy({ versions: '1.3', identities: [identity] }));
  return { acceptor, binding: acceptor.newBinding() };
}

async function serve(tcp: SocketChannel): Promise<void> {
  const channel = security === undefined ? tcp : await accept(tcp, security.acceptor, security.binding);
  if (task.work === 'sink') await readToEnd(channel);
  await channel.write(Uint8Array.of(1));
  await channel.end();
  if (task.work === 'handshakes') await readToEnd(channel);
}

/** The first connection is the control connection, and the others resume it. */
let accepted = 0;
function accept(tcp: SocketChannel, acceptor: TlsAcceptor, binding: ServerBinding): Promise<ByteChannel> {
  const role = task.work !== 'sink' && accepted++ === 0 ? 'control' : 'data';
  return acceptor.accept(tcp, { role, binding });
}

async function readToEnd(channel: ByteChannel): Promise<void> {
  const into = new Uint8Array(CHUNK_BYTES);
  while ((await channel.read(into)) > 0);
}
