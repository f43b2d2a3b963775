// A server behind a load balancer: whom it takes for the client, and whom it believes.
import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'chai';
import type { ControlMode, FtpsServerOptions, ProxiedDataConnections } from '@ftps-kit/ftps-server';
import { readAll } from '../support/channel-bytes.js';
import { binaryHeader, ipv4Block, lineHeader, type Tcp } from '../support/proxy-headers.js';
import { RawFtpClient, connectTcp, text } from '../support/raw-ftp-client.js';
import { requireManyAddresses } from '../support/requirement.js';
import { TestServer } from '../support/test-server.js';

const behind: Tcp = { client: '127.0.0.9', reached: '127.0.0.77', clientPort: 40_000, reachedPort: 21 };

interface ProxiedOptions extends Partial<Pick<FtpsServerOptions, 'limits' | 'binding' | 'publicAddress'>> {
  readonly dataConnections?: ProxiedDataConnections;
  readonly trusted?: readonly string[];
  readonly mode?: ControlMode;
}

function start({ dataConnections, trusted, ...rest }: ProxiedOptions = {}): Promise<TestServer> {
  const proxyProtocol = { trusted: trusted ?? ['127.0.0.0/29'], dataConnections };
  return TestServer.start({ ...rest, proxyProtocol, files: { 'a.txt': 'content' } });
}

/** A client whose proxy sent `header` first. */
async function through(server: TestServer, header: Uint8Array): Promise<RawFtpClient> {
  const client = await RawFtpClient.connect(server);
  await client.send(header);
  return client;
}

async function loggedInThrough(server: TestServer, header: Uint8Array): Promise<RawFtpClient> {
  const client = await through(server, header);
  if (!server.implicit) {
    await client.reply();
    await client.expect(234, 'AUTH TLS');
  }
  await client.startTls();
  if (server.implicit) await client.reply();
  await client.login();
  for (const line of ['PBSZ 0', 'PROT P', 'TYPE I']) await client.expect(200, line);
  return client;
}

const headers: readonly (readonly [version: string, header: Buffer])[] = [
  ['version 1', lineHeader(behind)],
  ['version 2', binaryHeader({ address: ipv4Block(behind) })],
];

describe('behind a proxy', () => {
  for (const [version, header] of headers) {
    for (const mode of ['explicit', 'implicit'] as const) {
      it(`events name the client behind the proxy, ${version}, ${mode} TLS`, async () => {
        await using server = await start({ mode });
        const told = server.next('login');
        await using client = await loggedInThrough(server, header);
        expect((await told).client).to.deep.equal({ address: '127.0.0.9', port: 40_000 });
        await client.expect(257, 'PWD');
      });
    }
  }

  it('a header that comes byte by byte is read, and what comes right behind it is obeyed', async () => {
    await using server = await start();
    await using client = await RawFtpClient.connect(server);
    for (const byte of lineHeader(behind)) await client.send(Uint8Array.of(byte));
    expect((await client.reply()).code).to.equal(220);
    await using other = await through(server, Buffer.concat([lineHeader(behind), Buffer.from('NOOP\r\n')]));
    expect([(await other.reply()).code, (await other.reply()).code]).to.deep.equal([220, 200]);
  });

  it("the proxy's own connection, its health check, counts as itself", async () => {
    await using server = await start();
    const told = server.next('connection');
    await using client = await through(server, binaryHeader({ versionAndCommand: 0x20, family: 0 }));
    expect((await client.reply()).code).to.equal(220);
    expect((await told).client.address).to.equal('127.0.0.1');
  });

  it('nobody but a proxy may connect', async () => {
    await using server = await start({ trusted: ['10.0.0.0/8', '2001:db8::/32'] });
    const told = server.next('refusal');
    await using client = await through(server, lineHeader(behind));
    expect(await client.rest()).to.equal('');
    expect(await told).to.include({ reason: 'untrusted-proxy' });
    expect(server.server.connectionCount).to.equal(0);
  });

  it('a proxy that sends no header is closed, and the next one is served', async () => {
    await using server = await start();
    const told = server.next('refusal');
    await using client = await through(server, Buffer.from('USER alice\r\n'));
    expect(await client.rest()).to.equal('');
    expect(await told).to.include({ reason: 'proxy-header' });
    await using other = await loggedInThrough(server, lineHeader(behind));
    await other.expect(257, 'PWD');
  });

  it('a proxy that ends in the middle of its header, or resets, harms nobody', async () => {
    await using server = await start();
    for (const end of ['end', 'resetAndDestroy'] as const) {
      const told = end === 'end' ? server.next('refusal') : undefined;
      await using client = await through(server, lineHeader(behind).subarray(0, 20));
      client.socket[end]();
      if (told !== undefined) expect(await told).to.include({ reason: 'proxy-header' });
    }
    await using other = await loggedInThrough(server, lineHeader(behind));
    await other.expect(257, 'PWD');
  });

  it('a header that does not come in time closes the connection', async () => {
    await using server = await start({ limits: { proxyHeaderTimeoutMs: 100 } });
    const told = server.next('limit');
    await using client = await through(server, Buffer.from('PROXY '));
    expect(await client.rest()).to.equal('');
    expect(await told).to.include({ limit: 'proxyHeaderTimeoutMs', value: 100 });
  });

  it('no more of them may keep a header to come than may keep a login to come', async () => {
    await using server = await start({ limits: { maxPendingLogins: 2 } });
    await using first = await through(server, Buffer.from('PROXY '));
    await using second = await through(server, Buffer.from('PROXY '));
    const told = server.next('limit');
    await using third = await through(server, lineHeader(behind));
    expect(await told).to.include({ limit: 'maxPendingLogins', value: 2 });
    expect((await third.reply()).code).to.equal(421);
    expect(await third.rest()).to.equal('');
    // Who has sent it makes room.
    await first.send(lineHeader(behind).subarray('PROXY '.length));
    expect((await first.reply()).code).to.equal(220);
    await using fourth = await through(server, lineHeader(behind));
    expect((await fourth.reply()).code).to.equal(220);
    second.destroy();
  });

  it('limits count the client behind the proxy, and not the proxy', async () => {
    await using server = await start({ limits: { maxConnectionsPerAddress: 1 } });
    await using first = await through(server, lineHeader(behind));
    expect((await first.reply()).code).to.equal(220);
    await using second = await through(server, lineHeader(behind));
    expect((await second.reply()).code).to.equal(421);
    await using third = await through(server, lineHeader({ ...behind, client: '127.0.0.10' }));
    expect((await third.reply()).code).to.equal(220);
    expect(server.limits.map(({ limit, client }) => [limit, client.address])).to.deep.equal([
      ['maxConnectionsPerAddress', '127.0.0.9'],
    ]);
  });

  it('PASV names the address that the client connected to', async () => {
    await using server = await start();
    await using client = await loggedInThrough(server, lineHeader(behind));
    expect(text(await client.command('PASV'))).to.include('(127,0,0,77,');
  });

  it('a data connection comes from the client itself, and the proxy is a stranger', async function () {
    requireManyAddresses(this);
    await using server = await start();
    await using client = await loggedInThrough(server, lineHeader(behind));
    const port = await client.extendedPassive();
    const told = server.next('refusal');
    const fromProxy = await client.dataTcp(port);
    expect(await told).to.include({ reason: 'stranger' });
    fromProxy.channel.destroy();
    const channel = await client.dataTls(await client.dataTcp(port, '127.0.0.9'));
    await client.expect(150, 'RETR a.txt');
    expect((await readAll(channel)).toString()).to.equal('content');
    channel.destroy();
  });

  it('where data connections are relayed too, proxies may open them and others may not', async function () {
    requireManyAddresses(this);
    await using server = await start({ dataConnections: 'relayed' });
    await using client = await loggedInThrough(server, lineHeader(behind));
    const told = server.next('refusal');
    const fromClient = await client.dataTcp(await client.extendedPassive(), '127.0.0.9');
    expect(await told).to.include({ reason: 'stranger' });
    fromClient.channel.destroy();
    expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('content');
  });

  it('where data connections are relayed too, the binding still tells clients apart', async () => {
    await using server = await start({ dataConnections: 'relayed' });
    await using client = await loggedInThrough(server, lineHeader(behind));
    await using thief = await loggedInThrough(server, lineHeader({ ...behind, client: '127.0.0.10' }));
    const { channel } = await client.openData(thief.binding);
    await client.expect(150, 'RETR a.txt');
    expect((await client.reply()).code).to.equal(522);
    channel.destroy();
  });

  it('an address that is not proxied is served as it is, beside one that is', async () => {
    await using server = await TestServer.start({
      proxyProtocol: { trusted: ['127.0.0.1'] },
      listen: [{}, { proxied: false }],
    });
    const [proxied, direct] = server.server.addresses;
    const { channel } = await connectTcp({ host: '127.0.0.1', port: direct?.port ?? 0 });
    expect(await channel.read(new Uint8Array(64))).to.be.above(0);
    channel.destroy();
    await using client = await through(server, lineHeader(behind));
    expect((await client.reply()).code).to.equal(220);
    expect(proxied?.port).to.equal(server.port);
  });

  it('a connection whose header is still to come does not hold up the end of the server', async () => {
    await using server = await start();
    const socket = net.connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    await using other = await loggedInThrough(server, lineHeader(behind));
    await other.expect(257, 'PWD');
    await server.server.close({ graceSeconds: 0 });
    socket.resume();
    await closed;
    expect(server.refusals).to.deep.equal([]);
  });
});
