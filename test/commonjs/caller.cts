// A CommonJS program that uses every package by require, with types; it is compiled and run by the test beside it.
import protocol = require('@ftps-kit/ftp-protocol');
import client = require('@ftps-kit/ftps-client');
import server = require('@ftps-kit/ftps-server');
import tls = require('@ftps-kit/tls-core');

async function main(): Promise<void> {
  const identity = await tls.developmentIdentity();
  const listening = server.createFtpsServer({
    tls: identity,
    authenticate: server.fixedAccounts([
      // Its own folder, made for it.
      { name: 'alice', password: 'opensesame', root: process.env['HOME'] ?? '' },
    ]),
    listen: { host: '127.0.0.1', port: 0 },
  });
  const [address] = await listening.listen();
  const options: client.FtpsClientOptions = {
    host: '127.0.0.1',
    port: address?.port,
    user: 'alice',
    password: 'opensesame',
    tls: { pins: [listening.fingerprint256] },
  };
  const ftps = await client.FtpsClient.connect(options);
  const { bytes } = await ftps.upload(Buffer.from('hello'), '/a');
  const missing = await ftps.stat('/b').catch((error: unknown) => error);
  await ftps.close();
  await listening.close({ graceSeconds: 0 });
  const path = protocol.resolvePath('/', 'a');
  console.log(JSON.stringify({ bytes, path, isTyped: missing instanceof client.NotFoundError }));
}

void main();
