// What a refused data connection does to files: nothing. They are not made, opened for writing, read or listed before the verdict.
import { expect } from 'chai';
import {
  MemoryFileSystem,
  type DirectoryEntry,
  type ReadHandle,
  type WriteHandle,
  type WriteMode,
} from '@ftps-kit/ftps-server';
import { namesOf, writeFile } from '@ftps-kit/ftps-server/compliance';
import { readAll } from '../support/channel-bytes.js';
import { RawFtpClient } from '../support/raw-ftp-client.js';
import { TestServer } from '../support/test-server.js';

/** Writes down what has an effect, or reveals something. */
class RecordingFileSystem extends MemoryFileSystem {
  readonly deeds: string[] = [];

  override async openRead(path: string, options: { readonly start: number }): Promise<ReadHandle> {
    const file = await super.openRead(path, options);
    return {
      sizeBytes: file.sizeBytes,
      read: (into) => {
        this.deeds.push('read');
        return file.read(into);
      },
      close: () => file.close(),
    };
  }

  override openWrite(path: string, mode: WriteMode): Promise<WriteHandle> {
    this.deeds.push(`openWrite ${mode.kind}`);
    return super.openWrite(path, mode);
  }

  override async *list(path: string): AsyncGenerator<DirectoryEntry> {
    this.deeds.push('list');
    yield* super.list(path);
  }
}

describe('the verdict on a data connection', () => {
  const deeds = {
    'STOR a.txt': 'openWrite replace',
    'STOR new.txt': 'openWrite replace',
    'APPE a.txt': 'openWrite append',
    'STOU new.txt': 'openWrite create',
    'RETR a.txt': 'read',
    MLSD: 'list',
    LIST: 'list',
    NLST: 'list',
  };

  for (const [command, deed] of Object.entries(deeds)) {
    it(`comes before ${command} touches a file`, async () => {
      const files = new RecordingFileSystem();
      await writeFile(files, '/a.txt', 'old content');
      await using server = await TestServer.start({ fileSystem: () => files });
      await using client = await RawFtpClient.loggedIn(server);
      files.deeds.length = 0;
      const { channel } = await client.openData('none');
      await client.send(`${command}\r\n`);
      expect((await client.reply()).code).to.equal(150);
      await channel.write(Buffer.from('stolen')).catch(() => undefined);
      expect((await client.reply()).code).to.equal(522);
      const got = await readAll(channel).catch(() => Buffer.alloc(0));
      channel.destroy();
      expect(got.length).to.equal(0);
      expect(files.deeds).to.deep.equal([]);
      expect(await namesOf(files, '/')).to.deep.equal(['a.txt']);
      // The same with a ticket of this login does it: the recording would have seen it.
      files.deeds.length = 0;
      const bound = await client.openData();
      await client.expect(150, command);
      await bound.channel.end();
      expect((await client.reply()).code).to.equal(226);
      bound.channel.destroy();
      expect(files.deeds).to.include(deed);
    });
  }
});
