// What a control connection may bring: too much, too little, too late, or nonsense. It is answered, or it is ended.
import { expect } from 'chai';
import { RawFtpClient, connectTcp, text } from '../support/raw-ftp-client.js';
import { rejection } from '../support/rejection.js';
import { resetConnection } from '../support/tcp-reset.js';
import { TestServer } from '../support/test-server.js';

describe('a control connection', () => {
  it('answers an overlong line with 500, once, skips it to its end, and goes on', async () => {
    await using server = await TestServer.start();
    await using client = await RawFtpClient.loggedIn(server);
    await client.send(`MKD ${'x'.repeat(100_000)}\r\nPWD\r\n`);
    expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([500, 257]);
    expect(server.names()).to.deep.equal([]);
  });

  it('answers a name that is too long for the disk, and goes on', async () => {
    await using server = await TestServer.start();
    await using client = await RawFtpClient.loggedIn(server);
    expect((await client.command(`MKD ${'x'.repeat(300)}`)).code).to.equal(553);
    expect((await client.command(`CWD ${'x/'.repeat(3000)}`)).code).to.be.within(550, 553);
    await client.expect(257, 'PWD');
  });

  it('answers NUL and bytes that are not UTF-8 with 501, before a login as well', async () => {
    await using server = await TestServer.start();
    await using client = await RawFtpClient.secured(server);
    for (const line of [
      Buffer.from('USER a\0b\r\n'),
      Buffer.from([0x55, 0x53, 0x45, 0x52, 0x20, 0xff, 0xff, 0x0d, 0x0a]),
    ]) {
      await client.send(line);
      expect((await client.reply()).code).to.equal(501);
    }
    await client.login();
  });

  it('answers every piece of a command, however it is cut', async () => {
    await using server = await TestServer.start();
    await using client = await RawFtpClient.loggedIn(server);
    for (const byte of Buffer.from('NOOP\r\nPWD\r\n')) await client.send(Uint8Array.of(byte));
    expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([200, 257]);
  });

  it('is closed when TLS is expected and something else comes, and the server serves on', async () => {
    await using server = await TestServer.start({ mode: 'implicit' });
    const garbage = ['GET / HTTP/1.1\r\n\r\n', 'USER alice\r\n', '\x16\x03\x01\x00\x05hello', '\0'.repeat(100)];
    for (const bytes of garbage) {
      const disconnected = server.next('disconnect');
      await using client = await RawFtpClient.connect(server);
      await client.send(bytes);
      await client.rest();
      expect((await disconnected).error).to.have.property('code', 'FTPS_ERR_TLS_HANDSHAKE');
    }
    await using client = await RawFtpClient.loggedIn(server);
    await client.expect(257, 'PWD');
  });

  it('is closed when its client goes away during the handshake', async () => {
    await using server = await TestServer.start();
    const disconnected = server.next('disconnect');
    await using client = await RawFtpClient.connect(server);
    await client.reply();
    await client.expect(234, 'AUTH TLS');
    resetConnection(client.socket);
    expect((await disconnected).error).to.have.property('code', 'FTPS_ERR_TLS_HANDSHAKE');
  });

  it('is closed when TLS does not begin in time', async () => {
    await using server = await TestServer.start({ limits: { tlsTimeoutMs: 50 } });
    const disconnected = server.next('disconnect');
    await using client = await RawFtpClient.connect(server);
    await client.reply();
    await client.expect(234, 'AUTH TLS');
    await client.rest();
    expect((await disconnected).error).to.have.property('code', 'FTPS_ERR_TIMEOUT');
  });

  it('refuses a foreign application protocol, and a version that is not served', async () => {
    await using server = await TestServer.start({ versions: '1.3' });
    for (const options of [{ alpn: ['http/1.1'] }, { alpn: ['h2', 'http/1.1'] }, { versions: '1.2' }] as const) {
      const disconnected = server.next('disconnect');
      await using client = await RawFtpClient.connect(server, options);
      await client.reply();
      await client.expect(234, 'AUTH TLS');
      expect(await rejection(client.startTls())).to.have.property('code', 'FTPS_ERR_TLS_HANDSHAKE');
      expect((await disconnected).error).to.have.property('code', 'FTPS_ERR_TLS_HANDSHAKE');
    }
  });

  describe('that logs in', () => {
    it('gets the same answers whether the user exists or the password is wrong', async () => {
      await using server = await TestServer.start();
      const answers = async (user: string): Promise<readonly string[]> => {
        await using client = await RawFtpClient.secured(server);
        const lines: string[] = [];
        for (const command of [`USER ${user}`, 'PASS wrong', `USER ${user}`, 'PASS ']) {
          const reply = await client.command(command);
          lines.push(`${reply.code} ${text(reply)}`);
        }
        return lines;
      };
      expect(await answers('nobody-of-this-name')).to.deep.equal(await answers('alice'));
      expect(server.logins.map(({ accepted }) => accepted)).to.deep.equal([false, false, false, false]);
    });

    it('is told 421 and closed at the last refused password', async () => {
      await using server = await TestServer.start({ limits: { maxFailedLogins: 2 } });
      await using client = await RawFtpClient.secured(server);
      await client.expect(331, 'USER alice');
      await client.expect(530, 'PASS wrong');
      await client.expect(331, 'USER alice');
      await client.expect(421, 'PASS wrong');
      expect(await client.rest()).to.equal('');
      expect(server.limits.map(({ limit, value }) => [limit, value])).to.deep.equal([['maxFailedLogins', 2]]);
    });

    it('is refused, and told nothing, when the accounts cannot be asked', async () => {
      await using server = await TestServer.start({
        authenticate: () => Promise.reject(new Error('database at 10.0.0.1')),
      });
      await using client = await RawFtpClient.secured(server);
      await client.expect(331, 'USER alice');
      expect(text(await client.expect(530, 'PASS opensesame'))).not.to.include('database');
    });
  });

  describe('that brings nothing', () => {
    it('is told 421 and closed without a login, in clear and under TLS', async () => {
      await using server = await TestServer.start({ limits: { loginTimeoutMs: 1_000 } });
      await using inClear = await RawFtpClient.connect(server);
      await inClear.reply();
      await using secured = await RawFtpClient.secured(server);
      for (const client of [inClear, secured]) {
        expect((await client.reply()).code).to.equal(421);
        expect(await client.rest()).to.equal('');
      }
      for (const { error } of server.disconnects) expect(error).to.have.property('code', 'FTPS_ERR_TIMEOUT');
    });

    it('cannot put the login off by talking', async () => {
      await using server = await TestServer.start({ limits: { loginTimeoutMs: 1_000 } });
      await using client = await RawFtpClient.secured(server);
      let code = 200;
      while (code === 200) ({ code } = await client.command('NOOP'));
      expect(code).to.equal(421);
    });

    it('is told 421 and closed when it is idle, logged in', async () => {
      await using server = await TestServer.start({ limits: { idleTimeoutMs: 1_000 } });
      const disconnected = server.next('disconnect');
      await using client = await RawFtpClient.loggedIn(server);
      expect((await client.reply()).code).to.equal(421);
      expect(await client.rest()).to.equal('');
      client.destroy();
      expect((await disconnected).error).to.have.property('code', 'FTPS_ERR_TIMEOUT');
    });

    it('is idle too when it sends a byte now and then, and never a command', async () => {
      await using server = await TestServer.start({ limits: { idleTimeoutMs: 1_000 } });
      await using client = await RawFtpClient.loggedIn(server);
      const trickle = setInterval(() => {
        client.send('x').catch(() => undefined);
      }, 50);
      try {
        expect((await client.reply()).code).to.equal(421);
      } finally {
        clearInterval(trickle);
      }
    });
  });

  describe('beyond the number that is allowed', () => {
    it('is told 421, and one more is served when one has gone', async () => {
      await using server = await TestServer.start({ limits: { maxConnections: 1 } });
      await using first = await RawFtpClient.loggedIn(server);
      await using second = await RawFtpClient.connect(server);
      expect((await second.reply()).code).to.equal(421);
      expect(await second.rest()).to.equal('');
      expect(server.limits.map(({ limit, value }) => [limit, value])).to.deep.equal([['maxConnections', 1]]);
      const disconnected = server.next('disconnect');
      await first.expect(221, 'QUIT');
      first.destroy();
      await disconnected;
      await using third = await RawFtpClient.loggedIn(server);
      await third.expect(257, 'PWD');
    });

    it('is closed without a word in clear where TLS is implicit', async () => {
      await using server = await TestServer.start({ mode: 'implicit', limits: { maxConnections: 1 } });
      await using first = await RawFtpClient.loggedIn(server);
      await using second = await RawFtpClient.connect(server);
      expect(await second.rest()).to.equal('');
      await first.expect(257, 'PWD');
    });

    it('may be gone before it is told, many times over', async () => {
      await using server = await TestServer.start({ limits: { maxConnections: 1 } });
      await using first = await RawFtpClient.loggedIn(server);
      for (let round = 0; round < 50; round += 1) resetConnection((await connectTcp(server)).socket);
      await first.expect(257, 'PWD');
    });
  });
});
