// Streams that a download goes into: when one has all, and that nothing is left of a download on one that outlives it.
import fs from 'node:fs';
import { join } from 'node:path';
import { Duplex, Writable } from 'node:stream';
import { expect } from 'chai';
import { AbortedError, LocalFileError, type DownloadSink } from '@ftps-kit/ftps-client';
import { withFaultyServer, type Fault } from '../../../support/faulty-server.js';
import { rejection } from '../../../support/rejection.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';

const content = Buffer.alloc(1_000, 'x');

/** As a disk whose quota is found exceeded when the last bytes leave its cache. */
function failingToClose(path: string): fs.WriteStream {
  const close: typeof fs.close = Object.assign(
    (fd: number, done?: fs.NoParamCallback) => {
      fs.close(fd, () => {
        done?.(Object.assign(new Error('EDQUOT: disk quota exceeded, close'), { code: 'EDQUOT' }));
      });
    },
    { __promisify__: fs.close.__promisify__ },
  );
  return fs.createWriteStream(path, { fs: { open: fs.open, write: fs.write, close } });
}

describe('a sink of the caller', () => {
  const boom = new Error('boom');
  for (const [what, failing] of [
    [
      'throws as it is written to',
      {
        write: () => {
          throw boom;
        },
      },
    ],
    ['rejects as it is written to', { write: () => Promise.reject(boom) }],
    ['rejects as it takes the file', { commit: () => Promise.reject(boom) }],
  ] as const satisfies readonly (readonly [string, Partial<DownloadSink>])[]) {
    it(`that ${what} makes the download a LocalFileError, and is told of it`, async () => {
      await withFaultyServer({ files: { a: content } }, async (client) => {
        const told: Error[] = [];
        const sink: DownloadSink = {
          write: () => Promise.resolve(),
          commit: () => Promise.resolve(),
          discard: (error) => Promise.resolve(void told.push(error)),
          ...failing,
        };
        const error = await rejection(client.download('a', sink));
        expect(error).to.be.instanceOf(LocalFileError).and.include({ cause: boom });
        expect((error as Error).message).to.equal('the sink to download to failed: boom');
        expect(told).to.deep.equal([error]);
        expect((await client.raw('NOOP')).code).to.equal(200);
      });
    });
  }
});

describe('a stream that a download goes into', () => {
  it('and whose file fails when it is closed is a LocalFileError, and no error of nobody', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files: { a: content } }, async (client) => {
        const error = await rejection(client.download('a', failingToClose(join(folder, 'a'))));
        expect(error).to.be.instanceOf(LocalFileError).with.property('message').that.includes('quota');
        expect((await client.raw('NOOP')).code).to.equal(200);
      });
    });
  });

  it('has all only when it is closed', async () => {
    await withFaultyServer({ files: { a: content } }, async (client) => {
      const order: string[] = [];
      const stream = new Writable({
        write: (_chunk, _encoding, done) => {
          done();
        },
        destroy: (_error, done) => {
          setImmediate(() => {
            order.push('closed');
            done(null);
          });
        },
      });
      await client.download('a', stream);
      order.push('downloaded');
      expect(order).to.deep.equal(['closed', 'downloaded']);
    });
  });

  it('and that is read as well need not be read to its end first', async () => {
    await withFaultyServer({ files: { a: content } }, async (client) => {
      const stream = new Duplex({
        read: () => undefined,
        write: (_chunk, _encoding, done) => {
          done();
        },
      });
      expect(await client.download('a', stream)).to.include({ sizeBytes: content.length });
      expect(stream.writableFinished).to.equal(true);
    });
  });

  it('and that opens only after an abort is destroyed, and gets nothing', async () => {
    await withFaultyServer({ files: { a: content } }, async (client) => {
      const abort = new AbortController();
      const taken: unknown[] = [];
      const stream = new Writable({
        write: (chunk, _encoding, done) => {
          taken.push(chunk);
          done();
        },
      });
      let open: (stream: Writable) => void = () => undefined;
      const opener = () => {
        abort.abort();
        return new Promise<Writable>((resolve) => (open = resolve));
      };
      const error = await rejection(client.download('a', opener, { signal: abort.signal }));
      expect(error).to.be.instanceOf(AbortedError);
      const closed = new Promise((resolve) => stream.once('close', resolve));
      open(stream);
      await closed;
      expect(stream.errored).to.equal(error);
      expect(taken).to.deep.equal([]);
    });
  });

  it('and that is the standard output keeps no listener of a download, whether it fails or not', async () => {
    const refused: Fault = async ({ verb, argument, peer }) => {
      if (verb !== 'RETR' || argument !== 'refused') return false;
      await peer.say('550 not here\r\n');
      return true;
    };
    await withFaultyServer({ files: { empty: '', refused: content }, fault: refused }, async (client) => {
      const listeners = () => ['error', 'close', 'finish'].map((name) => process.stdout.listenerCount(name));
      const before = listeners();
      await client.download('empty', process.stdout);
      await rejection(client.download('refused', process.stdout));
      expect(listeners()).to.deep.equal(before);
    });
  });

  it('and that was closed before keeps no listener either', async () => {
    await withFaultyServer({ files: { a: content } }, async (client) => {
      const stream = new Writable();
      const closed = new Promise((resolve) => stream.once('close', resolve));
      stream.destroy();
      await closed;
      expect(await rejection(client.download('a', stream))).to.be.instanceOf(LocalFileError);
      expect([stream.listenerCount('error'), stream.listenerCount('close')]).to.deep.equal([0, 0]);
    });
  });
});
