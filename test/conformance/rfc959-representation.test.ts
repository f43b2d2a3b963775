// RFC 959 §3.1.1 and §4.1.3: TYPE A both ways, STOU; RFC 3659 §5: restarting, beyond 4 GB too.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { forEachServed } from '../support/served-client.js';
import type { TestServer } from '../support/test-server.js';

/** Beyond what 32 bits count. */
const beyond = 5 * 2 ** 30;

describe('RFC 959 and RFC 3659, what moves', () => {
  let server: TestServer;
  let client: RawFtpClient;

  forEachServed(
    'loggedIn',
    (served) => {
      ({ server, client } = served);
    },
    { files: { 'unix.txt': 'one\ntwo\n\nfour', 'dos.txt': 'one\r\ntwo\r\n' } },
  );

  describe('§3.1.1.1 TYPE A', () => {
    beforeEach(() => client.expect(200, 'TYPE A'));

    it('RETR ends each line by CRLF, whatever the file has', async () => {
      expect((await client.download('RETR unix.txt')).bytes.toString()).to.equal('one\r\ntwo\r\n\r\nfour');
      expect((await client.download('RETR dos.txt')).bytes.toString()).to.equal('one\r\ntwo\r\n');
    });

    it('STOR ends each line by LF, and keeps a CR that ends none', async () => {
      expect((await client.upload('STOR new.txt', 'one\r\ntwo \r three\r\nend\r')).code).to.equal(226);
      expect(server.read('new.txt')).to.equal('one\ntwo \r three\nend\r');
    });

    it('APPE converts as well', async () => {
      expect((await client.upload('APPE unix.txt', '\r\nfive\r\n')).code).to.equal(226);
      expect(server.read('unix.txt')).to.equal('one\ntwo\n\nfour\nfive\n');
    });

    it('a megabyte of lines goes both ways, and not one is lost where buffers meet', async () => {
      const lines = Array.from({ length: 100_000 }, (_, n) => 'x'.repeat(n % 23)).join('\n');
      server.seed({ 'lines.txt': lines });
      const { bytes } = await client.download('RETR lines.txt');
      expect(bytes.toString() === lines.replaceAll('\n', '\r\n')).to.equal(true);
      expect((await client.upload('STOR back.txt', bytes)).code).to.equal(226);
      expect(server.read('back.txt') === lines).to.equal(true);
    });

    it('TYPE I behind it moves bytes as they are again', async () => {
      await client.expect(200, 'TYPE I');
      expect((await client.download('RETR unix.txt')).bytes.toString()).to.equal('one\ntwo\n\nfour');
    });

    it('RFC 3659 §5.3 REST is taken, and the transfer behind it refused, which changes nothing', async () => {
      for (const command of ['RETR unix.txt', 'STOR unix.txt', 'APPE unix.txt']) {
        await client.expect(350, 'REST 2');
        await client.extendedPassive();
        expect((await client.command(command)).code, command).to.equal(504);
      }
      expect(server.read('unix.txt')).to.equal('one\ntwo\n\nfour');
      await client.expect(350, 'REST 0');
      expect((await client.download('RETR unix.txt')).bytes.toString()).to.have.length(16);
    });

    it('RFC 3659 §4 SIZE, which nobody counts, is 550', async () => {
      expect((await client.command('SIZE unix.txt')).code).to.equal(550);
    });
  });

  describe('RFC 3659 §5 REST beyond 4 GB', () => {
    beforeEach(() => {
      server.seedLarge('large.bin', beyond);
      const file = openSync(join(server.root, 'large.bin'), 'r+');
      writeSync(file, 'the end', beyond - 7);
      closeSync(file);
    });

    it('and RETR', async () => {
      expect(text(await client.expect(213, 'SIZE large.bin'))).to.equal(String(beyond));
      await client.expect(350, `REST ${beyond - 7}`);
      expect((await client.download('RETR large.bin')).bytes.toString()).to.equal('the end');
    });

    it('and STOR, and APPE behind it', async () => {
      await client.expect(350, `REST ${beyond - 3}`);
      expect((await client.upload('STOR large.bin', 'start of more')).code).to.equal(226);
      expect((await client.upload('APPE large.bin', '!')).code).to.equal(226);
      const tail = Buffer.alloc(18);
      const file = openSync(join(server.root, 'large.bin'), 'r');
      readSync(file, tail, 0, tail.length, beyond - 7);
      closeSync(file);
      expect(tail.toString()).to.equal('the start of more!');
      expect(text(await client.expect(213, 'SIZE large.bin'))).to.equal(String(beyond + 11));
    });

    it('is 550 beyond the end', async () => {
      await client.expect(350, `REST ${beyond + 1}`);
      await client.extendedPassive();
      expect((await client.command('RETR large.bin')).code).to.equal(550);
    });
  });

  describe('§4.1.3 STOU', () => {
    /** Uploads by STOU; the name that the 150 gave, and the final reply's code. */
    async function storeUnique(command: string, content: string) {
      const { channel } = await client.openData();
      const announced = text(await client.expect(150, command));
      await channel.write(Buffer.from(content));
      await channel.end();
      const { code } = await client.reply();
      channel.destroy();
      return { announced, name: announced.replace(/^FILE: /, ''), code };
    }

    it('RFC 1123 §4.1.2.9 stores under a new name, which the 150 tells in its own form', async () => {
      const first = await storeUnique('STOU', 'first');
      const second = await storeUnique('STOU', 'second');
      expect(first.announced).to.match(/^FILE: upload\.[0-9a-f]{16}$/);
      expect([first.code, second.code]).to.deep.equal([226, 226]);
      expect(second.name).not.to.equal(first.name);
      expect([server.read(first.name), server.read(second.name)]).to.deep.equal(['first', 'second']);
    });

    it('takes the name that the client would like where it is free, and never overwrites', async () => {
      expect(await storeUnique('STOU wish.txt', 'mine')).to.deep.include({ name: 'wish.txt', code: 226 });
      const other = await storeUnique('STOU wish.txt', 'other');
      expect(other.name).to.match(/^wish\.txt\.[0-9a-f]{16}$/);
      expect([server.read('wish.txt'), server.read(other.name)]).to.deep.equal(['mine', 'other']);
    });

    it('does not overwrite what came under its name in the meantime', async () => {
      const { channel } = await client.openData();
      await client.expect(150, 'STOU wish.txt');
      await channel.write(Buffer.from('mine'));
      server.seed({ 'wish.txt': 'somebody else’s' });
      await channel.end();
      expect((await client.reply()).code).to.equal(550);
      expect(server.read('wish.txt')).to.equal('somebody else’s');
      channel.destroy();
    });

    it('is refused to who may only read, into what is missing, and behind REST', async () => {
      await using reader = await RawFtpClient.loggedIn(server, { user: server.readOnlyUser });
      expect((await reader.command('STOU')).code).to.equal(550);
      expect((await client.command('STOU missing/x')).code).to.equal(550);
      await client.expect(350, 'REST 5');
      await client.extendedPassive();
      expect((await client.command('STOU')).code).to.equal(550);
      expect(server.names()).to.deep.equal(['dos.txt', 'unix.txt']);
    });
  });
});
