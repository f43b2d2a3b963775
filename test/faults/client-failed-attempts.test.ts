// Transfers that fail for good after several attempts: what the error still tells of those before.
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import {
  AbortedError,
  ConnectionError,
  TransferError,
  VerificationError,
  failedAttempts,
  leftBehind,
  type FtpsClient,
  type SinkOpener,
} from '@ftps-kit/ftps-client';
import type { FaultyServer } from '../support/faulty-server.js';
import { withFaultyServer, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const content = randomBytes(200_000);
const HELD = 50_000;

/** Sends a part of each download, and ends the login in the middle of it. */
const cutting: Fault = async ({ verb, peer, data, offset }) => {
  if (verb !== 'RETR' || data === undefined) return false;
  await peer.say('150 here it comes\r\n');
  const channel = await data.channel();
  await channel.write(content.subarray(offset, HELD));
  (await data.socket()).end();
  // The client has it all once it ends its side too.
  await channel.read(Buffer.alloc(1)).catch(() => undefined);
  peer.destroy();
  return true;
};

async function withCuttingServer(
  work: (client: FtpsClient, server: FaultyServer, folder: string) => Promise<void>,
  fault = cutting,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    await withFaultyServer({ fault, files: { a: content } }, (client, server) => work(client, server, folder));
  });
}

describe('a transfer that fails after several attempts', () => {
  for (const [what, resume, safeBytes] of [
    ['what is kept', true, HELD],
    ['that nothing is', false, 0],
  ] as const) {
    it(`tells ${what} of the attempt that broke, where the later ones find no server`, async () => {
      await withCuttingServer(async (client, server, folder) => {
        const retry = { attempts: 3, wait: () => server.close() };
        const error = await rejection(client.download('a', join(folder, 'a'), { resume, retry }));
        expect(error).to.be.instanceOf(ConnectionError);
        const { count, earlier, lastTransferError, waitError } = failedAttempts(error) ?? {};
        expect({ count, waitError }).to.deep.equal({ count: 3, waitError: undefined });
        const [broken, unreached] = earlier ?? [];
        expect(earlier).to.have.length(2);
        expect(broken).to.be.instanceOf(TransferError);
        expect(unreached).to.be.instanceOf(ConnectionError).and.not.equal(error);
        expect(lastTransferError).to.equal(broken);
        expect(lastTransferError).to.include({ safeBytes, resumable: true });
        expect(leftBehind(error)?.what).to.equal(resume ? 'partial' : undefined);
        expect(await readdir(folder)).to.have.length(resume ? 1 : 0);
        expect((error as Error).message).to.include('; 3 attempts were made');
      });
    });
  }

  it('tells what a stream was given of the attempt that broke', async () => {
    await withCuttingServer(async (client, server) => {
      const stream = new Writable({
        write: (_chunk, _encoding, done) => {
          done();
        },
      });
      const retry = { attempts: 2, wait: () => server.close() };
      const error = await rejection(client.download('a', stream, { retry }));
      expect(error).to.be.instanceOf(ConnectionError);
      expect(failedAttempts(error)?.lastTransferError).to.include({ safeBytes: HELD, resumable: true });
      expect((error as Error).message).to.include('; 2 attempts were made, the one before failed with: ');
    });
  });

  it('tells that nothing of an attempt is safe any more where a later one began anew', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb !== 'RETR') return false;
      if (command.count === 1) {
        await cutting(command, server);
        server.put('a', randomBytes(1_000), new Date('2025-08-09T10:11:12Z'));
      } else {
        await command.peer.say('550 gone\r\n');
      }
      return true;
    };
    await withCuttingServer(async (client) => {
      const open: SinkOpener = () =>
        new Writable({
          write: (_chunk, _encoding, done) => {
            done();
          },
        });
      const error = await rejection(
        client.download('a', open, { retry: { attempts: 2, wait: () => Promise.resolve() } }),
      );
      expect(failedAttempts(error)).to.include({ count: 2 });
      expect(failedAttempts(error)?.lastTransferError).to.include({ safeBytes: 0 });
    }, fault);
  });

  it('tells of them where it is aborted in the pause behind one', async () => {
    await withCuttingServer(async (client, _server, folder) => {
      const ending = new AbortController();
      const retry = {
        attempts: 3,
        wait: () => {
          ending.abort(new Error('enough'));
          return new Promise<void>(() => undefined);
        },
      };
      const { signal } = ending;
      const error = await rejection(client.download('a', join(folder, 'a'), { resume: true, retry, signal }));
      expect(error).to.be.instanceOf(AbortedError);
      const { count, earlier, lastTransferError } = failedAttempts(error) ?? {};
      expect(count).to.equal(1);
      expect(earlier).to.deep.equal([lastTransferError]);
      expect(lastTransferError).to.include({ safeBytes: HELD, resumable: true });
      expect((error as Error).message).to.include('; 1 attempt was made, which failed with: ');
    });
  });

  it('is what failed where the wait of the caller fails, and tells of that too', async () => {
    const boom = new Error('boom');
    for (const wait of [
      () => Promise.reject(boom),
      () => {
        throw boom;
      },
    ]) {
      await withCuttingServer(async (client, _server, folder) => {
        const retry = { attempts: 3, wait };
        const error = await rejection(client.download('a', join(folder, 'a'), { resume: true, retry }));
        expect(error).to.be.instanceOf(TransferError).and.include({ safeBytes: HELD, resumable: true });
        expect(failedAttempts(error)).to.deep.equal({
          ...{ count: 1, earlier: [], lastTransferError: error, waitError: boom },
        });
        expect((error as Error).message).to.include('not tried again: the wait before failed with: boom');
      });
    }
  });

  it('tells what the server had of an upload, where the later attempts find no server', async () => {
    let lose: () => void = () => undefined;
    const fault: Fault = async ({ verb, peer, data, argument }, server) => {
      if (verb !== 'STOR' || data === undefined) return false;
      await peer.say('150 go on\r\n');
      const channel = await data.channel();
      const buffer = Buffer.alloc(65_536);
      while ((await channel.read(buffer)) > 0);
      await channel.end();
      server.put(argument, content.subarray(0, HELD));
      lose = () => {
        peer.destroy();
      };
      await peer.say('226 done\r\n');
      return true;
    };
    await withCuttingServer(async (client, server) => {
      const retry = {
        attempts: 2,
        wait: () => {
          lose();
          return server.close();
        },
      };
      const error = await rejection(client.upload(content, 'b', { retry }));
      expect(error).to.be.instanceOf(ConnectionError);
      expect(failedAttempts(error)?.lastTransferError)
        .to.be.instanceOf(VerificationError)
        .and.include({ safeBytes: HELD, resumable: true });
    }, fault);
  });

  it('tells nothing of attempts where there was but one', async () => {
    await withCuttingServer(async (client, _server, folder) => {
      const error = await rejection(client.download('a', join(folder, 'a')));
      expect(failedAttempts(error)).to.equal(undefined);
      expect((error as Error).message).not.to.include('attempt');
    });
  });
});
