// Uploads that look done and are not: a source that ends early, a server that says 226 too soon, or of another file.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { LocalFileError, type SourceOpener } from '@ftps-kit/ftps-client';
import {
  HASHING_FEATURES,
  PLAIN_FEATURES,
  receiveAll,
  withFaultyServer,
  type Fault,
} from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';

const content = randomBytes(200_000);
const now = { attempts: 3, wait: () => Promise.resolve(), random: () => 0 } as const;

describe('the source of an upload', () => {
  for (const kept of [60_000, 0]) {
    it(`that ends before what was read of it earlier is an error, where the server kept ${kept} bytes`, async () => {
      for (const [features, append] of [
        [PLAIN_FEATURES, false],
        [HASHING_FEATURES, false],
        [PLAIN_FEATURES, true],
      ] as const) {
        const fault: Fault = async ({ verb, peer, data, argument, count }, server) => {
          if ((verb !== 'STOR' && verb !== 'APPE') || count > 1 || data === undefined) return false;
          await peer.say('150 go on\r\n');
          const { bytes } = await receiveAll(await data.channel());
          server.put(argument, Buffer.concat([Buffer.from(append ? 'old' : ''), bytes.subarray(0, kept)]));
          await peer.say('426 broken\r\n');
          return true;
        };
        await withFaultyServer({ fault, features: [...features] }, async (client, server) => {
          if (append) server.put('a', 'old');
          let openings = 0;
          const open: SourceOpener = (start) => {
            openings += 1;
            return Readable.from([content.subarray(start, openings === 1 ? content.length : 60_000)]);
          };
          const error = await rejection(client.upload(open, 'a', { append, retry: now }));
          expect(error).to.be.instanceOf(LocalFileError);
          expect((error as Error).message).to.include('though 200000 were read of it before');
          expect(openings).to.equal(2);
        });
      }
    });
  }
});
