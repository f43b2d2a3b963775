// What a download with `resume` finds under the name of its part file, in a folder where others write too.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { chown, link, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { LocalFileError, leftBehind, type FtpsClient } from '@ftps-kit/ftps-client';
import { withFaultyServer, type Fault } from '../../../support/faulty-server.js';
import { rejection } from '../../../support/rejection.js';
import { requireHere, requireUnix } from '../../../support/requirement.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';

const content = randomBytes(200_000);
const KEPT_BYTES = 50_000;

/** Breaks the first download off. */
const firstIsCut: Fault = async ({ verb, count, peer, data }) => {
  if (verb !== 'RETR' || count > 1 || data === undefined) return false;
  await peer.say('150 here it comes\r\n');
  const channel = await data.channel();
  await channel.write(content.subarray(0, KEPT_BYTES));
  const socket = await data.socket();
  socket.end();
  await channel.read(Buffer.alloc(1)).catch(() => undefined);
  await peer.say('426 broken\r\n');
  return true;
};

/** Lends a folder that a broken download has left its part file in. */
async function withPart(
  work: (
    client: FtpsClient,
    place: { readonly folder: string; readonly target: string; readonly part: string },
  ) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'shared');
    await mkdir(folder);
    const target = join(folder, 'a');
    await withFaultyServer({ files: { a: content }, fault: firstIsCut }, async (client) => {
      const part = leftBehind(await rejection(client.download('a', target, { resume: true })))?.path;
      if (part === undefined) throw new Error('the download has left no part file');
      await work(client, { folder, target, part });
    });
  });
}

describe('the part file of a download with resume', () => {
  const plants: readonly (readonly [string, RegExp, (part: string, victim: string) => Promise<void>])[] = [
    ['a symbolic link', /is a symbolic link/, (part, victim) => symlink(victim, part)],
    ['a symbolic link to nothing', /is a symbolic link/, (part, victim) => symlink(`${victim}-missing`, part)],
    ['a hard link', /is a hard link/, (part, victim) => link(victim, part)],
    ['a folder', /is no file/, (part) => mkdir(part)],
    [
      'a pipe',
      /is no file/,
      (part) => {
        execFileSync('mkfifo', [part]);
        return Promise.resolve();
      },
    ],
  ];
  for (const [what, reason, plant] of plants) {
    it(`is refused where it is ${what}, and what that leads to stays as it was`, async function () {
      requireUnix(this, 'owners and links of files');
      await withPart(async (client, { folder, target, part }) => {
        const victim = join(folder, '..', 'victim');
        await writeFile(victim, 'dear');
        await rm(part);
        await plant(part, victim);
        const error = await rejection(client.download('a', target, { resume: true }));
        expect(error).to.be.instanceOf(LocalFileError).and.include({ path: target });
        expect((error as Error).message)
          .to.match(reason)
          .and.match(/; remove it, or download without resume$/)
          .and.include(part);
        expect(await readFile(victim, 'utf8')).to.equal('dear');
        expect(await readdir(join(folder, '..'))).to.have.members(['shared', 'victim']);
        expect(await readdir(folder)).to.have.length(1);
        // As the message has it.
        await client.download('a', target);
        expect((await readFile(target)).equals(content)).to.equal(true);
      });
    });
  }

  it('is refused where it belongs to somebody else', async function () {
    requireUnix(this, 'owners and links of files');
    requireHere(this, process.geteuid?.() === 0, 'only root gives files away');
    await withPart(async (client, { folder, target, part }) => {
      await chown(part, 65_534, 65_534);
      const error = await rejection(client.download('a', target, { resume: true }));
      expect(error).to.be.instanceOf(LocalFileError).with.property('message').that.includes('belongs to somebody else');
      expect((await readFile(part)).equals(content.subarray(0, KEPT_BYTES))).to.equal(true);
      expect(await readdir(folder)).to.have.length(1);
    });
  });

  it('is gone on with where the file system gives all files one owner', async function () {
    requireUnix(this, 'owners and links of files');
    await withPart(async (client, { folder, target }) => {
      const { geteuid } = process;
      process.geteuid = () => 12_345;
      try {
        expect(await client.download('a', target, { resume: true })).to.include({ resumedAt: KEPT_BYTES });
      } finally {
        if (geteuid !== undefined) process.geteuid = geteuid;
      }
      expect((await readFile(target)).equals(content)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['a']);
    });
  });

  for (const [what, replacement] of [
    ['replaced by another', 'half of it'],
    ['removed', undefined],
  ] as const) {
    it(`that was ${what} while it was written is not given the name of the whole`, async function () {
      requireUnix(this, 'owners and links of files');
      await withPart(async (client, { folder, target, part }) => {
        let isDone = false;
        const onProgress = (): void => {
          if (isDone) return;
          isDone = true;
          rmSync(part);
          if (replacement !== undefined) writeFileSync(part, replacement);
        };
        const error = await rejection(client.download('a', target, { resume: true, onProgress }));
        expect(error).to.be.instanceOf(LocalFileError).and.include({ path: target });
        expect((error as Error).message)
          .to.include(part)
          .and.to.include('removed or replaced meanwhile');
        expect(leftBehind(error)).to.equal(undefined);
        // What stands there now is somebody else's.
        expect(await readdir(folder)).to.deep.equal(replacement === undefined ? [] : [basename(part)]);
        if (replacement !== undefined) expect(await readFile(part, 'utf8')).to.equal(replacement);
      });
    });
  }

  it('that somebody else gave its real name meanwhile is not emptied where the download begins anew', async () => {
    const refusesRest: Fault = async (command, server) => {
      if (command.verb === 'REST') await command.peer.say('502 not here\r\n');
      return command.verb === 'REST' || firstIsCut(command, server);
    };
    await withTemporaryFolder(async (folder) => {
      const target = join(folder, 'a');
      await withFaultyServer({ files: { a: content }, fault: refusesRest }, async (client) => {
        const wait = async (): Promise<void> => {
          const [part = ''] = await readdir(folder);
          await writeFile(join(folder, part), content);
          await rename(join(folder, part), target);
        };
        const error = await rejection(client.download('a', target, { resume: true, retry: { attempts: 2, wait } }));
        expect(error).to.be.instanceOf(LocalFileError).and.include({ path: target });
        expect((await readFile(target)).equals(content)).to.equal(true);
      });
    });
  });

  it('of an older version that cannot be removed does not make a whole file a failure', async () => {
    await withPart(async (client, { folder, target, part }) => {
      const other = part.replace(/[0-9a-f]{16}(?=\.ftps-part$)/, '0123456789abcdef');
      await mkdir(other);
      expect(await client.download('a', target, { resume: true })).to.include({ resumedAt: KEPT_BYTES });
      expect((await readFile(target)).equals(content)).to.equal(true);
      expect(await readdir(folder)).to.have.length(2);
    });
  });
});

describe('the part file of a download with resume to a long name', () => {
  const names = { one: `${'ü'.repeat(126)}a`, other: `${'ü'.repeat(126)}b` };

  it('has a name that every file system takes, is found again, and is that of no other name that begins alike', async () => {
    await withTemporaryFolder(async (folder) => {
      const [one, other] = [join(folder, names.one), join(folder, names.other)];
      await withFaultyServer({ files: { a: content }, fault: firstIsCut }, async (client) => {
        const part = leftBehind(await rejection(client.download('a', one, { resume: true })))?.path ?? '';
        expect(basename(part)).to.match(/^\.ü+~[0-9a-f]{8}\.[0-9a-f]{16}\.ftps-part$/);
        expect(Buffer.byteLength(basename(part))).to.be.at.most(143);
        expect(await client.download('a', other, { resume: true })).to.include({ resumedAt: 0 });
        expect(await readdir(folder)).to.have.members([basename(part), names.other]);
        expect(await client.download('a', one, { resume: true })).to.include({ resumedAt: KEPT_BYTES });
        expect((await readFile(one)).equals(content)).to.equal(true);
        expect(await readdir(folder)).to.have.members([names.one, names.other]);
      });
    });
  });
});

describe('a download in place', () => {
  it('goes through a link that the user has named, and stays there', async function () {
    requireUnix(this, 'owners and links of files');
    await withTemporaryFolder(async (folder) => {
      const [real, target] = [join(folder, 'real'), join(folder, 'link')];
      await writeFile(real, content.subarray(0, KEPT_BYTES));
      await symlink(real, target);
      await withFaultyServer({ files: { a: content } }, async (client) => {
        expect(await client.download('a', target, { resume: 'in-place' })).to.include({ resumedAt: KEPT_BYTES });
      });
      expect((await readFile(real)).equals(content)).to.equal(true);
    });
  });
});
