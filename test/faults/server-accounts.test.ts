// What an account allows, as a client meets it: where from, how often, how much, and until when.
import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import {
  LocalFileSystem,
  fixedAccounts,
  type AccountTerms,
  type Authenticate,
  type DirectoryEntry,
} from '@ftps-kit/ftps-server';
import { ServerIdentity } from '@ftps-kit/tls-core';
import { testCertificates } from '../support/certificates.js';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { requireCapability } from '../support/requirement.js';
import { TestServer, type TestServerOptions } from '../support/test-server.js';

/** Lets alice in on these terms, with the files of the server's own root. */
async function serverFor(
  terms: AccountTerms & { readonly revoked?: AbortSignal },
  files: Readonly<Record<string, string | Uint8Array>> = {},
  options: TestServerOptions = {},
): Promise<TestServer> {
  const lateRoot: { authenticate: Authenticate } = { authenticate: () => undefined };
  const server = await TestServer.start({
    ...options,
    files,
    authenticate: (...args) => lateRoot.authenticate(...args),
  });
  const { root } = server;
  lateRoot.authenticate = ({ user, password }) =>
    user === 'alice' && password === 'opensesame' ? { name: 'alice', root, ...terms } : undefined;
  return server;
}

/** The code and text of PASS for alice's right password, from this address. */
async function passwordReply(server: TestServer, localAddress?: string): Promise<string> {
  await using client = await RawFtpClient.secured(server, localAddress === undefined ? {} : { localAddress });
  await client.expect(331, 'USER alice');
  const reply = await client.command('PASS opensesame');
  return `${reply.code} ${text(reply)}`;
}

describe('an account', () => {
  it('lets its owner in from the addresses it allows, and answers others as if the password was wrong', async () => {
    await using server = await serverFor({ allowedAddresses: ['127.0.0.2/32', '10.0.0.0/8'] });
    expect(await passwordReply(server, '127.0.0.2')).to.match(/^230 /);
    const refused = await passwordReply(server, '127.0.0.3');
    expect(server.logins.map(({ accepted, reason }) => [accepted, reason])).to.deep.equal([
      [true, undefined],
      [false, 'address'],
    ]);
    await using client = await RawFtpClient.secured(server);
    await client.expect(331, 'USER nobody');
    const unknown = await client.command('PASS guess');
    expect(refused).to.equal(`${unknown.code} ${text(unknown)}`);
  });

  it('that needs a client certificate lets nobody in who has shown none, and does not say why', async () => {
    await using server = await serverFor({ clientCertificate: true });
    expect(await passwordReply(server)).to.match(/^530 User name or password is wrong/);
    expect(server.logins[0]).to.include({ accepted: false, reason: 'client-certificate' });
  });

  it('that needs one takes any that the server trusts, or only those that it names', async function () {
    requireCapability(this, 'clientCertificates');
    const { client, caPem } = await testCertificates();
    const identity = new ServerIdentity({ cert: client.certPem, key: client.keyPem });
    const another = identity.fingerprint256.replace(/^../, (octet) => (octet === '00' ? '01' : '00'));
    for (const [clientCertificate, code] of [
      [true, 230],
      [[another, identity.fingerprint256], 230],
      [[another], 530],
    ] as const) {
      const tls = { clientCertificates: 'optional', clientCa: caPem } as const;
      await using server = await serverFor({ clientCertificate }, {}, { tls });
      await using owner = await RawFtpClient.secured(server, { identity });
      await owner.expect(331, 'USER alice');
      await owner.expect(code, 'PASS opensesame');
      expect(await passwordReply(server), 'without one').to.match(/^530 /);
    }
  });

  it('has no more sessions than it may, and one more as soon as one has left', async () => {
    await using server = await serverFor({ maxSessions: 2 });
    const one = await RawFtpClient.loggedIn(server);
    await using other = await RawFtpClient.loggedIn(server);
    expect(await passwordReply(server)).to.match(/^530 This account has too many sessions/);
    expect(server.logins.at(-1)).to.include({ accepted: false, reason: 'sessions' });
    await one.expect(221, 'QUIT');
    one.destroy();
    // The one that was refused, and the one that left.
    while (server.disconnects.length < 2) await server.next('disconnect');
    expect(await passwordReply(server)).to.match(/^230 /);
    await other.expect(257, 'PWD');
  });

  it('begins in its home, or in the root where the home is missing', async () => {
    await using server = await serverFor({ homeDirectory: '/in/box' }, { 'in/box/a.txt': 'a' });
    await using client = await RawFtpClient.loggedIn(server);
    expect(text(await client.expect(257, 'PWD'))).to.include('"/in/box"');
    await using homeless = await serverFor({ homeDirectory: '/in/box' });
    await using elsewhere = await RawFtpClient.loggedIn(homeless);
    expect(text(await elsewhere.expect(257, 'PWD'))).to.include('"/"');
  });

  it('ends its sessions when it is revoked: idle ones at once, others behind the transfer under way', async () => {
    const revocation = new AbortController();
    await using server = await serverFor({ revoked: revocation.signal }, { 'a.txt': 'content' });
    await using idle = await RawFtpClient.loggedIn(server);
    await using busy = await RawFtpClient.loggedIn(server);
    const { channel } = await busy.openData();
    await busy.expect(150, 'STOR b.txt');
    await channel.write(Buffer.from('first half, '));
    revocation.abort();
    const farewell = await idle.reply();
    expect([farewell.code, text(farewell)]).to.deep.equal([421, 'This account was closed.']);
    await channel.write(Buffer.from('second half'));
    await channel.end();
    expect((await busy.reply()).code).to.equal(226);
    expect((await busy.reply()).code).to.equal(421);
    expect(server.read('b.txt')).to.equal('first half, second half');
    expect(await passwordReply(server)).to.match(/^530 /);
    channel.destroy();
  });

  it('lets nobody in and tells the operator where an account makes no sense', async () => {
    await using server = await serverFor({ quotaBytes: -1 });
    const fault = server.next('fault');
    expect(await passwordReply(server)).to.match(/^530 User name or password is wrong/);
    expect((await fault).error.message).to.equal('quotaBytes: -1 is not a whole number from 0 on');
  });
});

describe('a quota', () => {
  it('is kept to the byte: 552 at the byte that is too many, and the old file is whole', async () => {
    await using server = await serverFor({ quotaBytes: 10 }, { 'old.txt': 'old' });
    await using client = await RawFtpClient.loggedIn(server);
    expect((await client.upload('STOR seven.txt', '1234567')).code).to.equal(226);
    expect((await client.upload('STOR old.txt', 'now4')).code).to.equal(552);
    expect(server.read('old.txt')).to.equal('old');
    expect((await client.upload('APPE old.txt', 'x')).code).to.equal(552);
    expect((await client.upload('STOR old.txt', 'new')).code).to.equal(226);
    await client.expect(250, 'DELE seven.txt');
    expect((await client.upload('STOR more.txt', '1234567')).code).to.equal(226);
    expect((await client.upload('STOR one.txt', '1')).code).to.equal(552);
    expect(server.names()).to.deep.equal(['more.txt', 'old.txt']);
  });

  it('is shared by all sessions of an account, and what an aborted upload has taken is given back', async () => {
    await using server = await serverFor({ quotaBytes: 100_000 });
    await using one = await RawFtpClient.loggedIn(server);
    await using other = await RawFtpClient.loggedIn(server);
    const { channel } = await one.openData();
    await one.expect(150, 'STOR a');
    await channel.write(Buffer.alloc(60_000));
    // A session that begins now finds the claim of the other one, once its bytes are there.
    for (;;) {
      const [line = ''] = (await one.command('STAT')).lines.filter((text) => text.includes('bytes so far'));
      if (line.includes('60000 bytes')) break;
    }
    expect((await other.upload('STOR b', Buffer.alloc(40_001))).code).to.equal(552);
    expect((await other.upload('STOR b', Buffer.alloc(40_000))).code).to.equal(226);
    await one.expect(426, 'ABOR');
    expect((await one.reply()).code).to.equal(226);
    channel.destroy();
    expect((await other.upload('STOR c', Buffer.alloc(60_000))).code).to.equal(226);
    expect(server.names()).to.deep.equal(['b', 'c']);
  });
});

describe('counting a large tree', () => {
  class SlowLists extends LocalFileSystem {
    override async *list(path: string): AsyncGenerator<DirectoryEntry> {
      await setTimeout(300);
      yield* super.list(path);
    }
  }

  it('holds up an upload ahead of its data connection, which is no stall', async () => {
    await using server = await TestServer.start({
      limits: { stallTimeoutMs: 100 },
      authenticate: () => ({ name: 'alice', fileSystem: new SlowLists(server.root), quotaBytes: 10 }),
    });
    await using client = await RawFtpClient.loggedIn(server);
    expect((await client.upload('STOR a.txt', '0123456789')).code).to.equal(226);
    expect((await client.upload('STOR b.txt', 'x')).code).to.equal(552);
  });
});

describe('a rate', () => {
  it('holds a download back, and ABOR ends the wait for it at once', async () => {
    await using server = await serverFor(
      { rates: { sessionDownloadBytesPerSecond: 1_000 } },
      { 'large.bin': Buffer.alloc(10_000_000) },
    );
    await using client = await RawFtpClient.loggedIn(server);
    const { channel } = await client.openData();
    await client.expect(150, 'RETR large.bin');
    const first = await channel.read(new Uint8Array(65_536));
    expect(first).to.be.at.most(1_000);
    await client.send('ABOR\r\n');
    expect((await client.reply()).code).to.equal(426);
    expect((await client.reply()).code).to.equal(226);
    expect(server.lastTransfer.bytes).to.be.below(1_000_000);
    channel.destroy();
  });

  it('is what downloads and uploads come to, within wide bounds', async () => {
    const bytes = 150_000;
    await using server = await serverFor(
      { rates: { uploadBytesPerSecond: bytes, downloadBytesPerSecond: bytes } },
      { 'a.bin': Buffer.alloc(bytes) },
    );
    await using client = await RawFtpClient.loggedIn(server);
    const down = await client.download('RETR a.bin');
    expect(down.bytes).to.have.length(bytes);
    // A loaded machine may take longer; nothing makes it faster than the rate, less what may burst.
    expect(server.lastTransfer.durationMs).to.be.above(800);
    expect((await client.upload('STOR b.bin', Buffer.alloc(bytes))).code).to.equal(226);
    expect(server.lastTransfer.durationMs).to.be.above(800);
  });
});

describe('many logins at once from one address', () => {
  it('are all let in where their passwords are right, and told as no limit', async () => {
    await using server = await TestServer.start({
      authenticate: async ({ user }) => {
        await setImmediate();
        return { name: user, root: server.root };
      },
    });
    const clients = await Promise.all(Array.from({ length: 30 }, () => RawFtpClient.secured(server)));
    await Promise.all(clients.map((client) => client.login()));
    expect(server.limits).to.deep.equal([]);
    expect(server.server.metrics().counters.logins).to.deep.equal({ accepted: 30, refused: 0 });
    for (const client of clients) client.destroy();
  });
});

describe('guessing passwords', () => {
  const accounts = (root: string): Authenticate => fixedAccounts([{ name: 'alice', password: 'opensesame', root }]);

  it('gets nowhere by many connections: most are never looked at, and the owner gets in from elsewhere', async () => {
    let checked = 0;
    await using server = await TestServer.start({
      limits: { failedLoginDelayMs: 60_000, maxFailedLoginDelayMs: 60_000 },
      authenticate: (credentials, client) => {
        checked += 1;
        return accounts(server.root)(credentials, client);
      },
    });
    const guessers = await Promise.all(Array.from({ length: 12 }, () => RawFtpClient.secured(server)));
    for (const guesser of guessers) await guesser.expect(331, 'USER alice');
    const sent = guessers.map((guesser, at) => guesser.send(`PASS guess ${at}\r\n`));
    await Promise.all(sent);
    // Three are looked at, the fourth waits, and whoever comes behind it would have to wait for too long.
    await Promise.any(
      guessers.map(async (guesser) => {
        expect((await guesser.reply()).code).to.equal(421);
      }),
    );
    expect(await passwordReply(server, '127.0.0.2')).to.match(/^230 /);
    expect(checked).to.be.at.most(4);
    expect(server.limits.map(({ limit }) => limit)).to.include('maxFailedLoginDelayMs');
    for (const guesser of guessers) guesser.destroy();
  });

  it('holds up no server that closes', async () => {
    await using server = await TestServer.start({
      limits: { failedLoginDelayMs: 600_000, maxFailedLoginDelayMs: 600_000 },
    });
    await using client = await RawFtpClient.secured(server);
    for (const guess of ['1', '2']) {
      await client.expect(331, 'USER alice');
      await client.expect(530, `PASS ${guess}`);
    }
    const others = await Promise.all(Array.from({ length: 2 }, () => RawFtpClient.secured(server)));
    for (const other of others) {
      await other.expect(331, 'USER alice');
      await other.send('PASS guess\r\n');
    }
    // The third attempt is free, the fourth one waits.
    expect((await Promise.race(others.map((other) => other.reply()))).code).to.be.oneOf([421, 530]);
    const closed = server.server.close({ graceSeconds: 600 });
    for (const other of others) await other.rest();
    for (const one of [client, ...others]) one.destroy();
    await closed;
  });
});
