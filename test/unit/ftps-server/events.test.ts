import { inspect } from 'node:util';
import { expect } from 'chai';
import { ConnectionError } from '@ftps-kit/tls-core';
import { createFtpsServer, fixedAccounts, type ConnectionInfo, type ListeningEvent } from '@ftps-kit/ftps-server';
import { testCertificates } from '../../support/certificates.js';
import { RawFtpClient } from '../../support/raw-ftp-client.js';
import { rejection } from '../../support/rejection.js';
import { TestServer } from '../../support/test-server.js';

describe('the events of a server', () => {
  it('tell of a session from its first byte to its last, under one id', async () => {
    await using server = await TestServer.start({ files: { 'a.txt': 'content' } });
    const told: string[] = [];
    const ids = new Set<string>();
    for (const name of ['connection', 'secured', 'login', 'transfer', 'disconnect'] as const) {
      server.server.on(name, ({ id, client }: ConnectionInfo) => {
        told.push(name);
        ids.add(id);
        expect(client.address).to.equal('127.0.0.1');
      });
    }
    const disconnected = server.next('disconnect');
    await using client = await RawFtpClient.loggedIn(server);
    await client.download('RETR a.txt');
    await client.expect(221, 'QUIT');
    client.destroy();
    await disconnected;
    expect(told).to.deep.equal(['connection', 'secured', 'login', 'transfer', 'disconnect']);
    expect(ids.size).to.equal(1);
  });

  it('tell of a transfer what it moved and how it was protected', async () => {
    await using server = await TestServer.start({ files: { 'd/a.txt': 'content' } });
    await using client = await RawFtpClient.loggedIn(server);
    await client.expect(250, 'CWD d');
    await client.download('RETR a.txt');
    const { durationMs, handshake, ...rest } = server.lastTransfer;
    expect(rest).to.include({ user: 'alice', command: 'RETR', path: '/d/a.txt', bytes: 7 });
    expect(rest).to.include({ verdict: 'bound', replyCode: 226, error: undefined });
    expect(durationMs).to.be.within(0, 10_000);
    expect(handshake).to.include({ role: 'data', resumed: true });
  });

  it('hold no password', async () => {
    await using server = await TestServer.start();
    const told: string[] = [];
    for (const name of ['connection', 'secured', 'login', 'transfer', 'refusal', 'disconnect'] as const) {
      server.server.on(name, (event: ConnectionInfo) => told.push(inspect(event, { depth: 10 })));
    }
    await using client = await RawFtpClient.secured(server);
    await client.command('USER alice');
    await client.command('PASS a-wrong-password');
    await client.login();
    expect(told.join('\n')).to.include('alice').and.not.include('opensesame').and.not.include('a-wrong-password');
  });

  it('tell where it listens, when it does, on every address', async () => {
    const { server } = await testCertificates();
    const listening: ListeningEvent[] = [];
    await using ftps = createFtpsServer({
      tls: { cert: server.certPem, key: server.keyPem },
      authenticate: fixedAccounts([]),
      listen: [{ mode: 'explicit' }, { mode: 'implicit' }],
    });
    ftps.on('listening', (event) => listening.push(event));
    expect(ftps.addresses).to.deep.equal([]);
    expect(await ftps.listen()).to.deep.equal(listening);
    expect(ftps.addresses).to.deep.equal(listening);
    expect(listening.map(({ mode }) => mode)).to.deep.equal(['explicit', 'implicit']);
    for (const { address, port, engine } of listening) {
      expect([address, engine]).to.deep.equal(['127.0.0.1', ftps.engine.name]);
      expect(port).to.be.above(0);
    }
    expect(ftps.fingerprint256).to.match(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  it('tell nothing where one address cannot be had, and none is listened on then', async () => {
    await using taken = await TestServer.start();
    const { server } = await testCertificates();
    const ftps = createFtpsServer({
      tls: { cert: server.certPem, key: server.keyPem },
      authenticate: fixedAccounts([]),
      listen: [{}, { port: taken.port }],
    });
    let told = 0;
    ftps.on('listening', () => (told += 1));
    const error = await rejection(ftps.listen());
    expect(error).to.be.instanceOf(ConnectionError).with.property('message').that.includes(`:${taken.port}`);
    expect(told).to.equal(0);
    expect(ftps.addresses).to.deep.equal([]);
  });
});
