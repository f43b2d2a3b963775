// Downloads whose end may as well be a cut, as nothing proves it: done and said to be unproved, or with `onUnprovedEnd: 'fail'` an error.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError, TransferError, VerificationError, type DownloadOptions } from '@ftps-kit/ftps-client';
import { selectEngine } from '@ftps-kit/tls-core';
import { blindEngine } from '../../../support/blind-engine.js';
import { PLAIN_FEATURES, withFaultyServer, type Fault } from '../../../support/faulty-server.js';
import { rejection } from '../../../support/rejection.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';

const content = Buffer.alloc(1_000, 'a');
const files = { a: content };
const features = ['EPSV'];
const onUnprovedEnd = 'fail';
const blind = blindEngine(selectEngine());

/** Sends half of the file, ends TCP without a word of TLS, and calls it done. */
const halfByFin: Fault = async ({ verb, peer, data }) => {
  if (verb !== 'RETR') return false;
  await peer.say('150 here it comes\r\n');
  await (await data?.channel())?.write(content.subarray(0, 500));
  (await data?.socket())?.end();
  await peer.say('226 done\r\n');
  return true;
};

describe('a download whose end nothing proves', () => {
  for (const [where, options] of [
    ['on an engine that cannot tell', { engine: blind }],
    ['without TLS', { dangerouslyPlain: true }],
  ] as const) {
    const tls = !('dangerouslyPlain' in options);

    it(`is an error where that is asked for, and gives no file its name (${where})`, async () => {
      await withTemporaryFolder(async (folder) => {
        await withFaultyServer({ tls, files, features, options, fault: halfByFin }, async (client) => {
          const path = join(folder, 'a');
          const error = await rejection(client.download('a', path, { onUnprovedEnd, retry: 3 }));
          expect(error).to.be.instanceOf(VerificationError).and.include({ reason: 'not-checked', bytes: 500 });
          expect(existsSync(path)).to.equal(false);
        });
      });
    });

    it(`is done where its size proves that all came (${where})`, async () => {
      await withTemporaryFolder(async (folder) => {
        await withFaultyServer({ tls, files, features: [...PLAIN_FEATURES], options }, async (client) => {
          const path = join(folder, 'a');
          const result = await client.download('a', path, { onUnprovedEnd });
          expect(result.verified).to.include({ by: 'size' });
          expect((await readFile(path)).equals(content)).to.equal(true);
        });
      });
    });
  }

  it('is done by default, and the result says that nothing was proved', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files, features, options: { engine: blind } }, async (client) => {
        const result = await client.download('a', join(folder, 'a'));
        expect(result).to.nested.include({ closure: 'unverified', 'verified.by': 'nothing' });
      });
    });
  });

  it('is told from one that TLS has ended', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await withFaultyServer({ files, features }, async (client) => {
        const result = await client.download('a', path, { onUnprovedEnd });
        expect(result).to.nested.include({ closure: 'clean', 'verified.by': 'nothing' });
      });
      await withFaultyServer({ files, features, fault: halfByFin }, async (client) => {
        expect(await rejection(client.download('a', path, { onUnprovedEnd }))).to.be.instanceOf(TransferError);
      });
    });
  });

  it('is one of the words that there are for it', async () => {
    await withFaultyServer({ files }, async (client) => {
      const options = { onUnprovedEnd: 'ignore' } as unknown as DownloadOptions;
      expect(await rejection(client.download('a', '/nowhere/a', options))).to.be.instanceOf(ConfigError);
    });
  });
});
