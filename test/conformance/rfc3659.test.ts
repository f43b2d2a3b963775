// RFC 3659, extensions to FTP: MDTM, SIZE, REST, TVFS, MLST and MLSD.
import { symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseMlsxLine, parseMlstReply } from '@ftps-kit/ftp-protocol';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

const modified = new Date('2024-02-29T23:59:58Z');

describe('RFC 3659', () => {
  let server: TestServer;
  let client: RawFtpClient;

  beforeEach(async () => {
    server = await TestServer.start({ files: { 'a.txt': '0123456789', 'folder/b.txt': 'b' } });
    utimesSync(join(server.root, 'a.txt'), modified, modified);
    client = await RawFtpClient.loggedIn(server);
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  describe('§3 MDTM', () => {
    it('§3.1 is answered with 213 and the time in UTC', async () => {
      expect(text(await client.expect(213, 'MDTM a.txt'))).to.equal('20240229235958');
    });

    it('§3.2 is 550 for what is missing, 501 without a path', async () => {
      expect((await client.command('MDTM missing')).code).to.equal(550);
      expect((await client.command('MDTM')).code).to.equal(501);
    });
  });

  describe('§4 SIZE', () => {
    it('§4.1 is answered with 213 and the bytes that RETR would send', async () => {
      expect(text(await client.expect(213, 'SIZE a.txt'))).to.equal('10');
    });

    it('§4.2 is 550 for what is missing, a directory, or a TYPE whose size nobody counts', async () => {
      expect((await client.command('SIZE missing')).code).to.equal(550);
      expect((await client.command('SIZE folder')).code).to.equal(550);
      await client.expect(200, 'TYPE A');
      expect((await client.command('SIZE a.txt')).code).to.equal(550);
    });
  });

  describe('§5 REST', () => {
    it('§5.3 REST and RETR send the file from there on', async () => {
      await client.expect(350, 'REST 7');
      const { bytes, reply } = await client.download('RETR a.txt');
      expect([bytes.toString(), reply.code]).to.deep.equal(['789', 226]);
    });

    it('§5.3 REST at the end sends nothing', async () => {
      await client.expect(350, 'REST 10');
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('');
    });

    it('§5.3 serves one transfer only', async () => {
      await client.expect(350, 'REST 7');
      await client.download('RETR a.txt');
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('0123456789');
    });

    it('§5.3 REST 0 takes an earlier one back', async () => {
      await client.expect(350, 'REST 7');
      await client.expect(350, 'REST 0');
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('0123456789');
    });

    it('§5.3 REST and STOR put what comes in its place', async () => {
      await client.expect(350, 'REST 10');
      expect((await client.upload('STOR a.txt', 'abc')).code).to.equal(226);
      expect(server.read('a.txt')).to.equal('0123456789abc');
      await client.expect(350, 'REST 4');
      expect((await client.upload('STOR a.txt', 'x')).code).to.equal(226);
      expect(server.read('a.txt')).to.equal('0123x');
    });

    it('§5.3 an offset beyond the end is taken at REST and refused at the transfer, which changes nothing', async () => {
      for (const command of ['RETR a.txt', 'STOR a.txt', 'STOR new.txt']) {
        await client.expect(350, 'REST 11');
        await client.extendedPassive();
        expect((await client.command(command)).code, command).to.equal(550);
      }
      expect(server.read('a.txt')).to.equal('0123456789');
      expect(server.names()).to.deep.equal(['a.txt', 'folder']);
    });

    it('§5.3 anything but digits is 501', async () => {
      for (const offset of ['x', '-1', '1.5', '0x10', '9007199254740993']) {
        expect((await client.command(`REST ${offset}`)).code, offset).to.equal(501);
      }
    });
  });

  describe('§6 TVFS', () => {
    it('§6.2 a path is relative, or from the root where it begins with a slash', async () => {
      await client.expect(250, 'CWD folder');
      await client.expect(213, 'SIZE b.txt');
      await client.expect(213, 'SIZE /a.txt');
      await client.expect(213, 'SIZE /folder/b.txt');
      expect((await client.command('SIZE a.txt')).code).to.equal(550);
    });

    it('§6.2.1 nothing stands above the root', async () => {
      await client.expect(213, 'SIZE ../../../a.txt');
      expect((await client.command('SIZE ../../../../../../etc/passwd')).code).to.equal(550);
      expect((await client.command('SIZE /etc/passwd')).code).to.equal(550);
    });
  });

  describe('§7 MLST and MLSD', () => {
    it('§7.2 MLST gives its entry behind one space, over the control connection', async () => {
      const reply = await client.expect(250, 'MLST a.txt');
      expect(reply.lines).to.have.length(3);
      expect(reply.lines[1]).to.match(/^ \S+ \/a\.txt$/);
      const { facts } = parseMlstReply(reply);
      expect(facts.get('type')).to.equal('file');
      expect(facts.get('size')).to.equal('10');
      expect(facts.get('modify')).to.equal('20240229235958');
      expect(facts.get('unix.mode')).to.match(/^0[0-7]{3}$/);
    });

    it('§7.1 without a path MLST describes the working directory, and MLSD lists it', async () => {
      await client.expect(250, 'CWD folder');
      const entry = parseMlstReply(await client.expect(250, 'MLST'));
      expect([entry.facts.get('type'), entry.name]).to.deep.equal(['dir', '/folder']);
      expect((await client.download('MLSD')).bytes.toString()).to.match(/^\S+ b\.txt\r\n$/);
    });

    it('§7.2 MLSD gives nothing but entries, each ended by CRLF', async () => {
      await client.expect(200, 'TYPE A');
      const { bytes, reply } = await client.download('MLSD /');
      expect(reply.code).to.equal(226);
      const lines = bytes.toString().split('\r\n');
      expect(lines.pop()).to.equal('');
      const entries = lines.map(parseMlsxLine);
      expect(entries.map(({ name }) => name).sort()).to.deep.equal(['a.txt', 'folder']);
      expect(entries.find(({ name }) => name === 'folder')?.facts.get('type')).to.equal('dir');
    });

    it('§7.2.1 MLSD of a file is 501, of what is missing 550, and so is MLST of what is missing', async () => {
      expect((await client.command('MLSD a.txt')).code).to.equal(501);
      expect((await client.command('MLSD missing')).code).to.equal(550);
      expect((await client.command('MLST missing')).code).to.equal(550);
    });

    it('§7.5.2 a link has the `unique` of what it leads to, so that a walk knows a folder that lies within itself', async () => {
      symlinkSync('../folder', join(server.root, 'folder', 'circle'));
      symlinkSync('folder/b.txt', join(server.root, 'link'));
      const uniques = async (command: string): Promise<ReadonlyMap<string, string | undefined>> => {
        const lines = (await client.download(command)).bytes.toString().trimEnd().split('\r\n').map(parseMlsxLine);
        return new Map(lines.map(({ name, facts }) => [name, facts.get('unique')]));
      };
      const [around, within] = [await uniques('MLSD'), await uniques('MLSD folder')];
      expect(around.get('folder')).to.be.a('string').and.to.equal(within.get('circle'));
      expect(around.get('link')).to.be.a('string').and.to.equal(within.get('b.txt'));
      expect(new Set([...around.values(), ...within.values()])).to.have.property('size', 3);
      const entry = parseMlstReply(await client.expect(250, 'MLST folder/circle/circle'));
      expect(entry.facts.get('unique')).to.equal(around.get('folder'));
    });

    it('§7.5.5 perm names only commands that this server has and this user may give', async () => {
      const perm = async (who: RawFtpClient, path: string): Promise<string> =>
        Array.from(parseMlstReply(await who.expect(250, `MLST ${path}`)).facts.get('perm') ?? '')
          .sort()
          .join('');
      await using bob = await RawFtpClient.loggedIn(server, { user: server.readOnlyUser });
      expect(await perm(client, 'a.txt')).to.equal('adfrw');
      expect(await perm(client, 'folder')).to.equal('cdeflmp');
      expect(await perm(bob, 'a.txt')).to.equal('r');
      expect(await perm(bob, 'folder')).to.equal('el');
    });

    it('§7.9 OPTS MLST selects the facts, says which, and FEAT marks them', async () => {
      expect(text(await client.expect(200, 'OPTS MLST Size;frogs;TYPE;'))).to.equal('MLST OPTS type;size;');
      expect((await client.expect(250, 'MLST a.txt')).lines[1]).to.equal(' type=file;size=10; /a.txt');
      expect((await client.download('MLSD folder')).bytes.toString()).to.equal('type=file;size=1; b.txt\r\n');
      expect((await client.command('FEAT')).lines).to.include(' MLST type*;size*;modify;create;perm;unique;UNIX.mode;');
    });

    it('§7.9 OPTS MLST without facts leaves two spaces in front of the path', async () => {
      expect(text(await client.expect(200, 'OPTS MLST'))).to.equal('MLST OPTS');
      expect((await client.expect(250, 'MLST a.txt')).lines[1]).to.equal('  /a.txt');
    });

    it('§7.9.2 a syntax error leaves the selection as it was', async () => {
      await client.expect(200, 'OPTS MLST size;');
      expect((await client.command('OPTS MLST unique type;')).code).to.equal(501);
      expect((await client.expect(250, 'MLST a.txt')).lines[1]).to.equal(' size=10; /a.txt');
    });
  });
});
