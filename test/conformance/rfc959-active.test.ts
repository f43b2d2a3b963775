// RFC 959 §4.1.2, PORT; RFC 2428 §2, EPRT: the server connects to the client, where it is allowed to.
import { expect } from 'chai';
import { acceptData, listenForServer } from '../support/active-data.js';
import { readAll } from '../support/channel-bytes.js';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { requireIpv6 } from '../support/requirement.js';
import { forEachServed } from '../support/served-client.js';
import { TestServer } from '../support/test-server.js';

const files = { 'a.txt': 'content of a' };

describe('RFC 959 and RFC 2428, active mode', () => {
  it('§4.1.2 PORT and EPRT are refused unless the server was told to take them, and EPRT is not in FEAT', async () => {
    await using server = await TestServer.start();
    await using client = await RawFtpClient.loggedIn(server);
    for (const command of ['PORT 127,0,0,1,10,10', 'EPRT |1|127.0.0.1|2570|']) {
      expect((await client.command(command)).code, command).to.equal(502);
    }
    expect((await client.command('FEAT')).lines).not.to.include(' EPRT');
  });

  for (const versions of ['1.3', '1.2'] as const) {
    describe(`where it takes them, TLS ${versions}`, () => {
      let server: TestServer;
      let client: RawFtpClient;

      forEachServed(
        'loggedIn',
        (served) => {
          ({ server, client } = served);
        },
        { active: true, files, versions },
      );

      for (const verb of ['PORT', 'EPRT'] as const) {
        it(`${verb} and RETR: the server connects, has TLS's server role, and the connection is bound`, async () => {
          await using port = await listenForServer();
          await client.expect(200, `${verb} ${verb === 'PORT' ? port.sixNumbers : port.extended}`);
          await client.send('RETR a.txt\r\n');
          const { channel } = await acceptData(port, client);
          expect((await client.reply()).code).to.equal(150);
          expect((await readAll(channel)).toString()).to.equal('content of a');
          await channel.end();
          expect((await client.reply()).code).to.equal(226);
          expect(server.lastTransfer.verdict).to.equal('bound');
          channel.destroy();
        });

        it(`${verb} and STOR`, async () => {
          await using port = await listenForServer();
          await client.expect(200, `${verb} ${verb === 'PORT' ? port.sixNumbers : port.extended}`);
          await client.send('STOR new.txt\r\n');
          const { channel } = await acceptData(port, client);
          expect((await client.reply()).code).to.equal(150);
          await channel.write(Buffer.from('from the client'));
          await channel.end();
          expect((await client.reply()).code).to.equal(226);
          expect(server.read('new.txt')).to.equal('from the client');
          channel.destroy();
        });
      }
    });
  }

  describe('where it takes them', () => {
    let client: RawFtpClient;

    forEachServed(
      'loggedIn',
      (served) => {
        ({ client } = served);
      },
      { active: true, files },
    );

    it('RFC 2389: EPRT is in FEAT', async () => {
      expect((await client.command('FEAT')).lines).to.include(' EPRT');
    });

    it('a connection that did not resume is 522 here too, and reveals nothing', async () => {
      await using port = await listenForServer();
      await client.expect(200, `EPRT ${port.extended}`);
      await client.send('RETR a.txt\r\n');
      const channel = await client.dataTls(await port.accept(), 'none');
      expect((await client.reply()).code).to.equal(150);
      expect((await client.reply()).code).to.equal(522);
      expect((await readAll(channel)).length).to.equal(0);
      channel.destroy();
      expect((await client.download('RETR a.txt')).reply.code).to.equal(226);
    });

    it('a port that nobody listens on is 425, and the session goes on', async () => {
      const port = await listenForServer();
      await port[Symbol.asyncDispose]();
      await client.expect(200, `PORT ${port.sixNumbers}`);
      const reply = await client.command('RETR a.txt');
      expect(reply.code).to.equal(425);
      expect(text(reply)).to.include('ECONNREFUSED');
      expect((await client.download('RETR a.txt')).reply.code).to.equal(226);
    });

    it('ABOR ends the wait for TLS on it: 426, then 226', async () => {
      await using port = await listenForServer();
      await client.expect(200, `PORT ${port.sixNumbers}`);
      await client.send('RETR a.txt\r\n');
      const { channel } = await port.accept();
      expect((await client.reply()).code).to.equal(150);
      await client.send('ABOR\r\n');
      expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([426, 226]);
      channel.destroy();
    });

    it('it serves one transfer, and EPSV behind it takes its place', async () => {
      await using port = await listenForServer();
      await client.expect(200, `PORT ${port.sixNumbers}`);
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('content of a');
      expect((await client.command('RETR a.txt')).code).to.equal(425);
    });

    const wrong: readonly (readonly [command: string, code: number])[] = [
      ['PORT', 501],
      ['PORT 127,0,0,1,10', 501],
      ['PORT 127,0,0,1,10,256', 501],
      ['PORT localhost', 501],
      ['EPRT 127.0.0.1', 501],
      ['EPRT |1|::1|2570|', 501],
      ['EPRT |1|127.0.0.1|70000|', 501],
      ['EPRT |2|::1|2570|', 522],
      ['EPRT |3|127.0.0.1|2570|', 522],
    ];
    for (const [command, code] of wrong) {
      it(`${command} is answered with ${code}`, async () => {
        expect((await client.command(command)).code).to.equal(code);
      });
    }

    it('RFC 2428 §3: after EPSV ALL they are 503', async () => {
      await client.expect(200, 'EPSV ALL');
      for (const command of ['PORT 127,0,0,1,10,10', 'EPRT |1|127.0.0.1|2570|', 'PASV']) {
        expect((await client.command(command)).code, command).to.equal(503);
      }
    });
  });

  it('RFC 2428 §2 EPRT over IPv6; PORT, which can only name IPv4, is 504', async function () {
    requireIpv6(this);
    await using server = await TestServer.start({ active: true, listenHost: '::1', files });
    await using client = await RawFtpClient.loggedIn(server);
    await using port = await listenForServer('::1');
    expect((await client.command('PORT 127,0,0,1,10,10')).code).to.equal(504);
    expect(text(await client.expect(522, 'EPRT |1|127.0.0.1|2570|'))).to.include('(2)');
    await client.expect(200, `EPRT ${port.extended}`);
    await client.send('RETR a.txt\r\n');
    const { channel } = await acceptData(port, client);
    expect((await client.reply()).code).to.equal(150);
    expect((await readAll(channel)).toString()).to.equal('content of a');
    expect((await client.reply()).code).to.equal(226);
    channel.destroy();
  });

  it('§5.2 the source port may be chosen, and is the same for one transfer after another', async () => {
    const chosen = await listenForServer();
    await chosen[Symbol.asyncDispose]();
    await using server = await TestServer.start({ active: { sourcePort: chosen.port }, files });
    await using client = await RawFtpClient.loggedIn(server);
    for (let round = 0; round < 2; round += 1) {
      await using port = await listenForServer();
      await client.expect(200, `PORT ${port.sixNumbers}`);
      await client.send('RETR a.txt\r\n');
      const { channel, socket } = await acceptData(port, client);
      expect(socket.remotePort).to.equal(chosen.port);
      expect((await client.reply()).code).to.equal(150);
      await readAll(channel);
      expect((await client.reply()).code).to.equal(226);
      channel.destroy();
    }
  });
});
