// Uploads that go on in a later call, behind what is proved to be theirs.
import { randomBytes } from 'node:crypto';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import {
  ConfigError,
  FtpsClient,
  LocalFileError,
  TransferError,
  leftBehind,
  type SourceOpener,
} from '@ftps-kit/ftps-client';
import {
  content,
  cut,
  cutEach,
  cutForGood,
  cuts,
  either,
  firstCut,
  names,
  refusing,
} from '../support/broken-upload.js';
import { HASHING_FEATURES, LAST_YEAR, PLAIN_FEATURES, withFaultyServer, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { now } from '../support/retry-now.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

describe('an upload with resume', () => {
  it('goes on behind what is there, once the hashes of it agree', async () => {
    for (const bytes of cuts.slice(1)) {
      await withFaultyServer({ features: [...HASHING_FEATURES] }, async (client, server) => {
        server.put('a', content.subarray(0, bytes));
        const result = await client.upload(content, 'a', { resume: true });
        expect(result).to.include({ resumedAt: bytes, prefix: 'hash', bytes: content.length - bytes });
        expect(result.verified.by).to.equal('hash');
        expect(server.bytes('a')?.equals(content)).to.equal(true);
      });
    }
  });

  it('begins anew where something else is there, or more than there should be', async () => {
    for (const there of [randomBytes(1000), Buffer.concat([content, content])]) {
      await withFaultyServer({ features: [...HASHING_FEATURES] }, async (client, server) => {
        server.put('a', there);
        expect(await client.upload(content, 'a', { resume: true })).to.include({ resumedAt: 0 });
        expect(server.bytes('a')?.equals(content)).to.equal(true);
      });
    }
  });

  it('begins anew without a hash under the real name, whatever the times say', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      await utimes(path, LAST_YEAR, LAST_YEAR);
      await withFaultyServer({}, async (client, server) => {
        const anHourAhead = new Date(Date.now() + 3_600_000);
        for (const written of [new Date(LAST_YEAR.getTime() - 1000), LAST_YEAR, anHourAhead]) {
          server.put('a', randomBytes(5000), written);
          expect(await client.upload(path, 'a', { resume: true })).to.include({ resumedAt: 0, prefix: undefined });
          expect(server.bytes('a')?.equals(content)).to.equal(true);
        }
      });
    });
  });

  it('goes on without a hash under the temporary name of the same local file', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      // The clock of the server may be behind.
      const fault = either(firstCut(60_000), refusing('MDTM', '550 no time'));
      await withFaultyServer({ fault }, async (client, server) => {
        const options = { atomic: true, resume: true };
        await rejection(client.upload(path, 'a', options));
        expect(await client.upload(path, 'a', options)).to.include({ resumedAt: 60_000, prefix: 'unchecked' });
        expect(server.bytes('a')?.equals(content)).to.equal(true);
      });
    });
  });

  it('begins anew with bytes, too, where no hash says that what is there belongs to them', async () => {
    await withFaultyServer({}, async (client, server) => {
      server.put('a', randomBytes(content.length));
      expect(await client.upload(content, 'a', { resume: true })).to.include({ resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('says that nobody checked what was there, where its caller wants it so', async () => {
    await withFaultyServer({}, async (client, server) => {
      server.put('a', content.subarray(0, 5000));
      const result = await client.upload(content, 'a', { resume: 'unchecked' });
      expect(result).to.include({ resumedAt: 5000, prefix: 'unchecked' });
      expect(result.verified).to.deep.equal({ by: 'size', sizeBytes: content.length });
    });
  });

  for (const [how, features] of [
    ['with', HASHING_FEATURES],
    ['without', PLAIN_FEATURES],
  ] as const) {
    it(`never goes on behind an old file that is none of its own in a later attempt, ${how} a hash`, async () => {
      await withFaultyServer(
        { fault: firstCut(150_000, 'nothing'), features: [...features] },
        async (client, server) => {
          server.put('b', randomBytes(100_000));
          const result = await client.upload(content, 'b', { resume: true, retry: now });
          expect(result).to.include({ attempts: 2, resumedAt: 0 });
          expect(server.bytes('b')?.equals(content)).to.equal(true);
        },
      );
    });

    it(`never goes on behind the temporary file of other bytes in a later attempt, ${how} a hash`, async () => {
      const fault = cutEach(
        { verb: 'STOR', bytes: 60_000, keep: 'all' },
        { verb: 'STOR', bytes: 150_000, keep: 'nothing' },
      );
      await withFaultyServer({ fault, features: [...features] }, async (client, server) => {
        const options = { atomic: true, resume: true };
        await rejection(client.upload(randomBytes(200_000), 'b', options));
        expect(names(server)).to.have.length(1);
        await using second = await FtpsClient.connect(await server.options());
        const result = await second.upload(content, 'b', { ...options, retry: now });
        expect(result).to.include({ attempts: 2, resumedAt: 0 });
        expect(names(server)).to.deep.equal(['b']);
        expect(server.bytes('b')?.equals(content)).to.equal(true);
      });
    });
  }

  it('goes on where it did before, where the server kept nothing of the attempt behind that', async () => {
    const fault = cutEach({ verb: 'APPE', bytes: 60_000, keep: 'nothing' });
    await withFaultyServer({ fault, features: [...HASHING_FEATURES] }, async (client, server) => {
      server.put('b', content.subarray(0, 50_000));
      const result = await client.upload(content, 'b', { resume: true, retry: now });
      expect(result).to.include({ attempts: 2, resumedAt: 50_000 });
      expect(server.bytes('b')?.equals(content)).to.equal(true);
    });
  });

  it('finds what is there again where an attempt came to nothing', async () => {
    const fault: Fault = async ({ verb, count, peer }) => {
      if (verb !== 'APPE' || count > 1) return false;
      await peer.say('425 no data connection\r\n');
      return true;
    };
    await withFaultyServer({ fault, features: [...HASHING_FEATURES] }, async (client, server) => {
      server.put('a', content.subarray(0, 5000));
      const result = await client.upload(content, 'a', { resume: true, retry: now });
      expect(result).to.include({ attempts: 2, resumedAt: 5000, prefix: 'hash' });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('begins anew where neither a hash nor the number of its bytes says that what is there belongs to it', async () => {
    await withFaultyServer({}, async (client, server) => {
      server.put('a', Buffer.concat([content, content]));
      const open: SourceOpener = (start) => Readable.from([content.subarray(start)]);
      expect(await client.upload(open, 'a', { resume: true })).to.include({ resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
      server.put('a', content.subarray(0, 5000));
      const options = { resume: 'unchecked', totalBytes: content.length } as const;
      expect(await client.upload(open, 'a', options)).to.include({ resumedAt: 5000, prefix: 'unchecked' });
    });
  });

  it('and retry claims no proof for what nobody checked at first', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb !== 'APPE' || command.count > 1) return false;
      await cut(command, server, { bytes: 60_000, keep: 'all', ending: 'control' });
      return true;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      server.put('a', content.subarray(0, 5000));
      const result = await client.upload(content, 'a', { resume: 'unchecked', retry: now });
      expect(result).to.include({ attempts: 2, resumedAt: 65_000, prefix: 'unchecked' });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('and atomic keeps the temporary file, and finds it again for the same local file only', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      await utimes(path, LAST_YEAR, LAST_YEAR);
      await withFaultyServer({ fault: firstCut(60_000), features: [...HASHING_FEATURES] }, async (client, server) => {
        const options = { atomic: true, resume: true };
        const error = await rejection(client.upload(path, 'a', options));
        const [kept = ''] = names(server);
        expect(leftBehind(error)).to.deep.equal({ side: 'remote', path: kept, what: 'partial' });
        expect(await client.upload(path, 'a', options)).to.include({ resumedAt: 60_000, prefix: 'hash' });
        expect(names(server)).to.deep.equal(['a']);
      });
    });
  });

  it('and atomic says nothing of a temporary file where the server has none', async () => {
    for (const fault of [refusing('STOR', '553 read only'), firstCut(60_000, 'nothing')]) {
      await withFaultyServer({ fault }, async (client) => {
        const error = await rejection(client.upload(content, 'a', { atomic: true, resume: true }));
        expect(leftBehind(error)).to.equal(undefined);
        expect((error as Error).message).to.not.include('ftps-part on the server');
      });
    }
  });

  for (const when of ['between two attempts', 'amid the only one'] as const) {
    it(`and atomic keeps nothing of a local file that was replaced ${when}, for which the old one could be taken`, async () => {
      await withTemporaryFolder(async (folder) => {
        const path = join(folder, 'a');
        const putOld = async (): Promise<void> => {
          await writeFile(path, content);
          await utimes(path, LAST_YEAR, LAST_YEAR);
        };
        const putNew = (): Promise<void> => writeFile(path, randomBytes(content.length));
        await putOld();
        const stored = firstCut(60_000);
        const fault: Fault = async (command, server) => {
          if (command.verb !== 'STOR' || command.count > 2) return false;
          if (command.count === 1) return stored(command, server);
          // Broken for good.
          await cutForGood(command, server, 60_000);
          return true;
        };
        const once: Fault = async (command, server) => {
          if (command.verb !== 'STOR' || command.count > 1) return false;
          await putNew();
          await cutForGood(command, server, 60_000);
          return true;
        };
        const retry = { ...now, wait: putNew };
        const isRetried = when === 'between two attempts';
        await withFaultyServer({ fault: isRetried ? fault : once }, async (client, server) => {
          const options = { atomic: true, resume: true };
          const error = await rejection(client.upload(path, 'a', isRetried ? { ...options, retry } : options));
          // Amid the only one, either the cut is seen first or what became of the file.
          const kinds = isRetried ? [TransferError] : [TransferError, LocalFileError];
          expect(
            kinds.some((kind) => error instanceof kind),
            String(error),
          ).to.equal(true);
          expect(leftBehind(error)).to.equal(undefined);
          expect(names(server)).to.deep.equal([]);
          await putOld();
          expect(await client.upload(path, 'a', options)).to.include({ resumedAt: 0 });
          expect(server.bytes('a')?.equals(content)).to.equal(true);
        });
      });
    });
  }

  it('and atomic says what it could not remove of a local file that was replaced', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      const fault: Fault = async (command, server) => {
        if (command.verb !== 'STOR') return refusing('DELE', '550 no')(command, server);
        await writeFile(path, 'other content');
        await cutForGood(command, server, 60_000);
        return true;
      };
      await withFaultyServer({ fault }, async (client, server) => {
        const error = await rejection(client.upload(path, 'a', { atomic: true, resume: true }));
        expect(leftBehind(error)).to.deep.equal({ side: 'remote', path: names(server)[0], what: 'rest' });
      });
    });
  });

  it('is refused for a stream, before anything is sent', async () => {
    await withFaultyServer({}, async (client, server) => {
      const error = await rejection(client.upload(Readable.from([content]), 'a', { resume: true }));
      expect(error).to.be.instanceOf(ConfigError).with.property('message').that.includes('(start) => stream');
      expect(server.commands).to.deep.equal([]);
    });
  });
});
