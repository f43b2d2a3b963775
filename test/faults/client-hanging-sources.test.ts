// Uploads from what hangs before a byte of it is sent: an abort is heard there as everywhere, and so is the end of the client.
import { expect } from 'chai';
import { AbortedError, ConnectionError, FtpsPool, type UploadInput, type UploadOptions } from '@ftps-kit/ftps-client';
import { FaultyServer, HASHING_FEATURES, withFaultyServer } from '../support/faulty-server.js';
import { gate, type Gate } from '../support/gate.js';
import { rejection } from '../support/rejection.js';

const files = { a: 'what an earlier upload left' };
const features = [...HASHING_FEATURES];
const never = (): Promise<never> => new Promise(() => undefined);

/** What hangs once it is asked for bytes, or for a stream of them. */
const HANGING: readonly (readonly [what: string, (asked: Gate) => UploadInput, UploadOptions])[] = [
  [
    'a function that opens nothing',
    (asked) => () => {
      asked.open();
      return never();
    },
    {},
  ],
  [
    'a function whose stream gives nothing to compare with what is there',
    (asked) => () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => {
          asked.open();
          return never();
        },
      }),
    }),
    { resume: true },
  ],
];

for (const [what, hanging, options] of HANGING) {
  describe(`an upload from ${what}`, () => {
    it('ends at an abort, and the client goes on', async () => {
      await withFaultyServer({ files, features }, async (client) => {
        const asked = gate();
        const abort = new AbortController();
        const upload = rejection(client.upload(hanging(asked), 'a', { ...options, signal: abort.signal }));
        await asked.opened;
        abort.abort();
        expect(await upload).to.be.instanceOf(AbortedError);
        expect((await client.raw('NOOP')).code).to.equal(200);
      });
    });

    it('ends with the client', async () => {
      await withFaultyServer({ files, features }, async (client) => {
        const asked = gate();
        const upload = rejection(client.upload(hanging(asked), 'a', options));
        await asked.opened;
        await client.close();
        expect(await upload).to.be.instanceOf(ConnectionError);
      });
    });

    it('ends with the pool', async () => {
      await using server = await FaultyServer.start({ features });
      server.put('a', files.a);
      const pool = new FtpsPool(await server.options());
      const asked = gate();
      const upload = rejection(pool.upload(hanging(asked), 'a', options));
      await asked.opened;
      await pool.close({ graceMs: 0 });
      expect(await upload).to.be.instanceOf(ConnectionError);
    });
  });
}
