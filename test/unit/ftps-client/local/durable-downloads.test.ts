// Downloads with `durable`: done is what the disk has confirmed, the bytes and then the name.
import { chmod, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalFileError, leftBehind } from '@ftps-kit/ftps-client';
import { failing } from '../../../support/failing-file-handles.js';
import { withFaultyServer } from '../../../support/faulty-server.js';
import { rejection } from '../../../support/rejection.js';
import { requireUnix } from '../../../support/requirement.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';
import { unprivileged } from '../../../support/unprivileged.js';

const content = Buffer.alloc(1_000, 'a');
const files = { a: content };

describe('a durable download', () => {
  it('whose bytes the disk does not confirm gives no file its name', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files }, async (client) => {
        using disk = await failing('sync', 'file');
        expect(await rejection(client.download('a', join(folder, 'a'), { durable: true }))).to.be.instanceOf(
          LocalFileError,
        );
        expect(await readdir(folder)).to.deep.equal([]);
        expect(disk.failures).to.equal(1);
      });
    });
  });

  it('whose name the disk does not confirm is a LocalFileError that says that the file is there', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files }, async (client) => {
        const path = join(folder, 'a');
        using disk = await failing('sync', 'directory');
        const error = await rejection(client.download('a', path, { durable: true }));
        expect(error)
          .to.be.instanceOf(LocalFileError)
          .with.property('message')
          .that.includes('is whole and has its name');
        expect(leftBehind(error)).to.equal(undefined);
        expect(disk.failures).to.equal(1);
        expect((await readFile(path)).equals(content)).to.equal(true);
      });
    });
  });

  it('is done on a file system that confirms no names', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files }, async (client) => {
        using refusing = await failing('sync', 'directory', 'EINVAL');
        expect(await client.download('a', join(folder, 'a'), { durable: true })).to.include({ sizeBytes: 1_000 });
        expect(refusing.failures).to.equal(1);
      });
    });
  });

  it('into a folder whose names could not be confirmed gives no file its name', async function () {
    requireUnix(this, 'permissions of folders');
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files }, async (client) => {
        await chmod(folder, 0o333);
        const path = join(folder, 'a');
        const error = await rejection(unprivileged(() => client.download('a', path, { durable: true })));
        expect(error).to.be.instanceOf(LocalFileError).and.include({ path });
        await chmod(folder, 0o700);
        expect(await readdir(folder)).to.deep.equal([]);
      });
    });
  });
});
