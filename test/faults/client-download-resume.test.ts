// Downloads that go on in a later call: with what was kept of the file, where it is of that file.
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { AbortedError, TransferError, VerificationError, leftBehind } from '@ftps-kit/ftps-client';
import { content, cut, cuts, downloading, firstCut, other } from '../support/broken-download.js';
import { HASHING_FEATURES, PLAIN_FEATURES, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { now } from '../support/retry-now.js';

describe('a download with resume', () => {
  it('keeps what came under a hidden name, says so, and goes on there in a later call', async () => {
    for (const bytes of cuts.slice(1)) {
      await downloading(
        { fault: firstCut(bytes, 'fin'), options: { resume: true } },
        async (call, { folder, path }) => {
          const error = await rejection(call());
          expect(error).to.be.instanceOf(TransferError).and.include({ safeBytes: bytes });
          const [name = ''] = await readdir(folder);
          expect(name).to.match(/^\.a\.[0-9a-f]{16}\.ftps-part$/);
          const kept = join(folder, name);
          expect(leftBehind(error)).to.deep.equal({ side: 'local', path: kept, what: 'partial' });
          expect((error as Error).message).to.include(kept);
          expect((await stat(kept)).size).to.equal(bytes);

          const result = await call();
          expect(result).to.include({ attempts: 1, resumedAt: bytes, prefix: 'unchanged', sizeBytes: content.length });
          expect(result.bytes).to.equal(content.length - bytes);
          expect((await readFile(path)).equals(content)).to.equal(true);
          expect(await readdir(folder)).to.deep.equal(['a']);
        },
      );
    }
  });

  it('begins anew where the remote file is another one by then, and removes what was kept of the old one', async () => {
    await downloading({ fault: firstCut(50_000, 'fin'), options: { resume: true } }, async (call, seen) => {
      await rejection(call());
      seen.server.put('a', other, new Date('2026-02-03T04:05:06Z'));
      expect(await call()).to.include({ resumedAt: 0 });
      expect((await readFile(seen.path)).equals(other)).to.equal(true);
      expect(await readdir(seen.folder)).to.deep.equal(['a']);
    });
  });

  it('keeps what came of a file that changed between attempts for that file, and not for the old one', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb !== 'RETR' || command.count > 2) return false;
      await cut(command, command.count === 1 ? 50_000 : 70_000, 'fin');
      if (command.count === 1) server.put('a', content, new Date('2026-02-03T04:05:06Z'));
      return true;
    };
    const options = { resume: true, retry: { ...now, attempts: 2 } };
    await downloading({ fault, options }, async (call, { server, path, folder }) => {
      await rejection(call());
      expect(await readdir(folder)).to.have.length(1);
      // With the size and the time of the first.
      server.put('a', other);
      expect(await call()).to.include({ resumedAt: 0 });
      expect((await readFile(path)).equals(other)).to.equal(true);
    });
    await downloading({ fault, options }, async (call, { path }) => {
      await rejection(call());
      expect(await call()).to.include({ resumedAt: 70_000, prefix: 'unchanged' });
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  it('that got no byte before the file changed keeps what came then for the new file only', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb !== 'RETR' || command.count > 2) return false;
      if (command.count === 1) {
        server.put('a', content, new Date('2026-02-03T04:05:06Z'));
        await command.peer.say('425 no port\r\n');
      } else {
        await cut(command, 70_000, 'fin');
      }
      return true;
    };
    const options = { resume: true, retry: { ...now, attempts: 2 } };
    await downloading({ fault, options }, async (call, { server, path }) => {
      await rejection(call());
      // With the size and the time of the first.
      server.put('a', other);
      expect(await call()).to.include({ resumedAt: 0 });
      expect((await readFile(path)).equals(other)).to.equal(true);
    });
    await downloading({ fault, options }, async (call, { path, folder }) => {
      await rejection(call());
      expect(await call()).to.include({ resumedAt: 70_000, prefix: 'unchanged' });
      expect((await readFile(path)).equals(content)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['a']);
    });
  });

  describe('whose file changes between attempts to one that more was kept of', () => {
    const later = new Date('2026-02-03T04:05:06Z');
    /** Keeps 150,000 bytes of the new file; then 50,000 come of the old one, and so many of the new one. */
    const changes =
      (bytes: number): Fault =>
      async (command, server) => {
        const end = [150_000, 50_000, bytes][command.count - 1];
        if (command.verb !== 'RETR' || end === undefined) return false;
        await cut(command, end, 'fin');
        if (command.count === 1) server.put('a', other);
        if (command.count === 2) server.put('a', content, later);
        return true;
      };
    const options = { resume: true, retry: { ...now, attempts: 2 } };

    it('leaves that as it was, and a later call goes on there', async () => {
      await downloading({ fault: changes(20_000), options: { resume: true } }, async (call, seen) => {
        const { server, folder, path, client } = seen;
        server.put('a', content, later);
        const kept = leftBehind(await rejection(call()))?.path ?? '';
        const error = await rejection(client.download('a', path, options));
        expect(error).to.be.instanceOf(TransferError);
        // No later call would look for what came now.
        expect(leftBehind(error)).to.equal(undefined);
        expect((await readdir(folder)).map((name) => join(folder, name))).to.deep.equal([kept]);
        expect((await readFile(kept)).equals(content.subarray(0, 150_000))).to.equal(true);
        expect(await call()).to.include({ resumedAt: 150_000, prefix: 'unchanged' });
        expect((await readFile(path)).equals(content)).to.equal(true);
        expect(await readdir(folder)).to.deep.equal(['a']);
      });
    });

    it('is whole all the same, and removes that when it is done', async () => {
      const fault: Fault = (command, server) => command.count < 3 && changes(0)(command, server);
      await downloading({ fault, options: { resume: true } }, async (call, { server, folder, path, client }) => {
        server.put('a', content, later);
        await rejection(call());
        expect(await client.download('a', path, options)).to.include({ attempts: 2, resumedAt: 0 });
        expect((await readFile(path)).equals(content)).to.equal(true);
        expect(await readdir(folder)).to.deep.equal(['a']);
      });
    });
  });

  it('finds by the hash of the beginning that what it kept is of another file', async () => {
    const options = { resume: true };
    await downloading({ fault: firstCut(50_000, 'fin'), options, features: HASHING_FEATURES }, async (call, seen) => {
      await rejection(call());
      // The same size and the same second.
      seen.server.put('a', other);
      const result = await call();
      expect(result).to.include({ resumedAt: 0 });
      expect(result.verified.by).to.equal('hash');
      expect((await readFile(seen.path)).equals(other)).to.equal(true);
    });
  });

  it('removes what is proved wrong by the hash of the whole', async () => {
    const features = HASHING_FEATURES.filter((feature) => !feature.startsWith('RANG'));
    await downloading({ fault: firstCut(50_000, 'fin'), options: { resume: true }, features }, async (call, seen) => {
      await rejection(call());
      seen.server.put('a', other);
      const error = await rejection(call());
      expect(error).to.be.instanceOf(VerificationError).and.include({ reason: 'hash-differs', safeBytes: 0 });
      expect(leftBehind(error)).to.equal(undefined);
      expect(await readdir(seen.folder)).to.deep.equal([]);
      expect(await call()).to.include({ resumedAt: 0 });
    });
  });

  it('keeps what came when it is aborted', async () => {
    const controller = new AbortController();
    const fault: Fault = async (command) => {
      if (command.verb !== 'RETR' || command.count > 1) return false;
      await cut(command, 60_000, 'stall');
      return true;
    };
    await downloading({ fault }, async (_, { client, path, folder }) => {
      const error = await rejection(
        client.download('a', path, {
          resume: true,
          signal: controller.signal,
          onProgress: () => {
            setImmediate(() => {
              controller.abort();
            });
          },
        }),
      );
      expect(error).to.be.instanceOf(AbortedError);
      expect(leftBehind(error)).to.include({ side: 'local', what: 'partial' });
      expect(await readdir(folder)).to.have.length(1);
      const result = await client.download('a', path, { resume: true });
      expect(result.resumedAt).to.be.above(0);
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  it('goes on with what it kept though the connection is lost while it looks', async () => {
    const fault: Fault = (command, server) => {
      if (command.verb === 'RANG' && command.count === 1) {
        command.peer.destroy();
        return true;
      }
      return firstCut(50_000, 'fin')(command, server);
    };
    await downloading({ fault, features: HASHING_FEATURES }, async (_, { client, path, folder }) => {
      await rejection(client.download('a', path, { resume: true }));
      const result = await client.download('a', path, { resume: true, retry: now });
      expect(result).to.include({ attempts: 2, resumedAt: 50_000, prefix: 'hash' });
      expect((await readFile(path)).equals(content)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['a']);
    });
  });

  it('in place writes under the real name and goes on there', async () => {
    const options = { resume: 'in-place' } as const;
    await downloading({ fault: firstCut(50_000, 'fin'), options }, async (call, { folder, path }) => {
      const error = await rejection(call());
      expect(leftBehind(error)).to.deep.equal({ side: 'local', path, what: 'partial' });
      expect(await readdir(folder)).to.deep.equal(['a']);
      expect(await call()).to.include({ resumedAt: 50_000, prefix: 'unchecked' });
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  it('in place finds by hash that the file that is there is another one', async () => {
    const options = { resume: 'in-place' } as const;
    await downloading({ fault: () => false, options, features: HASHING_FEATURES }, async (call, { path }) => {
      await writeFile(path, 'something else');
      expect(await call()).to.include({ resumedAt: 0 });
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  for (const [what, mine, features] of [
    ['is longer than the remote one', Buffer.concat([other, other]), PLAIN_FEATURES],
    ['has another hash', other.subarray(0, 1), HASHING_FEATURES],
  ] as const) {
    it(`in place leaves a file that ${what} alone until the first byte comes`, async () => {
      const endings = ['425 no port', '550 not allowed', '150 here it comes'];
      const fault: Fault = async (command) => {
        const reply = command.verb === 'RETR' ? endings[command.count - 1] : undefined;
        if (reply === undefined) return false;
        if (reply.startsWith('150')) await cut(command, 0, 'fin');
        else await command.peer.say(`${reply}\r\n`);
        return true;
      };
      await downloading({ fault, features, options: { resume: 'in-place' } }, async (call, { path, client }) => {
        await writeFile(path, mine);
        for (let round = 0; round < 2; round++) {
          await rejection(call());
          expect((await readFile(path)).equals(mine)).to.equal(true);
        }
        const result = await client.download('a', path, { resume: 'in-place', retry: now });
        expect(result).to.include({ attempts: 2, resumedAt: 0, prefix: undefined, bytes: content.length });
        expect((await readFile(path)).equals(content)).to.equal(true);
      });
    });
  }

  it('in place makes no file where there is none to download', async () => {
    await downloading({ fault: () => false }, async (_, { client, folder }) => {
      await rejection(client.download('missing', join(folder, 'b'), { resume: 'in-place' }));
      expect(await readdir(folder)).to.deep.equal([]);
    });
  });

  it('is never taken for whole after FIN without close_notify, at any tenth', async () => {
    for (const bytes of [...cuts, content.length]) {
      const fault: Fault = async ({ verb, peer, data }) => {
        if (verb !== 'RETR' || data === undefined) return false;
        await peer.say('150 here it comes\r\n');
        const channel = await data.channel();
        if (bytes > 0) await channel.write(content.subarray(0, bytes));
        (await data.socket()).destroySoon();
        await peer.say('226 done\r\n');
        return true;
      };
      await downloading({ fault, features: ['EPSV'] }, async (call, { folder }) => {
        const error = await rejection(call());
        expect(error).to.be.instanceOf(TransferError).and.include({ bytes, safeBytes: 0, resumable: true });
        expect(await readdir(folder)).to.deep.equal([]);
      });
    }
  });
});
