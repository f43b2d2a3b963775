// Who else may come to a passive port, and what a client may do there but transfer.
import { expect } from 'chai';
import { parseClientPolicy, selectEngine } from '@ftps-kit/tls-core';
import { readAll } from '../support/channel-bytes.js';
import { freePort } from '../support/ports.js';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { rejection } from '../support/rejection.js';
import { requireManyAddresses } from '../support/requirement.js';
import { forEachServed } from '../support/served-client.js';
import { resetConnection } from '../support/tcp-reset.js';
import { TestServer } from '../support/test-server.js';

describe('a passive port', () => {
  let server: TestServer;
  let client: RawFtpClient;

  forEachServed(
    'loggedIn',
    (served) => {
      ({ server, client } = served);
    },
    { files: { 'a.txt': 'content' } },
  );

  it('sends a stranger away and still takes the client', async function () {
    requireManyAddresses(this);
    const port = await client.extendedPassive();
    const told = server.next('refusal');
    const stranger = await client.dataTcp(port, '127.0.0.2');
    expect(await told)
      .to.include({ reason: 'stranger' })
      .with.property('detail')
      .that.includes('127.0.0.2');
    expect((await readAll(stranger.channel).catch(() => Buffer.alloc(0))).length).to.equal(0);

    const channel = await client.dataTls(await client.dataTcp(port));
    await client.expect(150, 'RETR a.txt');
    expect((await readAll(channel)).toString()).to.equal('content');
    expect((await client.reply()).code).to.equal(226);
    channel.destroy();
    stranger.channel.destroy();
  });

  it('sends a stranger away who comes while the transfer command waits', async function () {
    requireManyAddresses(this);
    const port = await client.extendedPassive();
    await client.send('RETR a.txt\r\n');
    const stranger = await client.dataTcp(port, '127.0.0.2');
    await readAll(stranger.channel).catch(() => undefined);
    const channel = await client.dataTls(await client.dataTcp(port));
    expect((await readAll(channel)).toString()).to.equal('content');
    expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([150, 226]);
    channel.destroy();
    stranger.channel.destroy();
  });

  it('takes one connection and no second', async () => {
    const port = await client.extendedPassive();
    const first = await client.dataTcp(port);
    const second = await client.dataTcp(port).catch((error: unknown) => error);
    if (!(second instanceof Error)) {
      expect(await readAll((second as typeof first).channel).catch(() => Buffer.alloc(0))).to.have.length(0);
    }
    const channel = await client.dataTls(first);
    await client.expect(150, 'RETR a.txt');
    expect((await readAll(channel)).toString()).to.equal('content');
    expect((await client.reply()).code).to.equal(226);
    channel.destroy();
  });

  it('is closed, with who came there, when EPSV opens another', async () => {
    const unused = await client.extendedPassive();
    const abandoned = await client.dataTcp(await client.extendedPassive());
    expect(await rejection(client.dataTcp(unused))).to.have.property('code', 'ECONNREFUSED');
    expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('content');
    await readAll(abandoned.channel).catch(() => undefined);
    abandoned.channel.destroy();
  });

  it('is closed at the end of the control connection, with who came there', async () => {
    const came = await client.dataTcp(await client.extendedPassive());
    const disconnected = server.next('disconnect');
    await client.expect(221, 'QUIT');
    client.destroy();
    await disconnected;
    await readAll(came.channel).catch(() => undefined);
    came.channel.destroy();
  });

  it('answers 425 to what is no TLS, and the session lives on', async () => {
    for (const command of ['RETR a.txt', 'STOR b.txt', 'LIST']) {
      const { channel } = await client.dataTcp(await client.extendedPassive());
      await channel.write(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
      await client.expect(150, command);
      const reply = await client.reply();
      expect(reply.code, command).to.equal(425);
      expect(text(reply)).to.include('not TLS');
      channel.destroy();
    }
    expect(server.names()).to.deep.equal(['a.txt']);
    expect((await client.download('RETR a.txt')).reply.code).to.equal(226);
  });

  it('answers 425 to a client that goes away during the handshake', async () => {
    const { socket } = await client.dataTcp(await client.extendedPassive());
    await client.expect(150, 'RETR a.txt');
    resetConnection(socket);
    expect((await client.reply()).code).to.equal(425);
    await client.expect(257, 'PWD');
  });

  it('answers 425 to a foreign application protocol (RFC 7301 §3.2)', async () => {
    const tcp = await client.dataTcp(await client.extendedPassive());
    const connector = selectEngine().connector(parseClientPolicy({ ca: server.caPem, alpn: ['http/1.1'] }));
    await client.expect(150, 'RETR a.txt');
    await rejection(connector.connect(tcp.channel, { role: 'data', host: 'localhost', binding: client.binding }));
    const reply = await client.reply();
    expect(reply.code).to.equal(425);
    expect(text(reply)).to.include('ALPN');
  });
});

describe('a passive port, with small limits', () => {
  it('answers 425 when nobody connects in time, and the session lives on', async () => {
    await using server = await TestServer.start({ files: { a: 'a' }, limits: { dataConnectTimeoutMs: 50 } });
    await using client = await RawFtpClient.loggedIn(server);
    const port = await client.extendedPassive();
    expect((await client.command('RETR a')).code).to.equal(425);
    expect(await rejection(client.dataTcp(port))).to.have.property('code', 'ECONNREFUSED');
    expect((await client.download('RETR a')).reply.code).to.equal(226);
  });

  it('answers 425 when TLS does not begin in time, and the session lives on', async () => {
    await using server = await TestServer.start({ files: { a: 'a' }, limits: { tlsTimeoutMs: 1_000 } });
    await using client = await RawFtpClient.loggedIn(server);
    const { channel } = await client.dataTcp(await client.extendedPassive());
    await client.expect(150, 'RETR a');
    expect((await client.reply()).code).to.equal(425);
    channel.destroy();
    expect((await client.download('RETR a')).reply.code).to.equal(226);
  });

  it('answers 425 when every port of the range is taken, until one is free again', async () => {
    const port = await freePort();
    await using server = await TestServer.start({ files: { a: 'a' }, passivePorts: [port, port] });
    await using first = await RawFtpClient.loggedIn(server);
    await using second = await RawFtpClient.loggedIn(server);
    expect(await first.extendedPassive()).to.equal(port);
    expect((await second.command('EPSV')).code).to.equal(425);
    expect((await second.command('PASV')).code).to.equal(425);
    expect(await first.extendedPassive()).to.equal(port);
    const disconnected = server.next('disconnect');
    await first.expect(221, 'QUIT');
    first.destroy();
    await disconnected;
    expect((await second.download('RETR a')).reply.code).to.equal(226);
  });

  it('takes a port back that nobody uses, tells of it, and answers 425 to the transfer that comes too late', async () => {
    await using server = await TestServer.start({ files: { a: 'a' }, limits: { passivePortTimeoutMs: 50 } });
    await using client = await RawFtpClient.loggedIn(server);
    const told = server.next('limit');
    const port = await client.extendedPassive();
    expect((await told).limit).to.equal('passivePortTimeoutMs');
    expect(await rejection(client.dataTcp(port))).to.have.property('code', 'ECONNREFUSED');
    const reply = await client.command('RETR a');
    expect(reply.code).to.equal(425);
    expect(text(reply)).to.include('passive port');
    await client.expect(257, 'PWD');
  });

  it('gives one address its share of ports, and 425 beyond it, until one is used', async () => {
    await using server = await TestServer.start({ files: { a: 'a' }, limits: { maxPassivePortsPerAddress: 1 } });
    await using first = await RawFtpClient.loggedIn(server);
    await using second = await RawFtpClient.loggedIn(server);
    const port = await first.extendedPassive();
    const told = server.next('limit');
    expect((await second.command('EPSV')).code).to.equal(425);
    expect((await told).limit).to.equal('maxPassivePortsPerAddress');
    const tcp = await first.dataTcp(port);
    await first.expect(150, 'RETR a');
    expect((await second.download('RETR a')).reply.code).to.equal(226);
    tcp.channel.destroy();
    expect((await first.reply()).code).to.equal(425);
  });

  it('is open to every address with sameAddress: false, which still has to prove itself', async function () {
    requireManyAddresses(this);
    await using server = await TestServer.start({ files: { a: 'content' }, sameAddress: false });
    await using client = await RawFtpClient.loggedIn(server);
    const other = await client.dataTcp(await client.extendedPassive(), '127.0.0.2');
    const channel = await client.dataTls(other);
    await client.expect(150, 'RETR a');
    expect((await readAll(channel)).toString()).to.equal('content');
    expect((await client.reply()).code).to.equal(226);
    channel.destroy();
    const stranger = await client.dataTcp(await client.extendedPassive(), '127.0.0.2');
    const strange = await client.dataTls(stranger, 'none');
    await client.expect(150, 'RETR a');
    expect((await client.reply()).code).to.equal(522);
    expect((await readAll(strange)).length).to.equal(0);
    strange.destroy();
  });

  it('names a public address by who asks, and is refused where that is none that PASV can name', async () => {
    const addresses: string[] = [];
    await using server = await TestServer.start({
      publicAddress: ({ address }) => {
        addresses.push(address);
        return '2001:db8::7';
      },
    });
    await using client = await RawFtpClient.loggedIn(server);
    expect((await client.command('PASV')).code).to.equal(425);
    expect(addresses).to.deep.equal(['127.0.0.1']);
    await client.expect(229, 'EPSV');
  });

  it('names the public address in PASV where the server has one, fixed or by client', async () => {
    for (const publicAddress of ['192.0.2.7', () => '192.0.2.7']) {
      await using server = await TestServer.start({ publicAddress });
      await using client = await RawFtpClient.loggedIn(server);
      expect(text(await client.expect(227, 'PASV'))).to.include('(192,0,2,7,');
    }
  });
});
