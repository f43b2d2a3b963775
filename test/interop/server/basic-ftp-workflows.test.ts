// What people do with basic-ftp, against our server under binding `require`: trees, resume, text, and everything around files.
import { Readable, Writable } from 'node:stream';
import { join } from 'node:path';
import { FileType, FTPError, type Client } from 'basic-ftp';
import { expect } from 'chai';
import { expectTree, writeTree } from '../../support/file-tree.js';
import { withBasicFtp } from '../../support/peers/basic-ftp.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TestServer, type TestServerOptions } from '../../support/test-server.js';

const content = Buffer.alloc(300_000, 'ftps');

/** A client that has logged in; afterwards every data connection was bound. */
async function withClient(
  options: TestServerOptions,
  use: (client: Client, server: TestServer) => Promise<void>,
): Promise<void> {
  await using server = await TestServer.start(options);
  await withBasicFtp(server, (client) => use(client, server));
  expect(server.transfers.map(({ verdict }) => verdict)).to.deep.equal(server.transfers.map(() => 'bound'));
}

/** Collects what is downloaded. */
function collector(): { readonly sink: Writable; bytes(): Buffer } {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { sink, bytes: () => Buffer.concat(chunks) };
}

describe('basic-ftp at work', () => {
  it('uploads a folder, clears another, and downloads it all again', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`d${n % 3}/mit Leerzeichen ${n}.txt`, `content ${n}`]),
    );
    await withClient({ files: { 'old/x/y.txt': 'y' } }, async (client, server) => {
      await withTemporaryFolder(async (folder) => {
        await writeTree(join(folder, 'up'), files);
        await client.uploadFromDir(join(folder, 'up'), '/tree');
        await client.downloadToDir(join(folder, 'down'), '/tree');
        await expectTree(join(server.root, 'tree'), files);
        await expectTree(join(folder, 'down'), files);
        await client.cd('/old');
        await client.clearWorkingDir();
        expect(server.names('old')).to.deep.equal([]);
        await client.removeDir('/tree');
        expect(server.names()).to.deep.equal(['old']);
      });
    });
  });

  it('resumes, appends and takes parts', async () => {
    await withClient({ files: { 'a.bin': content, 'log.txt': 'one\n' } }, async (client, server) => {
      const rest = collector();
      await client.downloadTo(rest.sink, 'a.bin', 299_000);
      expect(rest.bytes().equals(content.subarray(299_000))).to.equal(true);
      await client.appendFrom(Readable.from(['two\n']), 'log.txt');
      expect(server.read('log.txt')).to.equal('one\ntwo\n');
    });
  });

  it('asks for sizes and times, renames, and lists by facts', async () => {
    await withClient({ files: { 'a b.bin': content, 'folder/x': '' } }, async (client, server) => {
      expect(await client.size('a b.bin')).to.equal(content.length);
      expect(Math.abs((await client.lastMod('a b.bin')).getTime() - Date.now())).to.be.below(3_600_000);
      await client.rename('a b.bin', 'folder/größer.bin');
      await client.ensureDir('/new/deep');
      expect(await client.pwd()).to.equal('/new/deep');
      const entries = await client.list('/folder');
      expect(entries.map(({ name, size, type }) => [name, size, type])).to.have.deep.members([
        ['größer.bin', content.length, FileType.File],
        ['x', 0, FileType.File],
      ]);
      expect((await client.list('/')).find(({ name }) => name === 'new')?.type).to.equal(FileType.Directory);
      await client.remove('/folder/x');
      expect(server.names('folder')).to.deep.equal(['größer.bin']);
    });
  });

  it('is told of what cannot be, and goes on', async () => {
    await withClient({ files: { 'a.txt': 'a' } }, async (client) => {
      for (const call of [
        () => client.downloadTo(collector().sink, 'missing'),
        () => client.cd('/missing'),
        () => client.remove('missing'),
        () => client.uploadFrom(Readable.from(['x']), 'no/such/folder/x'),
      ]) {
        expect(await rejection(call()))
          .to.be.instanceOf(FTPError)
          .with.property('code', 550);
      }
      const got = collector();
      await client.downloadTo(got.sink, 'a.txt');
      expect(got.bytes().toString()).to.equal('a');
    });
  });

  it('moves fifty files each way on one control connection', async function () {
    this.timeout(60_000);
    await withClient({ versions: '1.3' }, async (client, server) => {
      for (let n = 0; n < 50; ++n) {
        const got = collector();
        await client.uploadFrom(Readable.from([`content ${n}`]), `${n}.txt`);
        await client.downloadTo(got.sink, `${n}.txt`);
        expect(got.bytes().toString()).to.equal(`content ${n}`);
      }
      expect(server.transfers).to.have.length(100);
    });
  });
});
