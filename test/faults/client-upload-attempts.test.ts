// Uploads that break and are tried again: whole and right in the end, or a typed error.
import { randomBytes } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import {
  LocalFileError,
  TransferError,
  VerificationError,
  type AttemptEvent,
  type SourceOpener,
  type UploadOptions,
} from '@ftps-kit/ftps-client';
import { content, cutEach, cuts, either, firstCut, losesControlAt, names, refusing } from '../support/broken-upload.js';
import { readExactly } from '../support/channel-bytes.js';
import { HASHING_FEATURES, LAST_YEAR, withFaultyServer, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { now } from '../support/retry-now.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

describe('an upload that is tried again', () => {
  for (const ending of ['data', 'control'] as const) {
    it(`is whole after the ${ending} connection was lost at every tenth, and goes on where the server is`, async () => {
      for (const bytes of cuts) {
        const fault = firstCut(bytes, 'all', ending);
        await withFaultyServer({ fault, features: [...HASHING_FEATURES] }, async (client, server) => {
          const result = await client.upload(content, 'a', { retry: now });
          expect(result).to.include({ attempts: 2, sizeBytes: content.length, resumedAt: bytes });
          expect(result.prefix).to.equal(bytes === 0 ? undefined : 'own');
          expect(result.verified).to.include({ by: 'hash', algorithm: 'SHA-256' });
          expect(server.bytes('a')?.equals(content)).to.equal(true);
          expect(server.commands.filter((line) => line.startsWith('APPE'))).to.have.length(bytes === 0 ? 0 : 1);
        });
      }
    });
  }

  it('goes on where the server stopped reading', async () => {
    const fault: Fault = async ({ verb, peer, data, count }, server) => {
      if (verb !== 'STOR' || count > 1 || data === undefined) return false;
      await peer.say('150 go on\r\n');
      server.put('a', await readExactly(await data.channel(), 40_000));
      return true;
    };
    const large = randomBytes(20_000_000);
    const timeouts = { connectMs: 10_000, tlsMs: 10_000, replyMs: 10_000, stallMs: 1_000, closeMs: 500 };
    await withFaultyServer({ fault, options: { timeouts } }, async (client, server) => {
      expect(await client.upload(large, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 40_000 });
      expect(server.bytes('a')?.equals(large)).to.equal(true);
    });
  });

  it('never goes on behind the old file, where the server keeps nothing of a broken upload', async () => {
    await withFaultyServer({ fault: firstCut(60_000, 'nothing') }, async (client, server) => {
      server.put('a', randomBytes(30_000));
      expect(await client.upload(content, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('goes on behind nothing that somebody else put there meanwhile', async () => {
    // More than the buffers of any socket take.
    const large = randomBytes(24_000_000);
    const shorter = cutEach(
      { verb: 'STOR', bytes: 60_000, keep: 'all' },
      { verb: 'APPE', bytes: 20_000, keep: 'nothing', replacedBy: randomBytes(30_000) },
    );
    const longer = cutEach(
      { verb: 'STOR', bytes: 20_000, keep: 'nothing', replacedBy: randomBytes(18_000_000) },
      { verb: 'STOR', bytes: 20_000_000, keep: 'nothing' },
    );
    for (const fault of [shorter, longer]) {
      await withFaultyServer({ fault }, async (client, server) => {
        expect(await client.upload(large, 'a', { retry: now })).to.include({ attempts: 3, resumedAt: 0 });
        expect(server.bytes('a')?.equals(large)).to.equal(true);
      });
    }
  });

  it('goes on behind nothing where nobody told what was there before', async () => {
    const busy: Fault = async ({ verb, count, peer }) => {
      if (verb !== 'SIZE' || count > 1) return false;
      await peer.say('450 busy\r\n');
      return true;
    };
    await withFaultyServer({ fault: either(busy, firstCut(60_000, 'nothing')) }, async (client, server) => {
      server.put('a', randomBytes(30_000));
      expect(await client.upload(content, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('for the sake of TLS 1.2 alone goes on behind nothing either, as nobody asked what was there', async () => {
    const fault: Fault = async ({ verb, count, peer, data }) => {
      if (verb !== 'STOR' || count > 1 || data === undefined) return false;
      await peer.say('150 go on\r\n');
      await readExactly(await data.channel(), 150_000);
      (await data.socket()).resetAndDestroy();
      await peer.say('522 session reuse required\r\n');
      return true;
    };
    await withFaultyServer({ fault, options: { onNotResumed: 'pin-1.2' } }, async (client, server) => {
      server.put('a', randomBytes(100_000));
      expect(await client.upload(content, 'a')).to.include({ resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
      expect(server.logins).to.equal(2);
    });
  });

  it('goes on with REST and STOR where APPE is refused', async () => {
    const fault = either(firstCut(60_000), refusing('APPE', '550 not here'));
    await withFaultyServer({ fault }, async (client, server) => {
      expect(await client.upload(content, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 60_000 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
      expect(server.commands).to.include.members(['APPE a', 'REST 60000']);
    });
  });

  it('goes on with APPE in its next attempt where the file was busy', async () => {
    const busy: Fault = async ({ verb, count, peer }) => {
      if (verb !== 'APPE' || count > 1) return false;
      await peer.say('450 somebody else writes it\r\n');
      return true;
    };
    await withFaultyServer({ fault: either(firstCut(60_000), busy) }, async (client, server) => {
      const result = await client.upload(content, 'a', { retry: now });
      expect(result).to.include({ attempts: 3, resumedAt: 60_000 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
      expect(server.commands.filter((line) => line.startsWith('STOR'))).to.deep.equal(['STOR a']);
    });
  });

  it('goes as a whole where neither APPE nor REST is taken', async () => {
    const fault = either(firstCut(60_000), refusing('APPE', '502 no'), refusing('REST', '502 no'));
    await withFaultyServer({ fault }, async (client, server) => {
      expect(await client.upload(content, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('that the server cut short goes on, and is told without retry', async () => {
    const fault: Fault = async ({ verb, peer, data, count, argument }, server) => {
      if (verb !== 'STOR' || count > 1 || data === undefined) return false;
      await peer.say('150 go on\r\n');
      const channel = await data.channel();
      const bytes = await readExactly(channel, content.length);
      server.put(argument, bytes.subarray(0, 150_000));
      await channel.end();
      await peer.say('226 done\r\n');
      return true;
    };
    await withFaultyServer({ fault }, async (client) => {
      const error = await rejection(client.upload(content, 'a'));
      expect(error).to.be.instanceOf(VerificationError);
      // Nobody has asked what stood there before.
      expect(error).to.include({ reason: 'size-differs', bytes: 200_000, safeBytes: undefined, resumable: true });
    });
    await withFaultyServer({ fault }, async (client, server) => {
      expect(await client.upload(content, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 150_000 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('begins anew where bytes of the attempt before came late, behind its own', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb === 'APPE' && command.count === 1) {
        // The process of the lost connection writes what it had, and only then this one begins.
        server.put('a', content.subarray(0, 70_000));
        return false;
      }
      return firstCut(60_000)(command, server);
    };
    await withFaultyServer({ fault }, async (client, server) => {
      const result = await client.upload(content, 'a', { retry: { ...now, attempts: 4 } });
      expect(result).to.include({ attempts: 3, resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('from a stream that was read is refused with a reason', async () => {
    const events: AttemptEvent[] = [];
    await withFaultyServer({ fault: firstCut(60_000) }, async (client) => {
      const options = { retry: now, onAttempt: (event: AttemptEvent) => events.push(event) };
      const error = await rejection(client.upload(Readable.from([content]), 'a', options));
      expect(error)
        .to.be.instanceOf(TransferError)
        .with.property('message')
        .that.includes('a function (start) => stream');
      expect(events.at(-1)).to.include({ state: 'failed', reason: 'not-repeatable' });
    });
  });

  it('from a stream that nothing was taken from is tried again', async () => {
    const fault: Fault = async ({ verb, peer, count }) => {
      if (verb !== 'STOR' || count > 1) return false;
      await peer.say('425 no data connection\r\n');
      return true;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      expect(await client.upload(Readable.from([content]), 'a', { retry: now })).to.include({ attempts: 2 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('from a function opens it at the offset, and reads nothing twice', async () => {
    const starts: number[] = [];
    const open: SourceOpener = (start) => {
      starts.push(start);
      return Readable.from([content.subarray(start)]);
    };
    await withFaultyServer({ fault: firstCut(60_000), features: [...HASHING_FEATURES] }, async (client, server) => {
      const result = await client.upload(open, 'a', { retry: now });
      expect(result).to.include({ attempts: 2, resumedAt: 60_000 });
      expect(result.verified.by).to.equal('hash');
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
    expect(starts).to.deep.equal([0, 60_000]);
  });

  it('of a local file that changed meanwhile begins anew', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      const later = randomBytes(200_000);
      const retry = { ...now, wait: () => writeFile(path, later) };
      await withFaultyServer({ fault: firstCut(60_000) }, async (client, server) => {
        expect(await client.upload(path, 'a', { retry })).to.include({ attempts: 2, resumedAt: 0 });
        expect(server.bytes('a')?.equals(later)).to.equal(true);
      });
    });
  });

  it('of a local file that shrinks while it is read is an error, and never called whole', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, randomBytes(2_000_000));
      // The source was opened by then, and nothing of it was read.
      const fault: Fault = ({ verb }) => {
        if (verb === 'STOR') truncateSync(path, 300_000);
        return false;
      };
      await withFaultyServer({ fault }, async (client, server) => {
        const error = await rejection(client.upload(path, 'a', { atomic: true, retry: now }));
        expect(error).to.be.instanceOf(LocalFileError);
        expect((error as Error).message).to.match(/it was changed while it was read$/);
        expect(names(server)).to.deep.equal([]);
      });
    });
  });

  it('whose source ends before the announced number of bytes is an error', async () => {
    await withFaultyServer({}, async (client, server) => {
      const source = Readable.from([content.subarray(0, 1000)]);
      const error = await rejection(client.upload(source, 'a', { totalBytes: 2000, atomic: true }));
      expect(error).to.be.instanceOf(LocalFileError);
      expect(names(server)).to.deep.equal([]);
    });
  });

  it('whose source goes on behind the announced number of bytes is an error at once, and no byte behind them is sent', async () => {
    await withFaultyServer({}, async (client, server) => {
      const endless = (function* () {
        for (let chunks = 0; chunks < 1_000; chunks++) yield content.subarray(0, 1_000);
      })();
      const error = await rejection(client.upload(Readable.from(endless), 'a', { totalBytes: 2_500 }));
      expect(error).to.be.instanceOf(LocalFileError);
      expect(server.bytes('a')?.length).to.be.at.most(2_500);
    });
  });

  for (const verb of ['SIZE', 'EPSV', 'STOR', 'HASH', 'MFMT', 'RNFR']) {
    it(`is whole and once there where the control connection is lost at ${verb}`, async () => {
      const features = [...HASHING_FEATURES, 'MFMT'];
      await withFaultyServer({ fault: losesControlAt(verb), features }, async (client, server) => {
        const options: UploadOptions = { atomic: true, retry: now, modifiedAt: LAST_YEAR };
        const result = await client.upload(content, 'a', options);
        expect(result.attempts).to.equal(verb === 'SIZE' ? 1 : 2);
        expect(result.verified.by).to.equal('hash');
        expect(result.times).to.deep.equal({ set: true, by: 'MFMT', modifiedAt: LAST_YEAR });
        expect(server.bytes('a')?.equals(content)).to.equal(true);
        expect(names(server)).to.deep.equal(['a']);
      });
    });
  }
});
