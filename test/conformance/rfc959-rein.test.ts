// RFC 959 §4.1.1, REIN, and RFC 4217 §13: back to where the connection was when it came, TLS included.
import { expect } from 'chai';
import { readAll } from '../support/channel-bytes.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { rejection } from '../support/rejection.js';
import { requireCapability } from '../support/requirement.js';
import { TestServer } from '../support/test-server.js';

const files = { 'a.txt': 'content of a', 'folder/b.txt': 'b' };

describe('RFC 959 §4.1.1 and RFC 4217 §13, REIN', () => {
  it('before TLS is 220, and changes nothing that had not begun', async () => {
    await using server = await TestServer.start({ files });
    await using client = await RawFtpClient.connect(server);
    await client.reply();
    await client.send('REIN\r\nNOOP\r\n');
    expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([220, 200]);
    await client.expect(234, 'AUTH TLS');
    await client.startTls();
    await client.login();
  });

  it('is 502 where the engine cannot end TLS, and the session stays as it is', async () => {
    await using server = await TestServer.start({ files, engine: 'node' });
    await using client = await RawFtpClient.loggedIn(server);
    expect((await client.command('REIN')).code).to.equal(502);
    expect((await client.download('RETR a.txt')).reply.code).to.equal(226);
  });

  describe('under TLS', () => {
    before(function () {
      requireCapability(this, 'returnsToClear');
    });

    for (const versions of ['1.3', '1.2'] as const) {
      it(`is answered under TLS ${versions}, clears it, and another user may secure the connection and log in`, async () => {
        await using server = await TestServer.start({ files, versions });
        await using client = await RawFtpClient.loggedIn(server);
        await client.expect(220, 'REIN');
        await client.endTls();
        expect((await client.command('USER alice')).code).to.equal(530);
        expect((await client.command('PWD')).code).to.equal(530);
        await client.expect(234, 'AUTH TLS');
        await client.startTls();
        await client.login(server.readOnlyUser);
        expect((await client.command('MKD x')).code).to.equal(550);
        await client.expect(200, 'PBSZ 0');
        await client.expect(200, 'PROT P');
        expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('content of a');
        expect(server.lastTransfer).to.include({ user: server.readOnlyUser, verdict: 'bound' });
      });
    }

    it('resets every parameter', async () => {
      await using server = await TestServer.start({ files });
      await using client = await RawFtpClient.loggedIn(server);
      await client.expect(250, 'CWD folder');
      await client.expect(200, 'EPSV ALL');
      await client.expect(200, 'OPTS MLST size;');
      await client.expect(220, 'REIN');
      await client.endTls();
      await client.expect(234, 'AUTH TLS');
      await client.startTls();
      expect((await client.command('PROT P')).code).to.equal(503);
      await client.login();
      expect((await client.command('PWD')).lines.join()).to.include('"/"');
      await client.expect(227, 'PASV');
      expect((await client.command('FEAT')).lines.join()).to.include('type*;');
      expect((await client.command('RETR a.txt')).code).to.equal(521);
    });

    it('is no way around the number of logins that may fail', async () => {
      await using server = await TestServer.start({ limits: { maxFailedLogins: 3 } });
      await using client = await RawFtpClient.secured(server);
      for (const last of [530, 530, 421]) {
        await client.expect(331, 'USER alice');
        expect((await client.command('PASS wrong')).code).to.equal(last);
        if (last === 421) continue;
        await client.expect(220, 'REIN');
        await client.endTls();
        await client.expect(234, 'AUTH TLS');
        await client.startTls();
      }
      expect(await client.rest()).to.equal('');
    });

    it('ends the binding: tickets of before resume no data connection, and the port of before is closed', async () => {
      await using server = await TestServer.start({ files });
      await using client = await RawFtpClient.loggedIn(server);
      const [old] = [client.binding.tickets.takeOnce()];
      const port = await client.extendedPassive();
      await client.expect(220, 'REIN');
      await client.endTls();
      await client.expect(234, 'AUTH TLS');
      expect(await rejection(client.dataTcp(port))).to.have.property('code', 'ECONNREFUSED');
      await client.startTls();
      await client.login();
      await client.expect(200, 'PBSZ 0');
      await client.expect(200, 'PROT P');
      const ours = client.connector.newBinding();
      if (old !== undefined) ours.tickets.insert(old);
      const { channel } = await client.openData(ours);
      await client.expect(150, 'RETR a.txt');
      expect((await client.reply()).code).to.equal(522);
      expect((await readAll(channel)).length).to.equal(0);
      channel.destroy();
    });

    it('waits for a transfer to complete', async () => {
      await using server = await TestServer.start({ files });
      await using client = await RawFtpClient.loggedIn(server);
      const { channel } = await client.openData();
      await client.expect(150, 'STOR new.txt');
      await client.send('REIN\r\n');
      await channel.write(Buffer.from('whole'));
      await channel.end();
      expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([226, 220]);
      await client.endTls();
      await client.expect(215, 'SYST');
      expect(server.read('new.txt')).to.equal('whole');
      channel.destroy();
    });

    it('is 421 and the end when commands come behind it under TLS', async () => {
      await using server = await TestServer.start({ files });
      await using client = await RawFtpClient.loggedIn(server);
      await client.send('REIN\r\nDELE a.txt\r\n');
      expect((await client.reply()).code).to.equal(421);
      expect(await client.rest()).to.equal('');
      expect(server.names()).to.deep.equal(['a.txt', 'folder']);
    });

    it('is the end when the client goes on under TLS behind the 220', async () => {
      await using server = await TestServer.start({ files });
      await using client = await RawFtpClient.loggedIn(server);
      await client.expect(220, 'REIN');
      await client.send('DELE a.txt\r\n');
      expect(await client.rest()).to.equal('');
      expect(server.names()).to.deep.equal(['a.txt', 'folder']);
    });

    it('where TLS is implicit, TLS begins again at once', async () => {
      await using server = await TestServer.start({ files, mode: 'implicit' });
      await using client = await RawFtpClient.loggedIn(server);
      await client.expect(220, 'REIN');
      await client.endTls();
      await client.startTls();
      await client.login();
      expect((await client.command('PWD')).code).to.equal(257);
    });
  });
});
