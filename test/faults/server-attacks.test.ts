// What somebody would do to a server on the internet with a control connection, and what comes of it.
import { once } from 'node:events';
import tls from 'node:tls';
import { expect } from 'chai';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

const IAC = 0xff;

describe('an attack on the control connection', () => {
  let server: TestServer;
  let client: RawFtpClient;

  beforeEach(async () => {
    server = await TestServer.start({ files: { 'a.txt': 'a', 'folder/b.txt': 'b' } });
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  describe('by HTTP (ALPACA)', () => {
    const body = 'USER alice\r\nPASS opensesame\r\nDELE a.txt\r\n';
    const requests: readonly (readonly [what: string, request: string])[] = [
      ['GET', `GET / HTTP/1.1\r\nHost: localhost\r\n\r\n${body}`],
      ['POST with commands in its body', `POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n${body}`],
      ['PUT in lower case', `put /x HTTP/1.1\r\n\r\n${body}`],
      ['OPTIONS', `OPTIONS * HTTP/1.1\r\n\r\n${body}`],
      ['the preface of HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${body}`],
      ['GET of bytes that are no UTF-8', `GET /\x80 HTTP/1.1\r\n${body}`],
      ['GET of a path too long to be a line', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${body}`],
    ];
    for (const [what, request] of requests) {
      it(`${what} ends the connection, and nothing behind it is obeyed`, async () => {
        client = await RawFtpClient.secured(server);
        const told = server.next('refusal');
        await client.send(Buffer.from(request, 'latin1'));
        expect((await client.reply()).code).to.equal(421);
        expect(await client.rest()).to.equal('');
        expect((await told).reason).to.equal('foreign-protocol');
        expect(server.logins).to.deep.equal([]);
      });
    }

    it('ends the connection in clear, and behind a login, too', async () => {
      client = await RawFtpClient.connect(server);
      await client.reply();
      await client.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      expect((await client.reply()).code).to.equal(421);
      expect(await client.rest()).to.equal('');
      client.destroy();
      client = await RawFtpClient.loggedIn(server);
      await client.send('GET / HTTP/1.1\r\nDELE a.txt\r\n');
      expect((await client.reply()).code).to.equal(421);
      expect(await client.rest()).to.equal('');
      expect(server.names()).to.include('a.txt');
    });
  });

  describe('by lines', () => {
    it('that never end is answered once, and by 421 when its time is over', async () => {
      await server[Symbol.asyncDispose]();
      server = await TestServer.start({ limits: { idleTimeoutMs: 1_000 } });
      client = await RawFtpClient.loggedIn(server);
      const piece = Buffer.alloc(32 * 1024, 'x');
      const send = async (): Promise<void> => {
        await client.send(piece);
        return send();
      };
      // It ends with the connection.
      const flood = send().catch(() => undefined);
      expect((await client.reply()).code).to.equal(500);
      expect((await client.reply()).code).to.equal(421);
      client.destroy();
      await flood;
    });

    it('full of Telnet commands is one command all the same, and a flood of them is bounded', async () => {
      client = await RawFtpClient.loggedIn(server);
      const nothing = Buffer.from([IAC, 0xf1, IAC, 0xfb, 0x01, IAC, 0xfd, 0x03]);
      await client.send(Buffer.concat([...Array<Buffer>(800).fill(nothing), Buffer.from('PWD\r\n')]));
      expect((await client.reply()).code).to.equal(257);
      await client.send(Buffer.concat([...Array<Buffer>(100_000).fill(nothing), Buffer.from('\r\nNOOP\r\n')]));
      expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([500, 200]);
    });

    it('of Telnet options is never answered in kind', async () => {
      client = await RawFtpClient.connect(server);
      await client.reply();
      await client.send(Buffer.concat([Buffer.from([IAC, 0xfb, 0x01, IAC, 0xfd, 0x18]), Buffer.from('QUIT\r\n')]));
      const answer = await client.rest();
      expect(answer).to.match(/^221 [^\xff]*\r\n$/);
    });

    it('that cannot be read is answered, each, and the session goes on', async () => {
      client = await RawFtpClient.loggedIn(server);
      for (const line of ['DELE a.txt\0', 'DELE a.\0txt', '\0', '\x80\x81', 'DELE \xc3\x28', '\r', '\x1b[2J']) {
        await client.send(Buffer.from(`${line}\r\n`, 'latin1'));
        expect((await client.reply()).code, JSON.stringify(line)).to.be.oneOf([500, 501]);
      }
      expect(server.names()).to.include('a.txt');
      await client.expect(257, 'PWD');
    });
  });

  describe('by listings', () => {
    it('takes wildcards, braces and tildes for the names they are, and never lists what is below', async () => {
      client = await RawFtpClient.loggedIn(server);
      for (const pattern of ['*', '*/*', '*/../*/../*', '{a,b}*', '?.txt', '[a]*', '~', '~root']) {
        for (const verb of ['LIST', 'NLST', 'MLSD', 'STAT', 'MLST']) {
          expect((await client.command(`${verb} ${pattern}`)).code, `${verb} ${pattern}`).to.equal(550);
        }
      }
      expect((await client.download('LIST -laR')).bytes.toString()).not.to.include('b.txt');
      expect((await client.download('NLST -R')).bytes.toString().split('\r\n').sort()).to.deep.equal([
        '',
        'a.txt',
        'folder',
      ]);
    });
  });

  describe('by leading back to clear', () => {
    it('nothing but REIN, which ends the login, leads there: not CCC, PROT C, nor AUTH again', async () => {
      client = await RawFtpClient.loggedIn(server);
      await client.expect(534, 'CCC');
      await client.expect(534, 'PROT C');
      await client.expect(503, 'AUTH TLS');
      await client.expect(200, 'PBSZ 0');
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('a');
      expect(server.lastTransfer.verdict).to.equal('bound');
    });

    it('a connection whose AUTH somebody answers in its place never gets at a password', async () => {
      client = await RawFtpClient.connect(server);
      await client.reply();
      expect(text(await client.expect(530, 'USER alice'))).to.include('AUTH TLS');
      await client.expect(530, 'PASS opensesame');
      expect(server.logins).to.deep.equal([]);
    });
  });

  it('by renegotiation, which TLS 1.2 has, is refused, and no handshake is done again', async () => {
    client = await RawFtpClient.greeted(server);
    await client.expect(234, 'AUTH TLS');
    const secure = tls.connect({
      ...{ socket: client.socket, ca: server.caPem, servername: 'localhost', maxVersion: 'TLSv1.2' },
    });
    secure.on('error', () => undefined);
    await once(secure, 'secureConnect');
    expect(secure.getProtocol()).to.equal('TLSv1.2');
    const renegotiated = new Promise<boolean>((resolve) => {
      secure.renegotiate({}, (error) => {
        resolve(error === null);
      });
      secure.once('close', () => {
        resolve(false);
      });
    });
    secure.write('NOOP\r\n');
    expect(await renegotiated).to.equal(false);
    secure.destroy();
  });
});
