// Files that change, vanish or cannot be written while they are moved, and disks that are full: the session lives on.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalFileSystem } from '@ftps-kit/ftps-server';
import { readAll } from '../support/channel-bytes.js';
import { RawFtpClient, text } from '../support/raw-ftp-client.js';
import { requireUnix } from '../support/requirement.js';
import { forEachServed } from '../support/served-client.js';
import { SmallDisk } from '../support/small-disk.js';
import { TestServer } from '../support/test-server.js';
import { unprivileged } from '../support/unprivileged.js';
import { WatchedFileSystem } from '../support/watched-file-system.js';

/** More than the network holds back, so that the server is still reading when the test acts. */
const large = 32 * 1024 * 1024;

describe('a file that changes while it is sent', () => {
  let files: WatchedFileSystem;
  let server: TestServer;
  let client: RawFtpClient;

  forEachServed(
    'loggedIn',
    (served) => {
      ({ server, client } = served);
    },
    { fileSystem: (root) => (files = new WatchedFileSystem(root)) },
  );

  /** Begins RETR of a large file, does `change` when some of it was read, and gives what came and the final reply. */
  async function downloadDuring(change: () => void): Promise<{ readonly bytes: number; readonly code: number }> {
    server.seedLarge('large.bin', large);
    const read = once(files.events, 'read');
    const { channel } = await client.openData();
    await client.expect(150, 'RETR large.bin');
    await read;
    change();
    const got = await readAll(channel).catch(() => Buffer.alloc(0));
    const { code } = await client.reply();
    channel.destroy();
    return { bytes: got.length, code };
  }

  it('is sent as long as it was when it grows', async () => {
    const grow = (): void => {
      appendFileSync(join(server.root, 'large.bin'), Buffer.alloc(1_000_000, 1));
    };
    expect(await downloadDuring(grow)).to.deep.equal({ bytes: large, code: 226 });
  });

  it('is 451, and cut, when it shrinks: nobody takes a piece for the whole', async () => {
    const shrink = (): void => {
      truncateSync(join(server.root, 'large.bin'), 1_000_000);
    };
    const { bytes, code } = await downloadDuring(shrink);
    expect(code).to.equal(451);
    expect(bytes).to.be.below(large);
    await client.expect(257, 'PWD');
  });

  it('is sent to its end when it is removed', async () => {
    const remove = (): void => {
      rmSync(join(server.root, 'large.bin'));
    };
    expect(await downloadDuring(remove)).to.deep.equal({ bytes: large, code: 226 });
  });

  it('is sent from its own folder when that is swapped for a link meanwhile', async () => {
    server.seed({ 'd/a.txt': 'inside', 'secret/a.txt': 'outside' });
    const outside = `${server.root}-outside`;
    renameSync(join(server.root, 'secret'), outside);
    renameSync(join(server.root, 'd'), join(server.root, 'aside'));
    symlinkSync(outside, join(server.root, 'd'));
    expect((await client.command('RETR d/a.txt')).code).to.equal(550);
    expect((await client.command('STOR d/b.txt')).code).to.equal(550);
    rmSync(outside, { recursive: true });
  });
});

describe('what is no regular file, or may not be touched', () => {
  it('holds nobody up: a FIFO is 550 for whatever is tried, and so is a link to a device', async () => {
    await using server = await TestServer.start();
    execFileSync('mkfifo', [join(server.root, 'fifo')]);
    symlinkSync('/dev/zero', join(server.root, 'zero'));
    await using client = await RawFtpClient.loggedIn(server);
    for (const verb of ['STOR', 'APPE']) expect((await client.command(`${verb} fifo`)).code, verb).to.equal(550);
    expect((await client.upload('STOR zero', 'x')).code).to.equal(550);
    for (const name of ['fifo', 'zero']) {
      for (const verb of ['RETR', 'SIZE', 'MDTM', 'HASH', 'XCRC', 'MLST', 'MFMT 20020101000000']) {
        expect((await client.command(`${verb} ${name}`)).code, `${verb} ${name}`).to.equal(550);
      }
    }
    expect((await client.download('NLST')).bytes.toString()).to.equal('');
  });

  it('is 550 where the server has no permission, and leaves nothing', async function () {
    requireUnix(this, 'permissions of folders');
    await using server = await TestServer.start({ files: { 'locked/a.txt': 'a' } });
    chmodSync(server.root, 0o755);
    chmodSync(join(server.root, 'locked'), 0o555);
    await using client = await RawFtpClient.loggedIn(server);
    await unprivileged(async () => {
      expect((await client.upload('STOR locked/b.txt', 'b')).code).to.equal(550);
      expect((await client.command('DELE locked/a.txt')).code).to.equal(550);
    });
    chmodSync(join(server.root, 'locked'), 0o700);
    expect(server.names('locked')).to.deep.equal(['a.txt']);
  });

  it('is read beyond 4 GB, sparse files included', async () => {
    await using server = await TestServer.start();
    server.seedLarge('sparse.bin', 5_000_000_000);
    appendFileSync(join(server.root, 'sparse.bin'), 'the end');
    await using client = await RawFtpClient.loggedIn(server);
    expect(text(await client.expect(213, 'SIZE sparse.bin'))).to.equal('5000000007');
    await client.expect(350, 'REST 5000000004');
    expect((await client.download('RETR sparse.bin')).bytes.toString()).to.equal('end');
    await client.expect(350, 'RANG 5000000000 5000000002');
    expect((await client.download('RETR sparse.bin')).bytes.toString()).to.equal('the');
    await client.expect(350, 'REST 5000000004');
    expect((await client.upload('STOR sparse.bin', 'END!')).code).to.equal(226);
    expect(text(await client.expect(213, 'SIZE sparse.bin'))).to.equal('5000000008');
  });
});

describe('a disk that is full', () => {
  let disk: string;
  let mounted: SmallDisk | undefined;
  let server: TestServer;

  before(async function () {
    server = await TestServer.start();
    disk = join(server.root, 'disk');
    mkdirSync(disk);
    mounted = SmallDisk.mount(this, disk);
  });

  after(async () => {
    mounted?.[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });

  for (const options of [{}, { fsync: true }]) {
    it(`ends an upload with 452, the old file is whole, and there is room again (${JSON.stringify(options)})`, async () => {
      await using full = await TestServer.start({ fileSystem: () => new LocalFileSystem(disk, options) });
      await using client = await RawFtpClient.loggedIn(full);
      writeFileSync(join(disk, 'a.txt'), 'old content');
      const { channel } = await client.openData();
      await client.expect(150, 'STOR a.txt');
      await channel.write(Buffer.alloc(8 * 1024 * 1024)).catch(() => undefined);
      expect((await client.reply()).code).to.equal(452);
      channel.destroy();
      expect((await client.download('RETR a.txt')).bytes.toString()).to.equal('old content');
      expect(server.names('disk')).to.deep.equal(['a.txt']);
      expect((await client.upload('STOR a.txt', Buffer.alloc(1024 * 1024))).code).to.equal(226);
      await client.expect(452, 'ALLO 8000000');
    });
  }
});

describe('a listing', () => {
  it('with more entries than the server lists is 451, cut, and told as a limit', async () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f${index}`, '']));
    await using server = await TestServer.start({ files, limits: { maxListingEntries: 10 } });
    await using client = await RawFtpClient.loggedIn(server);
    for (const command of ['MLSD', 'LIST -al', 'NLST']) {
      const told = server.next('limit');
      const { channel } = await client.openData();
      await client.expect(150, command);
      expect((await client.reply()).code, command).to.equal(451);
      expect(await told).to.include({ limit: 'maxListingEntries', value: 10 });
      channel.destroy();
    }
    await client.expect(257, 'PWD');
  });

  it('takes what clients put in front of a path, and wildcards as literal names', async () => {
    await using server = await TestServer.start({ files: { 'a.txt': 'a', 'b.txt': 'b', '*.txt': 'star' } });
    await using client = await RawFtpClient.loggedIn(server);
    for (const options of ['', ' -a', ' -al', ' -la', ' -l -a', ' -1']) {
      const { bytes } = await client.download(`LIST${options}`);
      expect(bytes.toString().trimEnd().split('\r\n'), options).to.have.length(3);
    }
    expect((await client.download('NLST *.txt')).bytes.toString()).to.equal('*.txt\r\n');
    expect((await client.command('LIST ?.txt')).code).to.equal(550);
  });

  it('has no line that a name could forge', async () => {
    await using server = await TestServer.start({
      files: { 'line\r\ntype=file; forged': '', 'line\nbreak': '', 'bell\u0007': '', fine: '' },
    });
    await using client = await RawFtpClient.loggedIn(server);
    for (const command of ['NLST', 'MLSD', 'LIST']) {
      const lines = (await client.download(command)).bytes.toString().trimEnd().split('\r\n');
      expect(lines, command).to.have.length(2);
      expect(lines.join(' ')).not.to.include('forged');
    }
  });
});
