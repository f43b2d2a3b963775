// A thread of its own, on the built package: a control connection and ten data connections, both ends of each.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import { parentPort } from 'node:worker_threads';
import {
  ServerIdentity,
  SocketChannel,
  developmentIdentity,
  parseClientPolicy,
  parseServerPolicy,
  selectEngine,
} from '@ftps-kit/tls-core';

const FILE = Buffer.alloc(300_000, 'thread');

const engine = selectEngine('openssl');
const identity = new ServerIdentity(await developmentIdentity());
const acceptor = engine.acceptor(parseServerPolicy({ identities: [identity] }));
const connector = engine.connector(parseClientPolicy({ ca: identity.certPem }));
const bindings = { client: connector.newBinding(), server: acceptor.newBinding() };
const listener = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
await once(listener, 'listening');

async function connect(role) {
  const arriving = once(listener, 'connection');
  const tcp = await SocketChannel.connect({ host: '127.0.0.1', port: listener.address().port });
  const [socket] = await arriving;
  const [client, server] = await Promise.all([
    connector.connect(tcp, { role, host: 'localhost', binding: bindings.client }),
    acceptor.accept(new SocketChannel(socket), { role, binding: bindings.server }),
  ]);
  return { client, server };
}

/** Sends the file from one to the other, to its clean end; gives whether it came whole. */
async function send(from, to) {
  const sending = from.write(FILE).then(() => from.end());
  const chunks = [];
  const into = Buffer.alloc(65_536);
  for (let count; (count = await to.read(into)) > 0;) chunks.push(Buffer.from(into.subarray(0, count)));
  await sending;
  return Buffer.concat(chunks).equals(FILE);
}

const control = await connect('control');
const cameWhole = [await send(control.server, control.client)];
const verdicts = [];
for (let file = 0; file < 10; file += 1) {
  const { client, server } = await connect('data');
  verdicts.push(server.handshake.verdict);
  cameWhole.push(await send(client, server));
  await server.end();
}
await control.client.end();
listener.close();
parentPort.postMessage({ verdicts, cameWhole: cameWhole.every(Boolean) });
