// draft-bryan-ftpext-hash and draft-bryan-ftp-range, and the older commands that HASH replaces.
import { createHash } from 'node:crypto';
import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalFileSystem, type FileHash, type FileSystem, type HashRequest } from '@ftps-kit/ftps-server';
import { CountedFileSystem } from '../support/counted-file-system.js';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';
import { WatchedFileSystem } from '../support/watched-file-system.js';

const digits = '123456789';
const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

describe('draft-bryan-ftpext-hash', () => {
  let server: TestServer;
  let client: RawFtpClient;

  before(async () => {
    server = await TestServer.start({
      files: { 'a.txt': digits, empty: '', 'with space 1 2': 'spaced', 'with space': digits, 'folder/b': 'b' },
    });
  });

  beforeEach(async () => {
    client = await RawFtpClient.loggedIn(server);
  });

  afterEach(() => client[Symbol.asyncDispose]());

  after(() => server[Symbol.asyncDispose]());

  it('§3 HASH is answered with 213, the algorithm, the first and the last byte, the hash and the path as given', async () => {
    const reply = await client.command('HASH a.txt');
    expect(reply.code).to.equal(213);
    expect(text(reply)).to.equal(`SHA-256 0-8 ${sha256(digits)} a.txt`);
    expect(text(await client.command('hash with space'))).to.equal(`SHA-256 0-8 ${sha256(digits)} with space`);
  });

  it('§3 an empty file has the hash of nothing', async () => {
    expect(text(await client.command('HASH empty'))).to.equal(`SHA-256 0-0 ${sha256('')} empty`);
  });

  it('§3.1 FEAT lists the algorithms, and marks the one that is selected', async () => {
    expect((await client.command('FEAT')).lines).to.include(' HASH SHA-256*;SHA-512;SHA-1;MD5');
    await client.expect(200, 'OPTS HASH SHA-1');
    expect((await client.command('FEAT')).lines).to.include(' HASH SHA-256;SHA-512;SHA-1*;MD5');
  });

  it('§3.2 OPTS HASH tells the algorithm, and selects one by its name in any case', async () => {
    expect(text(await client.expect(200, 'OPTS HASH'))).to.equal('SHA-256');
    expect(text(await client.expect(200, 'OPTS HASH md5'))).to.equal('MD5');
    expect(text(await client.command('HASH a.txt'))).to.equal('MD5 0-8 25f9e794323b453885f5181f1b624d0b a.txt');
  });

  it('§3.2 an unknown algorithm is 501, and the selection stays', async () => {
    await client.expect(200, 'OPTS HASH SHA-512');
    expect((await client.command('OPTS HASH CRC-37')).code).to.equal(501);
    expect(text(await client.expect(200, 'OPTS HASH'))).to.equal('SHA-512');
  });

  it('§3.3 RANG before HASH hashes that part, and the next HASH the whole file', async () => {
    await client.expect(350, 'RANG 2 4');
    expect(text(await client.command('HASH a.txt'))).to.equal(`SHA-256 2-4 ${sha256('345')} a.txt`);
    expect(text(await client.command('HASH a.txt'))).to.equal(`SHA-256 0-8 ${sha256(digits)} a.txt`);
    await client.expect(350, 'RANG 6 100');
    expect(text(await client.command('HASH a.txt'))).to.equal(`SHA-256 6-8 ${sha256('789')} a.txt`);
    await client.expect(350, 'RANG 9 9');
    expect((await client.command('HASH a.txt')).code).to.equal(550);
  });

  it('§3.5 what is missing is 550, a directory 553, no path 501, and who may not read gets 550', async () => {
    expect((await client.command('HASH missing')).code).to.equal(550);
    expect((await client.command('HASH folder')).code).to.equal(553);
    expect((await client.command('HASH')).code).to.equal(501);
    expect((await client.command('HASH ../../../../etc/hostname')).code).to.equal(550);
  });

  describe('appendix B', () => {
    it('XCRC, XMD5, XSHA1, XSHA256 and XSHA512 are answered with 250 and the hash', async () => {
      const answers = {
        XCRC: 'CBF43926',
        XMD5: '25F9E794323B453885F5181F1B624D0B',
        XSHA1: 'F7C3BC1D808E04732ADF679965CCC34CA7AE3441',
        XSHA256: sha256(digits).toUpperCase(),
        XSHA512: createHash('sha512').update(digits).digest('hex').toUpperCase(),
      };
      for (const [verb, hash] of Object.entries(answers)) {
        expect(text(await client.expect(250, `${verb} a.txt`)), verb).to.equal(hash);
        expect((await client.command('FEAT')).lines).to.include(` ${verb}`);
      }
    });

    it('a start and an end select the bytes between, whatever the path looks like', async () => {
      const crc = '884863D2'; // of 123
      expect(text(await client.expect(250, 'XCRC a.txt 0 3'))).to.equal(crc);
      expect(text(await client.expect(250, 'XCRC "a.txt" 0 3'))).to.equal(crc);
      expect(text(await client.expect(250, 'XCRC with space 0 3'))).to.equal(crc);
      expect(text(await client.expect(250, 'XCRC "with space" 0 3'))).to.equal(crc);
      expect(text(await client.expect(250, 'XSHA256 with space 1 2'))).to.equal(sha256('spaced').toUpperCase());
    });

    it('a range that is none is 501, one that the file does not have 550', async () => {
      for (const argument of ['"a.txt" 1', '"a.txt" 1 2 3', '"a.txt" x y', 'a.txt 3 3', 'a.txt 4 3']) {
        expect((await client.command(`XCRC ${argument}`)).code, argument).to.equal(501);
      }
      expect((await client.command('XCRC a.txt 0 10')).code).to.equal(550);
      expect((await client.command('XCRC missing')).code).to.equal(550);
      expect((await client.command('XCRC folder')).code).to.equal(550);
    });
  });

  describe('draft-bryan-ftp-range', () => {
    it('§3.1 FEAT lists RANG STREAM', async () => {
      expect((await client.command('FEAT')).lines).to.include(' RANG STREAM');
    });

    it('§3 RETR sends the range, both ends included, once', async () => {
      await client.expect(350, 'RANG 0 0');
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('1');
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal(digits);
      await client.expect(350, 'RANG 3 5');
      const { bytes, reply } = await client.download('RETR a.txt');
      expect(bytes.toString()).to.equal('456');
      expect(reply.code).to.equal(226);
    });

    it('§4.3 what lies beyond the end of the file is not sent, be it all', async () => {
      await client.expect(350, 'RANG 7 1000000');
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('89');
      for (const beyond of ['9 9', '10 20', '5000000000 6000000000']) {
        await client.expect(350, `RANG ${beyond}`);
        const { bytes, reply } = await client.download('RETR a.txt');
        expect([bytes.length, reply.code], beyond).to.deep.equal([0, 226]);
      }
    });

    it('§3 RANG 1 0 takes the range back, and an invalid one is 501 and takes it back as well', async () => {
      for (const [command, code] of [
        ['RANG 1 0', 350],
        ['RANG 5 4', 501],
        ['RANG 1', 501],
        ['RANG 1 2 3', 501],
        ['RANG a b', 501],
      ] as const) {
        await client.expect(350, 'RANG 2 3');
        expect((await client.command(command)).code, command).to.equal(code);
        expect((await client.download('RETR a.txt')).bytes.toString(), command).to.equal(digits);
      }
    });

    it('RANG takes REST back, and REST RANG', async () => {
      await client.expect(350, 'REST 5');
      await client.expect(350, 'RANG 1 2');
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('23');
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal(digits);
      await client.expect(350, 'RANG 1 2');
      await client.expect(350, 'REST 5');
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('6789');
    });

    it('§3 is about the transfer behind it, whatever comes between: only RANG 1 0 and REIN reset it', async () => {
      await client.expect(350, 'RANG 2 4');
      await client.expect(226, 'ABOR');
      await client.expect(213, 'SIZE a.txt');
      await client.expect(550, 'MDTM missing');
      expect((await client.download('MLSD folder')).reply.code).to.equal(226);
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('345');
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal(digits);
    });

    it('is used up by a transfer that comes to nothing', async () => {
      for (const [command, code] of [
        ['RETR missing', 550],
        ['HASH missing', 550],
        ['STOR a.txt', 504],
      ] as const) {
        await client.expect(350, 'RANG 2 4');
        await client.expect(code, command);
        expect((await client.download('RETR a.txt')).bytes.toString(), command).to.equal(digits);
      }
      await client.expect(350, 'RANG 2 4');
      await client.extendedPassive();
      await client.send('RETR a.txt\r\nABOR\r\n');
      expect([(await client.reply()).code, (await client.reply()).code]).to.deep.equal([426, 226]);
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal(digits);
    });

    it('uploads into a range are refused, and change nothing', async () => {
      for (const command of ['STOR a.txt', 'APPE a.txt']) {
        await client.expect(350, 'RANG 2 3');
        expect((await client.command(command)).code, command).to.equal(504);
      }
      expect(server.read('a.txt')).to.equal(digits);
    });
  });
});

describe('a hash', () => {
  /** alice's files are `files`. */
  async function withClient(
    fileSystem: (root: string) => FileSystem,
    work: (client: RawFtpClient, server: TestServer) => Promise<void>,
  ): Promise<void> {
    await using server = await TestServer.start({ fileSystem });
    await using client = await RawFtpClient.loggedIn(server);
    await work(client, server);
  }

  /** alice's files are in memory, and it is counted how often they are read. */
  function withCounted(
    work: (client: RawFtpClient, files: CountedFileSystem, server: TestServer) => Promise<void>,
  ): Promise<void> {
    const files = new CountedFileSystem();
    return withClient(
      () => files,
      (client, server) => work(client, files, server),
    );
  }

  it('of a file just uploaded costs no second read, under a new name and with a new time too', async () => {
    await withCounted(async (client, files) => {
      const content = Buffer.alloc(1_000_003, 'content');
      await client.upload('STOR a', content);
      expect(text(await client.command('HASH a'))).to.equal(`SHA-256 0-1000002 ${sha256(content)} a`);
      await client.expect(213, 'MFMT 20020717210715 a');
      await client.expect(350, 'RNFR a');
      await client.expect(250, 'RNTO b');
      expect(text(await client.command('HASH b'))).to.equal(`SHA-256 0-1000002 ${sha256(content)} b`);
      expect(files.reads).to.equal(0);
    });
  });

  it('of a file just uploaded costs no second read however large it is, though nobody had asked for a hash', async () => {
    await withCounted(async (client, files) => {
      const large = Buffer.alloc(48 * 1024 * 1024, digits);
      expect((await client.upload('STOR a', large)).code).to.equal(226);
      const expected = `SHA-256 0-${large.length - 1} ${sha256(large)} a`;
      expect(text(await client.command('HASH a'))).to.equal(expected);
      expect(files.reads).to.equal(0);
    });
  });

  it('of an upload is made by the algorithm that the client asks for', async () => {
    await withCounted(async (client, files) => {
      await client.expect(200, 'OPTS HASH MD5');
      await client.upload('STOR a', digits);
      expect(text(await client.command('HASH a'))).to.equal('MD5 0-8 25f9e794323b453885f5181f1b624d0b a');
      expect(files.reads).to.equal(0);
      expect(text(await client.command('XCRC a'))).to.equal('CBF43926');
      expect(files.reads).to.equal(1);
      await client.upload('STOR b', digits);
      expect(text(await client.command('XCRC b'))).to.equal('CBF43926');
      expect(files.reads).to.equal(1);
    });
  });

  it('is made once of a file that stays the same, and again when it has changed', async () => {
    await withCounted(async (client, files) => {
      await client.upload('STOR a', 'first');
      await client.upload('APPE a', ', second');
      const whole = `SHA-256 0-12 ${sha256('first, second')} a`;
      expect(text(await client.command('HASH a'))).to.equal(whole);
      expect(text(await client.command('HASH a'))).to.equal(whole);
      expect(files.reads).to.equal(1);
      // By somebody else, beside the server, and of the same size and time.
      const { modifiedAt } = await files.stat('/a');
      const upload = await files.openWrite('/a', { kind: 'replace' });
      await upload.write(Buffer.from('FIRST, SECOND'));
      await upload.commit();
      await files.setModified('/a', modifiedAt);
      expect(text(await client.command('HASH a'))).to.equal(`SHA-256 0-12 ${sha256('FIRST, SECOND')} a`);
      expect(files.reads).to.equal(2);
    });
  });

  it('of a broken upload is forgotten', async () => {
    await withCounted(async (client) => {
      await client.upload('STOR a', 'old');
      const { channel, socket } = await client.openData();
      await client.expect(150, 'STOR a');
      await channel.write(Buffer.from('new'));
      socket.resetAndDestroy();
      expect((await client.reply()).code).to.equal(426);
      expect(text(await client.command('HASH a'))).to.equal(`SHA-256 0-2 ${sha256('old')} a`);
    });
  });

  it('of a file that a broken upload went into is made anew, be size and time what they were', async () => {
    await withClient(
      (root) => new LocalFileSystem(root, { inPlace: true }),
      async (client) => {
        await client.upload('STOR a', 'old');
        await client.expect(213, 'MFMT 20020717210715 a');
        expect(text(await client.command('HASH a'))).to.equal(`SHA-256 0-2 ${sha256('old')} a`);
        const { channel, socket } = await client.openData();
        await client.expect(150, 'STOR a');
        await channel.write(Buffer.from('new'));
        socket.resetAndDestroy();
        expect((await client.reply()).code).to.equal(426);
        await client.expect(213, 'MFMT 20020717210715 a');
        const content = await client.download('RETR a');
        expect(text(await client.command('HASH a'))).to.contain(` ${sha256(content.bytes)} a`);
      },
    );
  });

  for (const inPlace of [false, true]) {
    it(`of a local file just uploaded${inPlace ? ' in place' : ''} lasts as long as only this server touches it`, async () => {
      let [root, hashes] = ['', 0];
      class Counted extends LocalFileSystem {
        override hash(path: string, request: HashRequest): Promise<FileHash> {
          hashes += 1;
          return super.hash(path, request);
        }
      }
      await withClient(
        (folder) => new Counted((root = folder), { inPlace }),
        async (client) => {
          await client.upload('STOR a', 'old');
          await client.expect(213, 'MFMT 20020717210715 a');
          await client.expect(200, 'SITE CHMOD 640 a');
          await client.expect(213, 'MFF UNIX.mode=0600; a');
          await client.expect(350, 'RNFR a');
          await client.expect(250, 'RNTO b');
          expect(text(await client.command('HASH b'))).to.equal(`SHA-256 0-2 ${sha256('old')} b`);
          expect(hashes).to.equal(0);
          const { mtime, ctime } = statSync(join(root, 'b'));
          // By another program, once the clock of the disk has gone on.
          do {
            writeFileSync(join(root, 'b'), 'new');
            utimesSync(join(root, 'b'), mtime, mtime);
          } while (statSync(join(root, 'b')).ctime.getTime() === ctime.getTime());
          expect(text(await client.command('HASH b'))).to.equal(`SHA-256 0-2 ${sha256('new')} b`);
          expect(hashes).to.equal(1);
        },
      );
    });
  }

  it('of a big file is made in a thread, and is right', async () => {
    await withClient(
      (root) => new WatchedFileSystem(root),
      async (client, server) => {
        server.seedLarge('big', 20_000_000);
        const zeros = sha256(Buffer.alloc(20_000_000));
        expect(text(await client.command('HASH big'))).to.equal(`SHA-256 0-19999999 ${zeros} big`);
      },
    );
  });

  it('that takes long is given up at ABOR: 426, then 226, and the session lives on', async () => {
    await withCounted(async (client, files) => {
      await client.upload('STOR a', digits);
      files.hashesHang = true;
      const hanging = new Promise<void>((resolve) => (files.onHang = resolve));
      await client.send('XCRC a\r\n');
      await hanging;
      await client.send('ABOR\r\n');
      expect((await client.reply()).code).to.equal(426);
      expect((await client.reply()).code).to.equal(226);
      files.hashesHang = false;
      await client.expect(250, 'XCRC a');
    });
  });

  it('is given up when the client goes away behind more commands than may wait', async () => {
    await withCounted(async (client, files, server) => {
      await client.upload('STOR a', digits);
      files.hashesHang = true;
      const hanging = new Promise<void>((resolve) => (files.onHang = resolve));
      await client.send('XCRC a\r\n');
      await hanging;
      const told = server.next('limit');
      await client.send('NOOP\r\n'.repeat(1_000));
      expect(await told).to.include({ limit: 'maxWaitingCommands' });
      const ended = server.next('disconnect');
      client.destroy();
      await ended;
    });
  });

  it('is given up when the client goes away, and makes room for others', async () => {
    await withCounted(async (client, files, server) => {
      await client.upload('STOR a', digits);
      files.hashesHang = true;
      // As many as are made at a time, by clients that go.
      for (let count = 0; count < 2; count += 1) {
        const gone = await RawFtpClient.loggedIn(server);
        const hanging = new Promise<void>((resolve) => (files.onHang = resolve));
        await gone.send('XCRC a\r\n');
        await hanging;
        const ended = server.next('disconnect');
        gone.destroy();
        await ended;
      }
      files.hashesHang = false;
      await client.expect(250, 'XCRC a');
    });
  });

  it('that the file system cannot make is 502, and not in FEAT', async () => {
    const files = Object.assign(new CountedFileSystem(), {
      hash: undefined,
      setMode: undefined,
      setCreated: undefined,
    });
    await withClient(
      () => files,
      async (client) => {
        await client.upload('STOR a', digits);
        const { lines } = await client.command('FEAT');
        expect(lines.filter((line) => /^ (HASH|X[CMS])/.test(line))).to.deep.equal([]);
        expect(lines).to.include(' MFF Modify;');
        for (const command of ['HASH a', 'XCRC a', 'OPTS HASH', 'SITE CHMOD 644 a', 'MFCT 20020717210715 a']) {
          expect((await client.command(command)).code, command).to.equal(502);
        }
        expect((await client.command('MFF UNIX.mode=0644; a')).code).to.equal(504);
      },
    );
  });
});
