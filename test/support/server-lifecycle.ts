// A process of its own: a server comes to life, is used and misused, and closes. Nothing is left to keep the process alive.
import { EventEmitter, once } from 'node:events';
import { CommitFaults, type CommitEvents } from './commit-faults.js';
import { LineLogger } from './line-logger.js';
import { RawFtpClient } from './raw-ftp-client.js';
import { TestServer } from './test-server.js';

const commits = new EventEmitter<CommitEvents>();
const server = await TestServer.start({
  ...{ logger: new LineLogger(), files: { 'a.txt': 'content' } },
  proxyProtocol: { trusted: ['127.0.0.1'] },
  listen: [{ proxied: false }, {}],
  fileSystem: (root) => new CommitFaults(root, commits),
});
const clients: RawFtpClient[] = [];

const member = await RawFtpClient.loggedIn(server);
await member.download('RETR a.txt');
await member.upload('STOR b.txt', 'content');
await member.expect(213, 'SIZE b.txt');
// A passive port that nobody comes to, and one on which TLS never begins.
await member.extendedPassive();
const waiting = await RawFtpClient.loggedIn(server);
const data = await waiting.dataTcp(await waiting.extendedPassive());
// A transfer whose data connection is refused, and lingers.
const refused = await RawFtpClient.loggedIn(server);
const unbound = await refused.openData('none');
await refused.expect(150, 'RETR a.txt');
await refused.reply();
const guest = await RawFtpClient.connect(server);
await guest.reply();
const handshaking = await RawFtpClient.connect(server);
await handshaking.reply();
await handshaking.expect(234, 'AUTH TLS');
const behindProxy = await RawFtpClient.connect({
  ...{ host: server.host, caPem: server.caPem, implicit: false, user: '', password: '' },
  port: server.server.addresses[1]?.port ?? 0,
});
await behindProxy.send('PROXY ');
const wrongPassword = await RawFtpClient.secured(server);
await wrongPassword.expect(331, 'USER alice');
await wrongPassword.expect(530, 'PASS wrong');
// A commit that fails as nothing should, and one that never ends.
await member.upload('STOR throws', 'content');
const uploading = await RawFtpClient.loggedIn(server);
const committing = once(commits, 'hangs');
const unanswered = uploading.upload('STOR hangs', 'content').catch(() => undefined);
await committing;

clients.push(member, waiting, refused, guest, uploading, handshaking, behindProxy, wrongPassword);
await server[Symbol.asyncDispose]();
await unanswered;
for (const client of clients) client.destroy();
for (const channel of [data.channel, unbound.channel]) channel.destroy();
process.stdout.write('closed');
