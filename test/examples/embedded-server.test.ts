// The example of an embedded server, run as it is written, in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { FtpsClient } from '@ftps-kit/ftps-client';

async function downloaded(client: FtpsClient, path: string): Promise<string> {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  await client.download(path, sink);
  return Buffer.concat(chunks).toString();
}

describe('examples/embedded-server.ts', () => {
  it('serves its customers, takes their orders, and ends when told', async function () {
    this.timeout(60_000);
    const child = spawn(process.execPath, ['--import=tsx', 'examples/embedded-server.ts'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const said: string[] = [];
    const lines = createInterface(child.stdout);
    lines.on('line', (line) => said.push(line));
    const closed = once(lines, 'close');
    try {
      const [first] = (await once(lines, 'line')) as [string];
      const [, port, password = '', fingerprint = ''] =
        /:(\d+)\/ {2}password: (\S+) {2}fingerprint: (\S+)/.exec(first) ?? [];
      const login = { host: '127.0.0.1', port: Number(port), user: 'acme', tls: { pins: [fingerprint] } };
      const wrong = await FtpsClient.connect({ ...login, password: 'wrong' }).catch((error: unknown) => error);
      expect(wrong).to.have.property('code', 'FTPS_ERR_LOGIN');

      await using client = await FtpsClient.connect({ ...login, password });
      await client.upload(Buffer.from('3 anvils'), 'first.order');
      const refused = await client.upload(Buffer.from('x'), 'nonsense.txt').catch((error: unknown) => error);
      expect(refused).to.have.nested.property('reply.code', 550);
      const names: string[] = [];
      for await (const { name } of client.list()) names.push(name);
      expect(names).to.deep.equal(['status.json', 'first.order']);
      const report = await downloaded(client, 'status.json');
      expect(JSON.parse(report)).to.have.nested.property('orders.first\\.order.bytes', 8);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exited).to.deep.equal([0, null]);
    await closed;
    expect(said).to.include.members([
      'welcome acme from 127.0.0.1',
      'order from acme: "3 anvils"',
      'acme: STOR /first.order: 226, 8 bytes, data connection bound',
      'ftps_logins_total{outcome="accepted"} 1',
      'ftps_logins_total{outcome="refused"} 1',
    ]);
  });
});
