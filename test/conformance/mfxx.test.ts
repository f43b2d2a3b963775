// draft-somers-ftp-mfxx, and what else clients have to set facts of files.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { MemoryFileSystem } from '@ftps-kit/ftps-server';
import { writeFile } from '@ftps-kit/ftps-server/compliance';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

describe('draft-somers-ftp-mfxx', () => {
  let server: TestServer;
  let client: RawFtpClient;

  before(async () => {
    server = await TestServer.start({ files: { 'a file.txt': 'content', 'folder/b': '' } });
    client = await RawFtpClient.loggedIn(server);
  });

  after(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it('§3 MFMT sets the modification time, UTC, and 213 tells it with the path as it was given', async () => {
    const reply = await client.command('MFMT 20020717210715 a file.txt');
    expect(reply.code).to.equal(213);
    expect(text(reply)).to.equal('Modify=20020717210715; a file.txt');
    expect(statSync(join(server.root, 'a file.txt')).mtime).to.deep.equal(new Date('2002-07-17T21:07:15Z'));
    expect(text(await client.command('MDTM a file.txt'))).to.equal('20020717210715');
    expect(server.read('a file.txt')).to.equal('content');
  });

  it('§3 MFMT is refused for what is not there, is no time, names nothing, or may not be written', async () => {
    expect((await client.command('MFMT 20020717210715 missing')).code).to.equal(550);
    for (const argument of ['yesterday a file.txt', '20020717210715', '20020717210715 ', '20021317210715 a file.txt']) {
      expect((await client.command(`MFMT ${argument}`)).code, argument).to.equal(501);
    }
    await using reader = await RawFtpClient.loggedIn(server, { user: server.readOnlyUser });
    expect((await reader.command('MFMT 20020717210715 a file.txt')).code).to.equal(550);
  });

  it('§3 MFMT never leaves the root', async () => {
    expect((await client.command('MFMT 20020717210715 ../../../../etc/hostname')).code).to.equal(550);
  });

  it('§4 MFCT is 502 and not in FEAT where the file system keeps no such time, and sets it where it does', async () => {
    expect((await client.command('MFCT 20020717210715 a file.txt')).code).to.equal(502);
    expect((await client.command('FEAT')).lines).not.to.include(' MFCT');
    const files = new MemoryFileSystem();
    await writeFile(files, '/a', 'content');
    await using inMemory = await TestServer.start({ fileSystem: () => files });
    await using other = await RawFtpClient.loggedIn(inMemory);
    expect((await other.command('FEAT')).lines).to.include.members([' MFCT', ' MFF Modify;Create;UNIX.mode;']);
    expect(text(await other.expect(213, 'MFCT 20020717210715 a'))).to.equal('Create=20020717210715; a');
    expect((await files.stat('/a')).createdAt).to.deep.equal(new Date('2002-07-17T21:07:15Z'));
    const facts = 'Create=20030717210715;Modify=20040717210715;UNIX.mode=0640;';
    expect(text(await other.expect(213, `MFF ${facts} a`))).to.equal(`${facts} a`);
    const { lines } = await other.command('MLST a');
    expect(lines[1]).to.include('modify=20040717210715;create=20030717210715;').and.to.include('UNIX.mode=0640;');
  });

  it('§5 MFF sets several facts, named in any case, and 213 tells what they are now', async () => {
    const reply = await client.command('MFF modify=20020717210716;unix.MODE=600; a file.txt');
    expect(reply.code).to.equal(213);
    expect(text(reply)).to.equal('Modify=20020717210716;UNIX.mode=0600; a file.txt');
    const found = statSync(join(server.root, 'a file.txt'));
    expect(found.mtime).to.deep.equal(new Date('2002-07-17T21:07:16Z'));
    expect((found.mode & 0o7777).toString(8)).to.equal('600');
  });

  it('§5 MFF sets nothing where a fact cannot be set, or has a value that it cannot have', async () => {
    const before = statSync(join(server.root, 'a file.txt'));
    for (const [facts, code] of [
      ['Modify=20010101000000;Size=5;', 504],
      ['Modify=20010101000000;Create=20010101000000;', 504],
      ['Modify=20010101000000;UNIX.mode=4755;', 501],
      ['Modify=yesterday;', 501],
      ['Modify;', 501],
    ] as const) {
      expect((await client.command(`MFF ${facts} a file.txt`)).code, facts).to.equal(code);
    }
    for (const argument of ['Modify=20010101000000;', 'Modify=20010101000000; ', ' a file.txt']) {
      expect((await client.command(`MFF ${argument}`)).code, argument).to.equal(501);
    }
    expect((await client.command('MFF Modify=20010101000000; missing')).code).to.equal(550);
    const after = statSync(join(server.root, 'a file.txt'));
    expect([after.mtimeMs, after.mode]).to.deep.equal([before.mtimeMs, before.mode]);
  });

  it('§6 FEAT lists MFMT, and MFF with the facts that can be set', async () => {
    expect((await client.command('FEAT')).lines).to.include.members([' MFMT', ' MFF Modify;UNIX.mode;']);
  });
});

describe('SITE', () => {
  let server: TestServer;
  let client: RawFtpClient;

  before(async () => {
    server = await TestServer.start({ files: { 'a file.txt': 'content' } });
    client = await RawFtpClient.loggedIn(server);
  });

  after(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it('CHMOD sets the permission bits, and none that give privileges', async () => {
    await client.expect(200, 'SITE CHMOD 640 a file.txt');
    expect((statSync(join(server.root, 'a file.txt')).mode & 0o7777).toString(8)).to.equal('640');
    for (const argument of ['4755 a file.txt', '888 a file.txt', 'u+x a file.txt', '640', '640 ']) {
      expect((await client.command(`SITE CHMOD ${argument}`)).code, argument).to.equal(501);
    }
    expect((await client.command('SITE CHMOD 644 missing')).code).to.equal(550);
    expect((statSync(join(server.root, 'a file.txt')).mode & 0o7777).toString(8)).to.equal('640');
  });

  it('UTIME sets the modification time in both of its forms, seconds given or not', async () => {
    for (const [argument, time] of [
      ['20020717210715 a file.txt', '20020717210715'],
      ['200307172107 a file.txt', '20030717210700'],
      ['a file.txt 20010101000000 20040717210715 20010101000000 UTC', '20040717210715'],
      ['a file.txt 200101010000 200507172107 200101010000 UTC', '20050717210700'],
    ] as const) {
      await client.expect(200, `SITE UTIME ${argument}`);
      expect(text(await client.command('MDTM a file.txt')), argument).to.equal(time);
    }
    for (const argument of ['a file.txt', '2002 a file.txt', '20021317210715 a file.txt', '20020717210715']) {
      expect((await client.command(`SITE UTIME ${argument}`)).code, argument).to.equal(501);
    }
    expect((await client.command('SITE UTIME 20020717210715 missing')).code).to.equal(550);
  });

  it('CHMOD and UTIME are refused to who may not write', async () => {
    await using reader = await RawFtpClient.loggedIn(server, { user: server.readOnlyUser });
    expect((await reader.command('SITE CHMOD 777 a file.txt')).code).to.equal(550);
    expect((await reader.command('SITE UTIME 20020717210715 a file.txt')).code).to.equal(550);
  });
});

describe('ALLO', () => {
  it('is 200 for what has room, and 452 for what surely has none', async () => {
    await using server = await TestServer.start({ fileSystem: () => new MemoryFileSystem({ maxBytes: 1_000 }) });
    await using client = await RawFtpClient.loggedIn(server);
    await client.expect(200, 'ALLO 1000');
    await client.expect(200, 'ALLO 10 R 10');
    expect(text(await client.expect(452, 'ALLO 1001'))).to.include('1000 bytes');
    await client.upload('STOR a', Buffer.alloc(600));
    await client.expect(452, 'ALLO 600');
  });
});
