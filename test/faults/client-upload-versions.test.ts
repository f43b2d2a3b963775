// Atomic uploads with resume of local files that have several versions: under a temporary name stands only what is of the version it is made of.
import { randomBytes } from 'node:crypto';
import { appendFile, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsPool, RenameError, TransferError, leftBehind } from '@ftps-kit/ftps-client';
import { readExactly } from '../support/channel-bytes.js';
import { FaultyServer, LAST_YEAR, withFaultyServer, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const oldContent = randomBytes(200_000);
/** Shorter, so that it could be taken for the beginning of the old one. */
const newContent = randomBytes(150_000);
const options = { atomic: true, resume: true } as const;

describe('an atomic upload with resume of a local file', () => {
  for (const when of ['between two attempts', 'before its first byte is read'] as const) {
    it(`that was replaced ${when} leaves it whole under a name of its own, and nothing of it is taken for the old one`, async () => {
      await withTemporaryFolder(async (folder) => {
        const path = join(folder, 'a');
        const putOld = async (): Promise<void> => {
          await writeFile(path, oldContent);
          await utimes(path, LAST_YEAR, LAST_YEAR);
        };
        const putNew = (): Promise<void> => writeFile(path, newContent);
        await putOld();
        const isRetried = when === 'between two attempts';
        const stored: string[] = [];
        const fault: Fault = async ({ verb, count, argument, peer, data }, server) => {
          if (verb === 'SIZE' && count === 1 && !isRetried) await putNew();
          if (verb === 'RNTO' && count === 1) {
            await peer.say('553 no\r\n');
            return true;
          }
          if (verb !== 'STOR') return false;
          stored.push(argument);
          if (!isRetried || count > 1 || data === undefined) return false;
          await peer.say('150 go on\r\n');
          server.put(argument, await readExactly(await data.channel(), 60_000), new Date());
          (await data.socket()).resetAndDestroy();
          await peer.say('426 broken\r\n');
          return true;
        };
        await withFaultyServer({ fault }, async (client, server) => {
          const retry = { attempts: 2, wait: putNew };
          const error = await rejection(client.upload(path, 'a', { ...options, ...(isRetried && { retry }) }));
          expect(error).to.be.instanceOf(RenameError);
          const [wholeAt = ''] = server.files.keys();
          // Of the first attempt nothing is left: nobody would look for it.
          expect(server.files.size).to.equal(1);
          expect(error).to.include({ wholeAt });
          expect(leftBehind(error)).to.deep.equal({ side: 'remote', path: wholeAt, what: 'whole' });
          expect(server.bytes(wholeAt)?.equals(newContent)).to.equal(true);

          await putOld();
          expect(await client.upload(path, 'a', options)).to.include({ resumedAt: 0, bytes: oldContent.length });
          expect(server.bytes('a')?.equals(oldContent)).to.equal(true);
          expect(stored.at(-1)).to.not.equal(wholeAt);
          expect(server.bytes(wholeAt)?.equals(newContent)).to.equal(true);
        });
      });
    });
  }

  it('goes on behind nothing of another one that has its size and its time', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      const fault: Fault = async ({ verb, count, argument, peer, data }, server) => {
        if (verb !== 'STOR' || count > 1 || data === undefined) return false;
        await peer.say('150 go on\r\n');
        server.put(argument, await readExactly(await data.channel(), 60_000), new Date());
        (await data.socket()).resetAndDestroy();
        await peer.say('426 broken\r\n');
        return true;
      };
      for (const how of ['renamed over it', 'written into it'] as const) {
        const other = randomBytes(oldContent.length);
        await writeFile(path, oldContent);
        await utimes(path, LAST_YEAR, LAST_YEAR);
        await withFaultyServer({ fault }, async (client, server) => {
          const error = await rejection(client.upload(path, 'a', options));
          expect(leftBehind(error), how).to.include({ what: 'partial' });
          const place = how === 'renamed over it' ? join(folder, 'b') : path;
          await writeFile(place, other);
          await utimes(place, LAST_YEAR, LAST_YEAR);
          await rename(place, path);
          expect(await client.upload(path, 'a', options), how).to.include({ resumedAt: 0 });
          expect(server.bytes('a')?.equals(other), how).to.equal(true);
        });
      }
    });
  });

  it('that another upload of a pool has under way goes under a name of its own, and both are whole', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, oldContent);
      const stored: string[] = [];
      let tell: () => void = () => undefined;
      const begun = new Promise<void>((resolve) => (tell = resolve));
      let letGo: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (letGo = resolve));
      const fault: Fault = async ({ verb, count, argument }) => {
        if (verb !== 'STOR') return false;
        stored.push(argument);
        if (count > 1) return false;
        tell();
        await held;
        return false;
      };
      await using server = await FaultyServer.start({ fault });
      await using pool = new FtpsPool(await server.options(), { size: 2 });
      const first = pool.upload(path, 'a', options);
      await begun;
      expect(await pool.upload(path, 'a', options)).to.include({ sizeBytes: oldContent.length });
      letGo();
      expect(await first).to.include({ sizeBytes: oldContent.length });
      expect(new Set(stored).size).to.equal(2);
      expect([...server.files.keys()]).to.deep.equal(['a']);
      expect(server.bytes('a')?.equals(oldContent)).to.equal(true);
      // The name is free again.
      await pool.upload(path, 'a', options);
      expect(stored[2]).to.equal(stored[0]);
    });
  });

  it('that grew with mayGrow keeps nothing that no later upload would find', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, oldContent);
      const fault: Fault = async ({ verb, argument, peer, data }, server) => {
        if (verb !== 'STOR' || data === undefined) return false;
        await peer.say('150 go on\r\n');
        server.put(argument, await readExactly(await data.channel(), 60_000));
        await appendFile(path, 'more');
        (await data.socket()).resetAndDestroy();
        await peer.say('426 broken\r\n');
        return true;
      };
      await withFaultyServer({ fault }, async (client, server) => {
        const error = await rejection(client.upload(path, 'a', { ...options, mayGrow: true }));
        expect(error).to.be.instanceOf(TransferError);
        expect(leftBehind(error)).to.equal(undefined);
        expect([...server.files.keys()]).to.deep.equal([]);
      });
    });
  });
});
