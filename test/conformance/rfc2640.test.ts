// RFC 2640, internationalization: names are UTF-8, and nothing but the one space divides a command from its path.
import { expect } from 'chai';
import { text, type RawFtpClient } from '../support/raw-ftp-client.js';
import { forEachServed } from '../support/served-client.js';
import type { TestServer } from '../support/test-server.js';

describe('RFC 2640', () => {
  let server: TestServer;
  let client: RawFtpClient;

  forEachServed('loggedIn', (served) => {
    ({ server, client } = served);
  });

  const names = [
    'grüße.txt',
    '日本語',
    'emoji 🗂',
    'e\u0301 decomposed',
    '  two spaces in front',
    'behind  ',
    '\ufeffbom',
  ];

  for (const name of names) {
    it(`§3.1 ${JSON.stringify(name)} is stored, listed and found under the same name`, async () => {
      expect((await client.upload(`STOR ${name}`, 'content')).code).to.equal(226);
      expect(server.names()).to.deep.equal([name]);
      expect((await client.download('NLST')).bytes.toString()).to.equal(`${name}\r\n`);
      expect((await client.download('MLSD')).bytes.toString()).to.match(new RegExp(`; ${name}\r\n$`, 'u'));
      expect((await client.download('LIST')).bytes.toString().endsWith(` ${name}\r\n`)).to.equal(true);
      expect((await client.download(`RETR ${name}`)).bytes.toString()).to.equal('content');
    });
  }

  it('§3.1 PWD gives names as UTF-8', async () => {
    await client.expect(257, 'MKD käse');
    await client.expect(250, 'CWD käse');
    expect(text(await client.expect(257, 'PWD'))).to.match(/^"\/käse" /);
  });

  it('§3.1 bytes that are not UTF-8 are refused with 501, whole, and the session goes on', async () => {
    for (const bytes of [[0xe4], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
      await client.send(Buffer.concat([Buffer.from('MKD x'), Buffer.from(bytes), Buffer.from('\r\n')]));
      expect((await client.reply()).code).to.equal(501);
    }
    await client.expect(200, 'NOOP');
    expect(server.names()).to.deep.equal([]);
  });

  it('§3.1 CR NUL and NUL in a path are refused with 501', async () => {
    for (const line of ['MKD a\r\0b\r\n', 'MKD a\0b\r\n']) {
      await client.send(line);
      expect((await client.reply()).code).to.equal(501);
    }
    expect(server.names()).to.deep.equal([]);
  });

  it('§3.2 FEAT lists UTF8', async () => {
    expect((await client.command('FEAT')).lines).to.include(' UTF8');
  });
});
