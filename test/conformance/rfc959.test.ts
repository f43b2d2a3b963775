// RFC 959, the File Transfer Protocol, as far as this server goes: replies, paths, representation, transfers.
import { expect } from 'chai';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { forEachServed } from '../support/served-client.js';
import type { TestServer } from '../support/test-server.js';

describe('RFC 959', () => {
  let server: TestServer;
  let client: RawFtpClient;

  forEachServed(
    'loggedIn',
    (served) => {
      ({ server, client } = served);
    },
    { files: { 'a.txt': 'first\nsecond\n', 'folder/b.txt': 'b' } },
  );

  describe('§4.1.1 access control commands', () => {
    it('USER and PASS log in after TLS, and PASS without USER is out of sequence', async () => {
      await using other = await RawFtpClient.secured(server);
      expect((await other.command('PASS opensesame')).code).to.equal(503);
      expect((await other.command('USER alice')).code).to.equal(331);
      expect((await other.command('PASS opensesame')).code).to.equal(230);
    });

    it('a refused password is 530, and the next try begins with USER again', async () => {
      await using other = await RawFtpClient.secured(server);
      await other.expect(331, 'USER alice');
      expect((await other.command('PASS wrong')).code).to.equal(530);
      expect((await other.command('PASS opensesame')).code).to.equal(503);
      await other.login();
    });

    it('USER cannot change a login that stands', async () => {
      expect((await client.command('USER bob')).code).to.equal(530);
      expect((await client.command('PWD')).code).to.equal(257);
    });

    it('CWD goes down, CDUP goes up, and the root has no parent but itself', async () => {
      expect((await client.command('CWD folder')).code).to.equal(250);
      expect(text(await client.command('PWD'))).to.match(/^"\/folder" /);
      expect((await client.command('CDUP')).code).to.be.oneOf([200, 250]);
      await client.command('CDUP');
      expect(text(await client.command('PWD'))).to.match(/^"\/" /);
    });

    it('CWD to a file or to nothing is 550, and leaves the working directory alone', async () => {
      await client.expect(250, 'CWD folder');
      for (const path of ['b.txt', 'missing', '/a.txt']) {
        expect((await client.command(`CWD ${path}`)).code, path).to.equal(550);
      }
      expect(text(await client.command('PWD'))).to.match(/^"\/folder" /);
    });

    it('QUIT says 221 and ends the connection', async () => {
      const disconnected = server.next('disconnect');
      expect((await client.command('QUIT')).code).to.equal(221);
      expect(await client.rest()).to.equal('');
      client.destroy();
      expect((await disconnected).error).to.equal(undefined);
    });
  });

  describe('§4.1.2 transfer parameter commands', () => {
    const replies: readonly (readonly [command: string, code: number])[] = [
      ['TYPE A', 200],
      ['TYPE A N', 200],
      ['TYPE I', 200],
      ['TYPE L 8', 200],
      ['TYPE E', 504],
      ['TYPE A T', 504],
      ['TYPE L 36', 504],
      ['TYPE X', 501],
      ['TYPE', 501],
      ['STRU F', 200],
      ['STRU R', 504],
      ['STRU P', 504],
      ['STRU X', 501],
      ['MODE S', 200],
      ['MODE B', 504],
      ['MODE C', 504],
      ['MODE X', 501],
      ['type i', 200],
    ];
    for (const [command, code] of replies) {
      it(`${command} is answered with ${code}`, async () => {
        expect((await client.command(command)).code).to.equal(code);
      });
    }

    it('PASV names the address of the control connection and a port that listens', async () => {
      const reply = await client.expect(227, 'PASV');
      expect(text(reply)).to.match(/\(127,0,0,1,\d+,\d+\)/);
      await client.dataTcp(await client.passive()).then(({ channel }) => {
        channel.destroy();
      });
    });

    it('PASV again closes the port before', async () => {
      const first = await client.passive();
      await client.passive();
      const refused = await client.dataTcp(first).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(Error).with.property('code', 'ECONNREFUSED');
    });
  });

  describe('§4.1.3 service commands', () => {
    it('STOR then RETR gives back every byte', async () => {
      const content = Buffer.from(Array.from({ length: 1_000_003 }, (_, index) => index % 251));
      expect((await client.upload('STOR up.bin', content)).code).to.equal(226);
      const { bytes, reply } = await client.download('RETR up.bin');
      expect(reply.code).to.equal(226);
      expect(bytes.equals(content)).to.equal(true);
      expect(server.bytes('up.bin').equals(content)).to.equal(true);
    });

    it('an empty file goes both ways', async () => {
      expect((await client.upload('STOR empty', '')).code).to.equal(226);
      const { bytes, reply } = await client.download('RETR empty');
      expect([bytes.length, reply.code]).to.deep.equal([0, 226]);
    });

    it('STOR replaces what is there, shorter or longer', async () => {
      await client.upload('STOR a.txt', 'x');
      expect(server.read('a.txt')).to.equal('x');
    });

    it('RETR of what is missing or a directory is 550 before any data connection', async () => {
      await client.extendedPassive();
      for (const path of ['missing', 'folder', 'a.txt/below', '/']) {
        expect((await client.command(`RETR ${path}`)).code, path).to.equal(550);
      }
    });

    it('STOR into what is missing, below a file, or over a directory is refused before any data connection', async () => {
      await client.extendedPassive();
      for (const path of ['missing/x', 'a.txt/x', 'folder']) {
        expect((await client.command(`STOR ${path}`)).code, path).to.equal(550);
      }
      expect((await client.command('STOR /')).code).to.equal(501);
      expect(server.names()).to.deep.equal(['a.txt', 'folder']);
    });

    it('a transfer without PASV or EPSV in front is 425', async () => {
      for (const command of ['RETR a.txt', 'STOR new', 'LIST', 'NLST', 'MLSD']) {
        expect((await client.command(command)).code, command).to.equal(425);
      }
    });

    it('LIST writes lines as ls -l does, each ended by CRLF', async () => {
      const { bytes, reply } = await client.download('LIST');
      expect(reply.code).to.equal(226);
      const lines = bytes.toString().split('\r\n');
      expect(lines.pop()).to.equal('');
      expect(lines.sort()).to.have.length(2);
      expect(lines[0]).to.match(/^-rw\S{7} +1 \d+ +\d+ +13 \w{3} [ \d]\d \d\d:\d\d a\.txt$/);
      expect(lines[1]).to.match(/^drwx\S{6} .* folder$/);
    });

    it('LIST takes a path, a file, and the options of ls that clients send, in TYPE A and I', async () => {
      await client.expect(200, 'TYPE A');
      expect((await client.download('LIST folder')).bytes.toString()).to.match(/ b\.txt\r\n$/);
      expect((await client.download('LIST -la folder')).bytes.toString()).to.match(/^[^\r]* b\.txt\r\n$/);
      expect((await client.download('LIST a.txt')).bytes.toString()).to.match(/^-[^\r]* a\.txt\r\n$/);
      expect((await client.download('LIST -a -l')).bytes.toString().split('\r\n')).to.have.length(3);
    });

    it('LIST of an empty directory is empty, and of a missing one 550', async () => {
      await client.expect(257, 'MKD void');
      const { bytes, reply } = await client.download('LIST void');
      expect([bytes.length, reply.code]).to.deep.equal([0, 226]);
      expect((await client.command('LIST missing')).code).to.equal(550);
    });

    it('LIST takes wildcards for the names they are', async () => {
      expect((await client.command('LIST *')).code).to.equal(550);
    });

    it('NLST gives names alone, which RETR understands', async () => {
      const { bytes } = await client.download('NLST folder');
      expect(bytes.toString()).to.equal('b.txt\r\n');
    });

    it('MKD, RNFR, RNTO, DELE and RMD do what they say', async () => {
      expect(text(await client.expect(257, 'MKD new'))).to.match(/^"\/new"/);
      await client.expect(350, 'RNFR a.txt');
      await client.expect(250, 'RNTO new/moved.txt');
      expect(server.read('new/moved.txt')).to.equal('first\nsecond\n');
      await client.expect(250, 'DELE new/moved.txt');
      await client.expect(250, 'RMD new');
      expect(server.names()).to.deep.equal(['folder']);
    });

    const refused: readonly (readonly [command: string, code: number])[] = [
      ['MKD folder', 550],
      ['MKD missing/new', 550],
      ['RMD folder', 550],
      ['RMD a.txt', 550],
      ['RMD /', 550],
      ['DELE folder', 550],
      ['DELE missing', 550],
      ['RNFR missing', 550],
      ['RNTO anything', 503],
    ];
    for (const [command, code] of refused) {
      it(`${command} is answered with ${code} and changes nothing`, async () => {
        expect((await client.command(command)).code).to.equal(code);
        expect(server.names()).to.deep.equal(['a.txt', 'folder']);
        expect(server.names('folder')).to.deep.equal(['b.txt']);
      });
    }

    it('RNTO has to follow RNFR at once', async () => {
      await client.expect(350, 'RNFR a.txt');
      await client.expect(200, 'NOOP');
      expect((await client.command('RNTO b.txt')).code).to.equal(503);
    });

    it('a read-only account is refused whatever would change something', async () => {
      await using bob = await RawFtpClient.loggedIn(server, { user: server.readOnlyUser });
      await bob.extendedPassive();
      for (const command of ['STOR x', 'STOR a.txt', 'MKD x', 'RMD folder', 'DELE a.txt', 'RNFR a.txt']) {
        expect((await bob.command(command)).code, command).to.equal(550);
      }
      expect((await bob.download('RETR a.txt')).bytes.toString()).to.equal('first\nsecond\n');
    });

    it('SYST, NOOP and HELP answer', async () => {
      expect(text(await client.expect(215, 'SYST'))).to.match(/^UNIX Type: L8$/);
      await client.expect(200, 'NOOP');
      expect(text(await client.expect(214, 'HELP')))
        .to.include('RETR')
        .and.include('EPSV');
      expect(text(await client.expect(214, 'HELP retr'))).to.include('RETR path');
      expect((await client.command('HELP FROB')).code).to.equal(502);
    });

    it('SITE has a table of its own, which SITE HELP and HELP SITE list', async () => {
      const help = await client.expect(214, 'HELP SITE');
      expect(text(help)).to.match(/^SITE command .*\n( SITE [A-Z]+.*\n)+End$/);
      expect(await client.command('SITE HELP')).to.deep.equal(help);
      expect(text(await client.expect(214, 'site help help'))).to.match(/^SITE HELP /);
      expect((await client.command('HELP SITE FROB')).code).to.equal(502);
      expect((await client.command('SITE FROB x')).code).to.equal(504);
      expect((await client.command('SITE')).code).to.equal(501);
    });
  });

  describe('§5.3 commands', () => {
    it('verbs are taken in any case', async () => {
      for (const verb of ['pwd', 'Pwd', 'pWD']) expect((await client.command(verb)).code, verb).to.equal(257);
    });

    it('a command that is none is 500 or 502, a missing or surplus argument 501', async () => {
      expect((await client.command('FROB x')).code).to.equal(502);
      for (const line of ['', ' ', '%!', 'RE TR']) {
        expect((await client.command(line)).code, JSON.stringify(line)).to.be.oneOf([500, 502]);
      }
      for (const line of ['RETR', 'CWD', 'DELE ', 'PWD x', 'CDUP x', 'PASV x', 'QUIT now']) {
        expect((await client.command(line)).code, line).to.equal(501);
      }
    });

    it('Telnet commands inside a line are passed over (§4.1.3)', async () => {
      await client.send(Buffer.concat([Buffer.from('P'), Buffer.from([0xff, 0xf1]), Buffer.from('WD\r\n')]));
      expect((await client.reply()).code).to.equal(257);
    });
  });

  describe('§5.4 sequencing', () => {
    it('commands that come in one segment are answered in their order', async () => {
      await client.send('NOOP\r\nPWD\r\nMKD one\r\nRNFR one\r\nRNTO two\r\nCWD two\r\nPWD\r\nFROB\r\n');
      const codes: number[] = [];
      for (let index = 0; index < 8; index += 1) codes.push((await client.reply()).code);
      expect(codes).to.deep.equal([200, 257, 257, 350, 250, 250, 257, 502]);
      expect(server.names()).to.include('two');
    });

    it('what came before the client ended its side is still answered', async () => {
      await client.send('PWD\r\nNOOP\r\n');
      await client.tls.end();
      expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([257, 200]);
      expect(await client.rest()).to.equal('');
    });
  });

  describe('appendix II, directory commands', () => {
    it('quotes in a name are doubled in 257', async () => {
      expect(text(await client.expect(257, 'MKD say "hi"'))).to.match(/^"\/say ""hi""" /);
      await client.expect(250, 'CWD say "hi"');
      expect(text(await client.expect(257, 'PWD'))).to.match(/^"\/say ""hi""" /);
    });
  });
});
