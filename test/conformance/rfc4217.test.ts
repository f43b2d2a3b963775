// RFC 4217, FTP with TLS: explicit and implicit, TLS 1.3 and 1.2, control connection and data connection.
import { expect } from 'chai';
import type { ControlMode } from '@ftps-kit/ftps-server';
import { readAll } from '../support/channel-bytes.js';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { forEachServed } from '../support/served-client.js';
import { TestServer } from '../support/test-server.js';

const files = { 'a.txt': 'content of a' };

describe('RFC 4217', () => {
  describe('§4 negotiation on the control port', () => {
    it('§4.2 AUTH TLS is answered with 234 in clear, and TLS begins behind it', async () => {
      await using server = await TestServer.start();
      await using client = await RawFtpClient.connect(server);
      expect((await client.reply()).code).to.equal(220);
      expect((await client.command('AUTH TLS')).code).to.equal(234);
      const { handshake } = await client.startTls();
      expect(handshake.alpn).to.equal('ftp');
      await client.expect(200, 'NOOP');
    });

    it('§4.2 commands are refused until the session is secured, USER before anything about the user', async () => {
      await using server = await TestServer.start();
      await using client = await RawFtpClient.connect(server);
      await client.reply();
      const known = await client.command('USER alice');
      expect(known.code).to.equal(530);
      expect(await client.command('USER nobody-of-this-name')).to.deep.equal(known);
    });

    it('§4.2 what was set before AUTH is reset by it', async () => {
      await using server = await TestServer.start({ files });
      await using client = await RawFtpClient.connect(server);
      await client.reply();
      await client.expect(200, 'OPTS MLST size;');
      await client.expect(234, 'AUTH TLS');
      await client.startTls();
      expect((await client.command('FEAT')).lines).to.include(
        ' MLST type*;size*;modify*;create*;perm*;unique*;UNIX.mode*;',
      );
    });

    it('§6 FEAT names AUTH TLS, PBSZ and PROT', async () => {
      await using server = await TestServer.start();
      await using client = await RawFtpClient.secured(server);
      expect((await client.command('FEAT')).lines).to.include.members([' AUTH TLS', ' PBSZ', ' PROT']);
    });
  });

  describe('§8 and §9 protection of the data connection', () => {
    it('§9 PBSZ comes before PROT, and its size is 0', async () => {
      await using server = await TestServer.start();
      await using client = await RawFtpClient.secured(server);
      expect((await client.command('PROT P')).code).to.equal(503);
      expect(text(await client.expect(200, 'PBSZ 0'))).to.include('PBSZ=0');
      expect(text(await client.expect(200, 'PBSZ 16384'))).to.include('PBSZ=0');
      await client.expect(200, 'PROT P');
    });

    it('§9 the initial state is clear, which §10.2 refuses with 521 at the transfer command, not at PASV', async () => {
      await using server = await TestServer.start({ files });
      await using client = await RawFtpClient.secured(server);
      await client.login();
      await client.expect(200, 'TYPE I');
      for (const command of ['STOR new', 'RETR a.txt', 'NLST', 'LIST', 'MLSD']) {
        await client.extendedPassive();
        expect((await client.command(command)).code, command).to.equal(521);
      }
      expect(server.names()).to.deep.equal(['a.txt']);
    });

    it('§8 PROT P straight behind PASV protects that data connection too', async () => {
      await using server = await TestServer.start({ files });
      await using client = await RawFtpClient.secured(server);
      await client.login();
      const port = await client.passive();
      await client.expect(200, 'PBSZ 0');
      await client.expect(200, 'PROT P');
      await client.expect(200, 'TYPE I');
      const data = await client.dataTls(await client.dataTcp(port));
      await client.expect(150, 'RETR a.txt');
      expect((await readAll(data)).toString()).to.equal('content of a');
      expect((await client.reply()).code).to.equal(226);
      expect(server.lastTransfer.verdict).to.equal('bound');
      data.destroy();
    });
  });

  const combinations = (['explicit', 'implicit'] satisfies ControlMode[]).flatMap((mode) =>
    (['1.3', '1.2'] as const).map((versions) => ({ mode, versions })),
  );
  for (const { mode, versions } of combinations) {
    describe(`§12 a session, ${mode}, TLS ${versions}`, () => {
      let server: TestServer;
      let client: RawFtpClient;

      forEachServed(
        'loggedIn',
        (served) => {
          ({ server, client } = served);
        },
        { mode, versions, files },
      );

      it('§12.7 ten transfers one after another, each bound to the control connection', async () => {
        for (let round = 0; round < 5; round += 1) {
          expect((await client.upload(`STOR up${round}`, `round ${round}`)).code).to.equal(226);
          expect((await client.download(`RETR up${round}`)).bytes.toString()).to.equal(`round ${round}`);
        }
        expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(Array(10).fill('bound'));
        for (const { handshake } of server.transfers) {
          expect(handshake?.protocol).to.equal(`TLSv${versions}`);
          expect(handshake?.resumed).to.equal(true);
        }
      });

      it('§10.2 TLS on the data connection may begin before the transfer command', async () => {
        const { channel } = await client.openData();
        await client.expect(150, 'RETR a.txt');
        expect((await readAll(channel)).toString()).to.equal('content of a');
        expect((await client.reply()).code).to.equal(226);
        channel.destroy();
      });

      it('§10.2 TLS on the data connection may wait for the 150', async () => {
        const tcp = await client.dataTcp(await client.extendedPassive());
        await client.expect(150, 'RETR a.txt');
        const channel = await client.dataTls(tcp);
        expect((await readAll(channel)).toString()).to.equal('content of a');
        expect((await client.reply()).code).to.equal(226);
        channel.destroy();
      });

      it('§10.2 the data connection itself may come behind the transfer command', async () => {
        const port = await client.extendedPassive();
        await client.send('RETR a.txt\r\n');
        const tcp = await client.dataTcp(port);
        const channel = await client.dataTls(tcp);
        expect((await readAll(channel)).toString()).to.equal('content of a');
        expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([150, 226]);
        channel.destroy();
      });

      it('§10.2 a data connection that did not resume is refused with 522, which says so, and closed', async () => {
        const { channel } = await client.openData('none');
        await client.expect(150, 'RETR a.txt');
        expect(text(await client.reply())).to.match(/not resumed/);
        expect((await readAll(channel)).toString()).to.equal('');
        channel.destroy();
      });
    });
  }
});
