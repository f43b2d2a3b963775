// Uploads that look done and are not: a source that ends early, a server that says 226 too soon, or of another file.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import {
  ConnectionError,
  LocalFileError,
  TransferError,
  VerificationError,
  type FtpsClient,
  type SourceOpener,
} from '@ftps-kit/ftps-client';
import { readAll, readExactly } from '../support/channel-bytes.js';
import {
  HASHING_FEATURES,
  PLAIN_FEATURES,
  receiveAll,
  withFaultyServer,
  type Fault,
} from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { now } from '../support/retry-now.js';

const content = randomBytes(200_000);

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
    for (const cut of ['reset', 'without close_notify']) {
      const fault: Fault = async ({ verb, peer, data, count }, server) => {
        if (verb !== 'STOR' || count > 1 || data === undefined) return false;
        await peer.say('150 go on\r\n');
        const channel = await data.channel();
        const socket = await data.socket();
        const ended = once(socket, 'end');
        server.put('a', await readAll(channel));
        await ended;
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

describe('the size of an upload', () => {
  /** Says 226 to an upload of which it keeps nothing. */
  const keepsNothing: Fault = async ({ verb, peer, data }) => {
    if (verb !== 'STOR' || data === undefined) return false;
    await peer.say('150 go on\r\n');
    await receiveAll(await data.channel());
    await peer.say('226 done\r\n');
    return true;
  };

  it('proves nothing where an old file had the same and was not written since', async () => {
    for (const features of [PLAIN_FEATURES, ['EPSV', 'SIZE']]) {
      await withFaultyServer({ fault: keepsNothing, features: [...features] }, async (client, server) => {
        server.put('a', randomBytes(content.length));
        const { verified } = await client.upload(content, 'a', { retry: now });
        expect(verified).to.have.property('by', 'nothing');
        expect(verified).to.have.property('reason').that.includes('stood there before');
        const error = await rejection(client.upload(content, 'a', { retry: now, verify: 'size' }));
        expect(error).to.be.instanceOf(VerificationError).and.include({ reason: 'not-checked', safeBytes: undefined });
      });
    }
  });

  it('proves it where the old file of the same size was written since', async () => {
    await withFaultyServer({}, async (client, server) => {
      server.put('a', randomBytes(content.length));
      for (const verify of ['auto', 'size'] as const) {
        server.put('a', randomBytes(content.length));
        const { verified } = await client.upload(content, 'a', { retry: now, verify });
        expect(verified).to.deep.equal({ by: 'size', sizeBytes: content.length });
      }
      // Nobody has to be asked where it had another.
      server.put('b', 'old');
      await client.upload(content, 'b', { retry: now });
      expect(server.commands.filter((line) => line.startsWith('MDTM'))).to.not.include('MDTM b');
    });
  });

  it('that the server refuses to tell is told with its words', async () => {
    await withFaultyServer({ fault: keepsNothing }, async (client) => {
      const { verified } = await client.upload(content, 'a');
      expect(verified).to.have.property('reason').that.includes('550 no such file');
    });
  });

  it('counts nothing as safe that may be of the old file, or is not the beginning', async () => {
    /** Keeps only these of the bytes that come. */
    const keeps =
      (first: number, last: number): Fault =>
      async ({ verb, peer, data, argument }, server) => {
        if ((verb !== 'STOR' && verb !== 'APPE') || data === undefined) return false;
        await peer.say('150 go on\r\n');
        const { bytes } = await receiveAll(await data.channel());
        server.put(argument, bytes.subarray(first, last));
        await peer.say('226 done\r\n');
        return true;
      };
    for (const [what, old, options, fault, safeBytes] of [
      ['nobody asked before', content.subarray(0, 3), {}, keepsNothing, undefined],
      ['the old file', content.subarray(0, 3), { resume: true }, keepsNothing, 0],
      ['the end alone', content.subarray(0, 120_000), { resume: true }, keeps(0, 80_000), 0],
      ['the beginning', content.subarray(0, 3), { atomic: true, resume: true }, keeps(0, 80_000), 80_000],
      ['removed again', content.subarray(0, 3), { atomic: true }, keeps(0, 80_000), 0],
    ] as const) {
      await withFaultyServer({ fault, features: [...HASHING_FEATURES] }, async (client, server) => {
        server.put('a', what === 'the old file' ? randomBytes(3) : old);
        const error = await rejection(client.upload(content, 'a', options));
        expect(error, what).to.be.instanceOf(VerificationError);
        expect(error, what).to.include({ reason: 'size-differs', resumable: true, safeBytes });
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
