// Data connections that do not belong to their control connection: refused, recorded, and without any effect.
import { expect } from 'chai';
import type { BindingPolicy } from '@ftps-kit/ftps-server';
import type { ClientBinding } from '@ftps-kit/tls-core';
import { readAll } from '../support/channel-bytes.js';
import { opensslEngine } from '../support/peers/openssl-engine.js';
import { requirePeer } from '../support/peers/peer.js';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

type Tickets = () => Promise<ClientBinding | 'none'>;

for (const versions of ['1.3', '1.2'] as const) {
  describe(`binding: require, TLS ${versions}`, () => {
    let server: TestServer;
    let client: RawFtpClient;
    let other: RawFtpClient;

    beforeEach(async () => {
      server = await TestServer.start({ versions, files: { 'a.txt': 'old content' } });
      client = await RawFtpClient.loggedIn(server);
      other = await RawFtpClient.loggedIn(server);
    });

    afterEach(async () => {
      await client[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    const unbound: readonly (readonly [whose: string, tickets: Tickets])[] = [
      ['no ticket', () => Promise.resolve('none')],
      ["another control connection's ticket", () => Promise.resolve(other.binding)],
      [
        'the ticket of a control connection that has ended',
        async () => {
          const disconnected = server.next('disconnect');
          await other.expect(221, 'QUIT');
          other.destroy();
          await disconnected;
          return other.binding;
        },
      ],
    ];

    for (const [whose, tickets] of unbound) {
      for (const command of ['STOR new.txt', 'STOR a.txt']) {
        it(`${command} with ${whose} is 522, and nothing is created or truncated`, async () => {
          const { channel } = await client.openData(await tickets());
          await client.expect(150, command);
          await channel.write(Buffer.from('stolen')).catch(() => undefined);
          const reply = await client.reply();
          expect(reply.code).to.equal(522);
          expect(text(reply)).to.match(/TLS session/);
          expect(server.names()).to.deep.equal(['a.txt']);
          expect(server.read('a.txt')).to.equal('old content');
          expect(server.lastTransfer).to.include({ replyCode: 522, bytes: 0 });
          expect(server.lastTransfer.verdict).to.be.oneOf(['full-handshake', 'foreign']);
          expect(server.refusals.map(({ reason }) => reason)).to.deep.equal(['not-bound']);
          channel.destroy();
        });
      }

      for (const command of ['RETR a.txt', 'LIST', 'NLST', 'MLSD']) {
        it(`${command} with ${whose} is 522, and nothing is revealed`, async () => {
          const { channel } = await client.openData(await tickets());
          await client.expect(150, command);
          expect((await readAll(channel)).length).to.equal(0);
          expect((await client.reply()).code).to.equal(522);
          channel.destroy();
        });
      }

      it(`the session lives on after ${whose}, and serves the next transfer that is bound`, async () => {
        const { channel } = await client.openData(await tickets());
        await client.expect(150, 'RETR a.txt');
        expect((await client.reply()).code).to.equal(522);
        channel.destroy();
        await client.expect(257, 'PWD');
        expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('old content');
        expect(server.lastTransfer.verdict).to.equal('bound');
      });
    }

    it('refuses an upload that is refused while megabytes are under way, without a reset before the reply', async () => {
      const { channel } = await client.openData('none');
      await client.expect(150, 'STOR new.bin');
      const sent = channel.write(Buffer.alloc(2_000_000)).then(() => channel.end());
      expect((await client.reply()).code).to.equal(522);
      await sent;
      channel.destroy();
      expect(server.names()).to.deep.equal(['a.txt']);
    });
  });
}

describe('binding: require, tickets that are redeemed once', () => {
  it('refuses what comes with a spent ticket by 522, without any effect, and serves the next that is fresh', async function () {
    requirePeer(this, opensslEngine);
    await using server = await TestServer.start({
      ...{ engine: 'openssl', versions: '1.3', files: { 'a.txt': 'old content' } },
      tls: { redeem: 'once' },
    });
    await using client = await RawFtpClient.loggedIn(server);
    const tickets = client.connector.newBinding();
    for (const command of ['RETR a.txt', 'MLSD', 'STOR a.txt', 'STOR new.txt']) {
      const ticket = client.binding.tickets.takeOnce();
      if (ticket === undefined) throw new Error('the server has sent no ticket');
      tickets.tickets.insert(ticket);
      const first = await client.openData(tickets);
      await client.expect(150, 'RETR a.txt');
      expect((await readAll(first.channel)).toString()).to.equal('old content');
      expect((await client.reply()).code).to.equal(226);
      first.channel.destroy();

      tickets.tickets.insert(ticket);
      const { channel } = await client.openData(tickets);
      await client.expect(150, command);
      expect((await readAll(channel)).length).to.equal(0);
      const reply = await client.reply();
      expect(reply.code).to.equal(522);
      expect(text(reply)).to.include('was used before');
      expect(server.lastTransfer).to.include({ verdict: 'replayed', replyCode: 522, bytes: 0 });
      expect(server.names()).to.deep.equal(['a.txt']);
      expect(server.read('a.txt')).to.equal('old content');
      channel.destroy();
    }
    expect((await client.download('RETR a.txt')).reply.code).to.equal(226);
  });
});

describe('a port that was announced before PROT P', () => {
  let server: TestServer;
  let client: RawFtpClient;
  let port: number;

  beforeEach(async () => {
    server = await TestServer.start({ files: { 'a.txt': 'secret' }, limits: { tlsTimeoutMs: 1_000 } });
    client = await RawFtpClient.secured(server);
    await client.login();
    port = await client.passive();
    for (const command of ['PBSZ 0', 'PROT P', 'TYPE I']) await client.expect(200, command);
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it('sends no file in clear', async () => {
    const { channel } = await client.dataTcp(port);
    await client.expect(150, 'RETR a.txt');
    expect((await client.reply()).code).to.equal(425);
    expect((await readAll(channel).catch(() => Buffer.alloc(0))).toString()).not.to.include('secret');
    channel.destroy();
  });

  it('takes no file in clear', async () => {
    const { channel } = await client.dataTcp(port);
    await client.expect(150, 'STOR b.txt');
    await channel.write(Buffer.from('in clear'));
    expect((await client.reply()).code).to.equal(425);
    channel.destroy();
    expect(server.names()).to.deep.equal(['a.txt']);
  });
});

for (const binding of ['allow', 'off'] satisfies BindingPolicy[]) {
  describe(`binding: ${binding}`, () => {
    it('serves a data connection that resumed nothing, and records its verdict', async () => {
      await using server = await TestServer.start({ binding, files: { 'a.txt': 'content' } });
      await using client = await RawFtpClient.loggedIn(server);
      const { channel } = await client.openData('none');
      await client.expect(150, 'RETR a.txt');
      expect((await readAll(channel)).toString()).to.equal('content');
      expect((await client.reply()).code).to.equal(226);
      channel.destroy();
      expect(server.lastTransfer).to.include({ verdict: 'full-handshake', replyCode: 226, bytes: 7 });
      expect(server.refusals).to.deep.equal([]);
    });

    it('still wants TLS on it', async () => {
      await using server = await TestServer.start({ binding, limits: { tlsTimeoutMs: 1_000 } });
      await using client = await RawFtpClient.loggedIn(server);
      const { channel } = await client.dataTcp(await client.extendedPassive());
      await client.expect(150, 'STOR b.txt');
      await channel.write(Buffer.from('in clear'));
      expect((await client.reply()).code).to.equal(425);
      channel.destroy();
      expect(server.names()).to.deep.equal([]);
    });
  });
}
