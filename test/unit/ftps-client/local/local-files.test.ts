// Local files that change while they are uploaded, and local paths that cannot be read or written: one defined result each.
import { randomBytes } from 'node:crypto';
import {
  appendFile,
  chmod,
  lstat,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  ConfigError,
  LocalFileError,
  TransferError,
  type Progress,
  type TransferResult,
  type UploadOptions,
} from '@ftps-kit/ftps-client';
import { readExactly } from '../../../support/channel-bytes.js';
import { LAST_YEAR, withFaultyServer, type Fault, type FaultyServer } from '../../../support/faulty-server.js';
import { rejection } from '../../../support/rejection.js';
import { requireHere, requireUnix } from '../../../support/requirement.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';
import { unprivileged } from '../../../support/unprivileged.js';

/** More than is read ahead. */
const content = randomBytes(2_000_000);

/** Uploads a local file of last year, and does something to it once it is open and the server is asked to take it. */
async function uploading(
  meanwhile: (path: string) => Promise<void>,
  look: (
    upload: Promise<TransferResult>,
    seen: { readonly server: FaultyServer; readonly told: readonly Progress[] },
  ) => Promise<void>,
  options: UploadOptions = {},
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'a');
    await writeFile(path, content);
    await utimes(path, LAST_YEAR, LAST_YEAR);
    const fault: Fault = async ({ verb }) => {
      if (verb === 'STOR') await meanwhile(path);
      return false;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      const told: Progress[] = [];
      await look(client.upload(path, 'b', { ...options, onProgress: (progress) => told.push(progress) }), {
        server,
        told,
      });
      expect((await client.raw('NOOP')).code).to.equal(200);
    });
  });
}

describe('a local file that is uploaded', () => {
  it('with mayGrow, as far as it reached when it began, however much is added', async () => {
    await uploading(
      (path) => appendFile(path, randomBytes(100_000)),
      async (upload, { server, told }) => {
        expect(await upload).to.include({ sizeBytes: content.length });
        expect(server.bytes('b')?.equals(content)).to.equal(true);
        expect(told.at(-1)).to.include({ bytes: content.length, totalBytes: content.length });
      },
      { mayGrow: true },
    );
  });

  it('with mayGrow, goes on where it broke off, though bytes were added between two attempts', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      const fault: Fault = async ({ verb, count, peer, data }, server) => {
        if (verb !== 'STOR' || count > 1 || data === undefined) return false;
        await peer.say('150 go on\r\n');
        server.put('b', await readExactly(await data.channel(), 60_000));
        await appendFile(path, 'more');
        peer.destroy();
        return true;
      };
      await withFaultyServer({ fault }, async (client, server) => {
        const retry = { attempts: 2, wait: () => Promise.resolve() };
        const result = await client.upload(path, 'b', { mayGrow: true, retry });
        expect(result).to.include({ attempts: 2, resumedAt: 60_000, sizeBytes: content.length });
        expect(server.bytes('b')?.equals(content)).to.equal(true);
      });
    });
  });

  it('with mayGrow, and becomes shorter or is written over within its size is a LocalFileError all the same', async () => {
    for (const change of [
      (path: string) => truncate(path, 1_000_000),
      (path: string) => writeFile(path, randomBytes(content.length)),
    ]) {
      const look = async (upload: Promise<TransferResult>) => {
        expect(await rejection(upload)).to.be.instanceOf(LocalFileError);
      };
      await uploading(change, look, { mayGrow: true });
    }
  });

  it('with mayGrow is a path: nothing else is taken', async () => {
    await withFaultyServer({}, async (client, server) => {
      const error = await rejection(client.upload(content, 'b', { mayGrow: true }));
      expect(error).to.be.instanceOf(ConfigError).with.property('message').that.includes('for local paths');
      expect(server.commands).to.deep.equal([]);
    });
  });

  const changes: readonly (readonly [string, (path: string) => Promise<void>])[] = [
    ['becomes shorter', (path) => truncate(path, 1_000_000)],
    [
      'is overwritten in part',
      async (path) => {
        await using handle = await open(path, 'r+');
        await handle.write(randomBytes(1_000), 0, 1_000, 1_500_000);
      },
    ],
  ];
  const growths: typeof changes = [
    ['is written over with more bytes', (path) => writeFile(path, Buffer.alloc(3_000_000, 'B'))],
    ['grows', (path) => appendFile(path, 'more')],
  ];
  for (const [what, change] of growths) {
    it(`and ${what} meanwhile is a LocalFileError that names mayGrow`, async () => {
      await uploading(change, async (upload) => {
        const error = await rejection(upload);
        expect(error).to.be.instanceOf(LocalFileError);
        expect((error as Error).message).to.match(/it was changed while it was read; mayGrow: true takes/);
      });
    });
  }

  for (const mayGrow of [false, true]) {
    it(`and has bytes though it says that it has none, as those of /proc, is sent to its end (mayGrow: ${mayGrow})`, async function () {
      requireHere(this, process.platform === 'linux', 'only Linux has /proc');
      await withFaultyServer({}, async (client, server) => {
        // The second has more than is read at a time.
        for (const path of ['/proc/version', '/proc/kallsyms']) {
          const bytes = await readFile(path);
          expect(await client.upload(path, 'b', { mayGrow })).to.include({ sizeBytes: bytes.length });
          expect(server.bytes('b')?.equals(bytes)).to.equal(true);
        }
      });
    });
  }

  it('and says that it has no bytes is read once: neither gone on with nor tried again, as it may be another by then', async function () {
    requireHere(this, process.platform === 'linux', 'only Linux has /proc');
    const fault: Fault = async ({ verb, count, peer, data }, server) => {
      if (verb !== 'STOR' || count > 1 || data === undefined) return false;
      await peer.say('150 go on\r\n');
      server.put('b', await readExactly(await data.channel(), 10));
      peer.destroy();
      return true;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      const refused = await rejection(client.upload('/proc/version', 'b', { resume: true }));
      expect(refused).to.be.instanceOf(ConfigError).with.property('message').that.includes('does not tell its size');
      expect(server.commands).to.deep.equal([]);
      const retry = { attempts: 2, wait: () => Promise.resolve() };
      const error = await rejection(client.upload('/proc/version', 'b', { retry }));
      expect(error).to.be.instanceOf(TransferError).with.property('message').that.includes('it was not tried again');
      expect(server.commands.filter((line) => line.startsWith('STOR'))).to.have.length(1);
    });
  });

  for (const [what, change] of changes) {
    it(`and ${what} meanwhile is a LocalFileError, as half of each is no version of it`, async () => {
      await uploading(change, async (upload) => {
        const error = await rejection(upload);
        expect(error).to.be.instanceOf(LocalFileError);
        expect((error as Error).message).to.match(/^cannot read .*a: it was changed while it was read$/);
      });
    });
  }

  it('as it was where another is renamed over it meanwhile', async () => {
    await uploading(
      async (path) => {
        await writeFile(`${path}.new`, 'new');
        await rename(`${path}.new`, path);
      },
      async (upload, { server }) => {
        expect(await upload).to.include({ sizeBytes: content.length });
        expect(server.bytes('b')?.equals(content)).to.equal(true);
      },
    );
  });

  it('in its new version where it changed between two attempts', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      await utimes(path, LAST_YEAR, LAST_YEAR);
      const fresh = randomBytes(content.length);
      const fault: Fault = async ({ verb, count, peer }) => {
        if (verb !== 'STOR' || count > 1) return false;
        await writeFile(path, fresh);
        peer.destroy();
        return true;
      };
      await withFaultyServer({ fault }, async (client, server) => {
        const result = await client.upload(path, 'b', { retry: { attempts: 2, wait: () => Promise.resolve() } });
        expect(result).to.include({ attempts: 2, resumedAt: 0 });
        expect(server.bytes('b')?.equals(fresh)).to.equal(true);
      });
    });
  });

  it('with its holes, and also where it is empty', async () => {
    await withTemporaryFolder(async (folder) => {
      const [sparse, empty] = [join(folder, 'sparse'), join(folder, 'empty')];
      await writeFile(sparse, 'begin');
      await truncate(sparse, 3_000_000);
      await appendFile(sparse, 'end');
      await writeFile(empty, '');
      await withFaultyServer({}, async (client, server) => {
        expect(await client.upload(sparse, 's')).to.include({ sizeBytes: 3_000_003 });
        expect(server.bytes('s')?.equals(await readFile(sparse))).to.equal(true);
        expect(await client.upload(empty, 'e')).to.include({ sizeBytes: 0 });
        expect(server.bytes('e')?.length).to.equal(0);
        expect(await client.upload(empty, 'e', { mayGrow: true })).to.include({ sizeBytes: 0 });
        expect(server.bytes('e')?.length).to.equal(0);
        await client.download('s', join(folder, 'copy'));
        expect((await readFile(join(folder, 'copy'))).equals(await readFile(sparse))).to.equal(true);
        await client.download('e', join(folder, 'copy'));
        expect((await readFile(join(folder, 'copy'))).length).to.equal(0);
      });
    });
  });
});

describe('a local path', () => {
  it('that may not be read or written is a LocalFileError that says so, and no transfer begins', async function () {
    requireUnix(this, 'permissions of folders');
    await withTemporaryFolder(async (folder) => {
      await writeFile(join(folder, 'secret'), 'secret', { mode: 0o000 });
      await mkdir(join(folder, 'locked'), { mode: 0o555 });
      await chmod(folder, 0o555);
      await withFaultyServer({ files: { a: content } }, async (client, server) => {
        const [secret, locked] = [join(folder, 'secret'), join(folder, 'locked/a')];
        for (const [path, call, reason] of [
          [secret, () => client.upload(secret, 'b'), `cannot read ${secret}: permission denied`],
          [locked, () => client.download('a', locked), `cannot write ${locked}: permission denied`],
        ] as const) {
          const error = await rejection(unprivileged<unknown>(call));
          expect(error).to.be.instanceOf(LocalFileError).and.include({ path, message: reason });
        }
        expect(server.commands.filter((line) => /^(?:RETR|STOR) /.test(line))).to.deep.equal([]);
      });
      await chmod(folder, 0o755);
    });
  });

  it('that no file can have is a LocalFileError before anything is downloaded', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files: { a: content } }, async (client, server) => {
        for (const [path, words] of [
          ['', 'it is not the name of a file'],
          [`${folder}/new/`, 'it is not the name of a file'],
          [folder, 'it is a folder'],
          [join(folder, 'x'.repeat(256)), 'the name is too long'],
        ] as const) {
          const error = await rejection(client.download('a', path));
          expect(error).to.be.instanceOf(LocalFileError).and.include({ path });
          expect((error as Error).message).to.equal(`cannot write ${path}: ${words}`);
        }
        expect(server.commands).to.deep.equal([]);
        expect(await readdir(folder)).to.deep.equal([]);
      });
    });
  });

  it('in a folder that is not there is a LocalFileError that names the folder', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'missing', 'a');
      await withFaultyServer({ files: { a: content } }, async (client) => {
        const error = await rejection(client.download('a', path));
        expect(error).to.be.instanceOf(LocalFileError).and.include({ path });
        expect((error as Error).message).to.equal(
          `cannot write ${path}: there is no folder ${join(folder, 'missing')}`,
        );
      });
    });
  });

  it('that is a symbolic link stays one; one that leads nowhere is replaced by the file', async function () {
    requireUnix(this, 'symbolic links for everybody');
    await withTemporaryFolder(async (folder) => {
      const [real, link, dangling] = [join(folder, 'real'), join(folder, 'link'), join(folder, 'dangling')];
      await writeFile(real, 'old');
      await symlink(real, link);
      await symlink(join(folder, 'elsewhere'), dangling);
      await withFaultyServer({ files: { a: content } }, async (client) => {
        await client.download('a', link);
        await client.download('a', dangling);
      });
      expect((await lstat(link)).isSymbolicLink()).to.equal(true);
      expect((await readFile(real)).equals(content)).to.equal(true);
      expect((await lstat(dangling)).isFile()).to.equal(true);
      expect(await readdir(folder)).to.have.members(['real', 'link', 'dangling']);
    });
  });
});
