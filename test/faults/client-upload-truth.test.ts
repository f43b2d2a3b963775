// Uploads that look done and are not: a source that ends early, a server that says 226 too soon, or of another file.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { FtpsClient } from '@ftps-kit/ftps-client';
import { ConnectionError, LocalFileError, TransferError, type SourceOpener } from '@ftps-kit/ftps-client';
import { selectEngine } from '@ftps-kit/tls-core';
import { readExactly } from '../support/channel-bytes.js';
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
        let isBroken = false;
        const fault: Fault = async ({ verb, peer, data, argument }, server) => {
          if ((verb !== 'STOR' && verb !== 'APPE') || isBroken || data === undefined) return false;
          isBroken = true;
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

describe('226 to an upload', () => {
  it('that comes before the upload has come to its end is an error, with nothing to verify by too', async () => {
    const fault: Fault = async ({ verb, peer, data, count }, server) => {
      if (verb !== 'STOR' || count > 1 || data === undefined) return false;
      await peer.say('150 go on\r\n');
      server.put('a', await readExactly(await data.channel(), 100_000));
      await peer.say('226 done\r\n');
      return true;
    };
    for (const verify of ['auto', 'none'] as const) {
      await withFaultyServer({ fault, features: ['EPSV'] }, async (client, server) => {
        const said = saysDone(client);
        const error = await rejection(client.upload(halves(0, said), 'a', { verify }));
        expect(error).to.be.instanceOf(TransferError).and.include({ bytes: 100_000, resumable: true });
        expect(error).to.have.property('cause').that.is.instanceOf(ConnectionError);
        expect((error as Error).message).to.include('226 done');
        expect(await client.upload(content, 'a', { verify })).to.include({ sizeBytes: content.length });
        expect(server.bytes('a')?.equals(content)).to.equal(true);
      });
    }
    await withFaultyServer({ fault }, async (client, server) => {
      const said = saysDone(client);
      const result = await client.upload((start) => halves(start, said), 'a', { retry: now });
      expect(result).to.include({ attempts: 2, resumedAt: 100_000 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('behind a data connection that the server cut stands only with a check', async () => {
    const seen = selectEngine().capabilities.secureClosure ? ['reset', 'without close_notify'] : ['reset'];
    for (const cut of seen) {
      const fault: Fault = async ({ verb, peer, data, count }, server) => {
        if (verb !== 'STOR' || count > 1 || data === undefined) return false;
        await peer.say('150 go on\r\n');
        const channel = await data.channel();
        server.put('a', await readExactly(channel, content.length));
        const socket = await data.socket();
        if (cut === 'reset') socket.resetAndDestroy();
        else socket.end();
        await once(socket, 'close');
        await peer.say('226 done\r\n');
        return true;
      };
      for (const verify of ['auto', 'none'] as const) {
        await withFaultyServer({ fault, features: ['EPSV'] }, async (client, server) => {
          const error = await rejection(client.upload(content, 'a', { verify }));
          expect(error, cut).to.be.instanceOf(TransferError).and.include({ resumable: true });
          expect((error as Error).message).to.include('neither a hash nor a size');
          expect(await client.upload(content, 'a', { verify })).to.include({ sizeBytes: content.length });
          expect(server.bytes('a')?.equals(content)).to.equal(true);
        });
      }
      await withFaultyServer({ fault }, async (client) => {
        const result = await client.upload(content, 'a');
        expect(result, cut).to.include({ closure: 'truncated', attempts: 1 });
        expect(result.verified).to.deep.equal({ by: 'size', sizeBytes: content.length });
      });
    }
  });
});

/** Resolves when a 226 has come to this client. */
function saysDone(client: FtpsClient): Promise<void> {
  return new Promise((resolve) => {
    client.on('reply', ({ code }) => {
      if (code === 226) resolve();
    });
  });
}

/** The content in halves, the second of them only once this has happened. */
async function* halves(start: number, then: Promise<void>): AsyncGenerator<Uint8Array> {
  if (start < 100_000) yield content.subarray(start, 100_000);
  await then;
  yield content.subarray(Math.max(start, 100_000));
}
