// What is left of a download that failed, and that its error says neither more nor less of it.
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { TransferError, leftBehind, type TransferOptions } from '@ftps-kit/ftps-client';
import { hangingCalls } from '../support/failing-file-handles.js';
import { withFaultyServer, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const content = Buffer.alloc(400_000, 'a');
const files = { a: content };

/** Sends what comes before `end`, and says 426. */
function breaksOff(end: number): Fault {
  return async ({ verb, peer, data, offset }) => {
    if (verb !== 'RETR' || data === undefined) return false;
    await peer.say('150 here it comes\r\n');
    const channel = await data.channel();
    await channel.write(content.subarray(offset, end));
    (await data.socket()).end();
    await channel.read(Buffer.alloc(1)).catch(() => undefined);
    await peer.say('426 broken\r\n');
    return true;
  };
}

describe('a download that failed', () => {
  it('keeps all that came, also where the disk was not done with it, and says so', async () => {
    // It fits into the two buffers of a download, of which the first is written with what came first, be it little.
    const sent = 200_000;
    let receive: () => void = () => undefined;
    const received = new Promise<void>((resolve) => (receive = resolve));
    const onProgress: TransferOptions['onProgress'] = ({ bytes }) => {
      if (bytes === sent) receive();
    };
    await withTemporaryFolder(async (folder) => {
      const fault: Fault = async ({ verb, peer, data }) => {
        if (verb !== 'RETR' || data === undefined) return false;
        await peer.say('150 here it comes\r\n');
        await (await data.channel()).write(content.subarray(0, sent));
        await received;
        peer.destroy();
        return true;
      };
      await withFaultyServer({ files, fault }, async (client) => {
        using hanging = await hangingCalls('write');
        client.on('close', () => {
          setImmediate(() => {
            hanging[Symbol.dispose]();
          });
        });
        const error = await rejection(client.download('a', join(folder, 'a'), { resume: true, onProgress }));
        expect(error).to.be.instanceOf(TransferError).and.include({ bytes: sent, safeBytes: sent });
        const left = leftBehind(error);
        expect(left?.what).to.equal('partial');
        expect((await stat(left?.path ?? '')).size).to.equal(sent);
      });
    });
  });

  it('and keeps nothing has nothing for certain', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files, fault: breaksOff(100_000) }, async (client) => {
        const error = await rejection(client.download('a', join(folder, 'a')));
        expect(error).to.be.instanceOf(TransferError).and.include({ bytes: 100_000, safeBytes: 0 });
        expect(leftBehind(error)).to.equal(undefined);
        expect(await readdir(folder)).to.deep.equal([]);
      });
    });
  });

  it('behind bytes that nobody has proved has nothing of the file for certain', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files, fault: breaksOff(300_000) }, async (client) => {
        const path = join(folder, 'a');
        await writeFile(path, Buffer.alloc(100_000, '?'));
        const error = await rejection(client.download('a', path, { resume: 'in-place' }));
        expect(error).to.be.instanceOf(TransferError).and.include({ bytes: 200_000, safeBytes: 0 });
        expect(leftBehind(error)).to.include({ what: 'partial' });
      });
    });
  });

  it('into a stream says how much that was given', async () => {
    await withFaultyServer({ files, fault: breaksOff(100_000) }, async (client) => {
      const stream = new PassThrough().resume().on('error', () => undefined);
      const error = await rejection(client.download('a', stream));
      expect(error).to.be.instanceOf(TransferError).and.include({ bytes: 100_000, safeBytes: 100_000 });
    });
  });
});
