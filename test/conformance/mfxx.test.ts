// draft-somers-ftp-mfxx: what of it the server does.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
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

  it('§6 FEAT lists MFMT', async () => {
    expect((await client.command('FEAT')).lines).to.include(' MFMT');
  });
});
