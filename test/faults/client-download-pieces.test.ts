// Downloads that come in pieces: the pieces are of one version of the file and add up to it, or there is a typed error.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { RemoteChangedError, VerificationError, leftBehind } from '@ftps-kit/ftps-client';
import { PLAIN_FEATURES, withFaultyServer, type Fault, type Incoming } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const content = Buffer.alloc(1_000, 'a');
const other = Buffer.alloc(1_000, 'b');
const files = { a: content };
const now = { attempts: 3, wait: () => Promise.resolve() };

async function sendHalf({ peer, data }: Incoming): Promise<void> {
  await peer.say('150 here it comes\r\n');
  const channel = await data?.channel();
  await channel?.write(content.subarray(0, 500));
  (await data?.socket())?.end();
  // The client has it all once it ends its side too.
  await channel?.read(Buffer.alloc(1)).catch(() => undefined);
  await peer.say('426 broken\r\n');
}

/** Sends half of the file at first; at the second RETR another file has its name, which the client was not told of. */
const replaced: Fault = async (command, server) => {
  if (command.verb !== 'RETR') return false;
  if (command.count === 1) await sendHalf(command);
  if (command.count === 2) server.put('a', other, new Date('2026-02-03T04:05:06Z'));
  return command.count === 1;
};

/** Sends half of the file at first, and then all of it, wherever it was to begin. */
const deafToRest: Fault = async (command) => {
  const { verb, count, peer, data } = command;
  if (verb !== 'RETR' || data === undefined) return false;
  if (count === 1) {
    await sendHalf(command);
  } else {
    await peer.say('150 here it comes\r\n');
    await peer.send(data, content);
    await peer.say('226 done\r\n');
  }
  return true;
};

describe('a download in pieces, of a file that is replaced by one of its size right before a later piece,', () => {
  for (const verify of ['auto', 'none'] as const) {
    it(`comes anew (verify: ${verify})`, async () => {
      await withTemporaryFolder(async (folder) => {
        await withFaultyServer({ files, fault: replaced }, async (client) => {
          const path = join(folder, 'a');
          const reasons: unknown[] = [];
          const result = await client.download('a', path, {
            ...{ retry: now, verify },
            onAttempt: (event) => {
              if (event.state === 'failed' && event.error instanceof VerificationError)
                reasons.push(event.error.reason);
            },
          });
          expect(result).to.include({ attempts: 3, resumedAt: 0, prefix: undefined });
          expect(reasons).to.deep.equal(['changed']);
          expect((await readFile(path)).equals(other)).to.equal(true);
        });
      });
    });
  }

  it('and that a later call goes on with is an error, and nothing of the mixture is kept', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files, fault: replaced }, async (client) => {
        const path = join(folder, 'a');
        const first = await rejection(client.download('a', path, { resume: true }));
        expect(leftBehind(first)).to.include({ what: 'partial' });
        const error = await rejection(client.download('a', path, { resume: true }));
        expect(error).to.be.instanceOf(VerificationError);
        expect(error).to.include({ reason: 'changed', safeBytes: 0, resumable: true });
        expect(leftBehind(error)).to.equal(undefined);
        expect(existsSync(path)).to.equal(false);
        expect(await client.download('a', path, { resume: true })).to.include({ resumedAt: 0 });
        expect((await readFile(path)).equals(other)).to.equal(true);
      });
    });
  });

  it('is an error in a stream, which cannot take the first piece back', async () => {
    await withFaultyServer({ files, fault: replaced }, async (client) => {
      const stream = new PassThrough().resume().on('error', () => undefined);
      const error = await rejection(client.download('a', stream, { retry: now }));
      expect(error).to.be.instanceOf(RemoteChangedError).and.include({ safeBytes: 0 });
    });
  });
});

describe('a download in pieces', () => {
  it('comes anew where the server no longer tells the time by which the file was known', async () => {
    const fault: Fault = async (command, server) => {
      const isRefused = command.verb === 'MDTM' && command.count === 3;
      if (isRefused) await command.peer.say('550 not now\r\n');
      if (command.verb === 'RETR' && command.count === 2) server.put('a', other);
      if (command.verb === 'RETR' && command.count === 1) await sendHalf(command);
      return isRefused || (command.verb === 'RETR' && command.count === 1);
    };
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files, fault }, async (client) => {
        const path = join(folder, 'a');
        expect(await client.download('a', path, { retry: now })).to.include({ attempts: 3, resumedAt: 0 });
        expect((await readFile(path)).equals(other)).to.equal(true);
      });
    });
  });

  it('from a server without SIZE begins anew, as nothing would tell whether the pieces add up', async () => {
    const features = PLAIN_FEATURES.filter((feature) => feature !== 'SIZE');
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files, features, fault: deafToRest }, async (client) => {
        const path = join(folder, 'a');
        expect(await client.download('a', path, { retry: now })).to.include({ attempts: 2, resumedAt: 0 });
        expect((await readFile(path)).equals(content)).to.equal(true);
      });
    });
  });

  it('has the size that the server told, also where nobody wants a check', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files, fault: deafToRest }, async (client) => {
        const path = join(folder, 'a');
        const error = await rejection(client.download('a', path, { retry: now, verify: 'none' }));
        expect(error).to.be.instanceOf(VerificationError).and.include({ reason: 'size-differs', safeBytes: 0 });
        expect(existsSync(path)).to.equal(false);
      });
    });
  });

  it('of a file that grew meanwhile is whole where the server says so, also where nobody wants a check', async () => {
    const grown = Buffer.concat([content, other]);
    const fault: Fault = async (command, server) => {
      if (command.verb !== 'RETR') return false;
      if (command.count === 1) await sendHalf(command);
      else server.put('a', grown);
      return command.count === 1;
    };
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files, fault }, async (client) => {
        const path = join(folder, 'a');
        const result = await client.download('a', path, { retry: now, verify: 'none' });
        expect(result).to.include({ attempts: 2, resumedAt: 500, sizeBytes: 2_000, prefix: 'unchanged' });
        expect(result.verified).to.include({ by: 'nothing' });
      });
    });
  });
});
