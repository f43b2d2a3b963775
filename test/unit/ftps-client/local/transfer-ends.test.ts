// What downloads go to and uploads come from: every kind of sink and source, and files larger than 4 GB.
import { randomBytes } from 'node:crypto';
import { open, readdir, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { ReadableStream, WritableStream } from 'node:stream/web';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { ConfigError, FtpsClient, LocalFileError, type DownloadTarget, type UploadInput } from '@ftps-kit/ftps-client';
import { HASHING_FEATURES, LAST_YEAR, withFaultyServer, type Fault } from '../../../support/faulty-server.js';
import { rejection } from '../../../support/rejection.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';
import { TestServer } from '../../../support/test-server.js';

const content = randomBytes(300_000);

function webSink(taken: Uint8Array[], end: { closed?: boolean; reason?: unknown }): WritableStream<Uint8Array> {
  return new WritableStream({
    write: (chunk) => {
      taken.push(chunk);
    },
    close: () => {
      end.closed = true;
    },
    abort: (reason) => {
      end.reason = reason;
    },
  });
}

function webSource(bytes: Uint8Array, step = 70_000): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, at + step));
      else controller.close();
      at += step;
    },
  });
}

const refused: Fault = async ({ verb, peer }) => {
  if (verb === 'RETR' || verb === 'STOR') await peer.say('550 not here\r\n');
  return verb === 'RETR' || verb === 'STOR';
};

describe('where a download goes', () => {
  it('is a Web stream, closed when all is checked', async () => {
    await withFaultyServer({ files: { a: content } }, async (client) => {
      const taken: Uint8Array[] = [];
      const end: { closed?: boolean } = {};
      await client.download('a', webSink(taken, end));
      expect(Buffer.concat(taken).equals(content)).to.equal(true);
      expect(end.closed).to.equal(true);
    });
  });

  it('is a Web stream, aborted with the error where it fails', async () => {
    await withFaultyServer({ fault: refused }, async (client) => {
      const end: { reason?: unknown; closed?: boolean } = {};
      const error = await rejection(client.download('a', webSink([], end)));
      expect(end.reason).to.equal(error);
      expect(end.closed).to.equal(undefined);
    });
  });

  it('is a Web stream whose failure is a LocalFileError', async () => {
    await withFaultyServer({ files: { a: content } }, async (client) => {
      const sink = new WritableStream<Uint8Array>({
        write: () => {
          throw new Error('no more');
        },
      });
      const error = await rejection(client.download('a', sink));
      expect(error).to.be.instanceOf(LocalFileError).with.property('message').that.includes('no more');
      expect((await client.raw('NOOP')).code).to.equal(200);
    });
  });

  for (const [how, reason] of [
    ['failed', new Error('no more')],
    ['was destroyed', undefined],
  ] as const) {
    it(`is a stream that ${how} behind its last write, and then nothing is called downloaded`, async () => {
      const stream = new PassThrough().resume();
      const features = [...HASHING_FEATURES];
      // The hash is asked for when all bytes are written.
      const fault: Fault = ({ verb }) => {
        if (verb === 'HASH') stream.destroy(reason);
        return false;
      };
      await withFaultyServer({ files: { a: content }, features, fault }, async (client) => {
        const error = await rejection(client.download('a', stream, { verify: 'hash' }));
        expect(error)
          .to.be.instanceOf(LocalFileError)
          .with.property('message')
          .that.includes('the stream to download to');
        expect((await client.raw('NOOP')).code).to.equal(200);
      });
    });
  }

  it('is a stream that is destroyed while it holds a write, and the client goes on', async () => {
    await withFaultyServer({ files: { a: content } }, async (client) => {
      const stream: Writable = new Writable({
        write: () => {
          stream.destroy();
        },
      });
      expect(await rejection(client.download('a', stream))).to.be.instanceOf(LocalFileError);
      expect((await client.raw('NOOP')).code).to.equal(200);
    });
  });

  it('is opened by a function only when the first bytes come', async () => {
    await withFaultyServer({ fault: refused }, async (client) => {
      let opened = 0;
      await rejection(
        client.download('a', () => {
          opened += 1;
          return new PassThrough();
        }),
      );
      expect(opened).to.equal(0);
    });
  });

  it('is no function that gives something else than a stream', async () => {
    await withFaultyServer({ files: { a: content } }, async (client) => {
      for (const stream of [undefined, null, 'a path', {}, new Map()]) {
        const error = await rejection(client.download('a', () => stream as Writable));
        expect(error, inspect(stream)).to.be.instanceOf(ConfigError);
        expect((error as Error).message).to.include('the function must give a writable stream');
      }
      expect((await client.raw('NOOP')).code).to.equal(200);
    });
  });

  it('gets the time of the remote file where that is wanted', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files: { a: content } }, async (client) => {
        const path = join(folder, 'a');
        const { times } = await client.download('a', path, { preserveTimes: true, durable: true });
        expect(times).to.deep.equal({ set: true, by: 'local', modifiedAt: LAST_YEAR });
        expect((await stat(path)).mtime).to.deep.equal(LAST_YEAR);
      });
      await withFaultyServer({ files: { a: content }, features: ['EPSV', 'SIZE'] }, async (client) => {
        const { times } = await client.download('a', join(folder, 'b'), { preserveTimes: true });
        expect(times).to.deep.include({ set: false });
      });
    });
  });

  it('must be one that can follow the options', async () => {
    await withFaultyServer({ files: { a: content } }, async (client, server) => {
      for (const options of [{ resume: true }, { preserveTimes: true }, { durable: true }]) {
        expect(await rejection(client.download('a', new PassThrough(), options))).to.be.instanceOf(ConfigError);
      }
      const nothing = {} as DownloadTarget;
      expect(await rejection(client.download('a', nothing))).to.be.instanceOf(ConfigError);
      expect(server.commands).to.deep.equal([]);
    });
  });

  it('has a name that is too long to be hidden as a whole', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files: { a: content } }, async (client) => {
        const path = join(folder, 'ü'.repeat(127));
        await client.download('a', path, { resume: true });
        expect(await readdir(folder)).to.have.length(1);
      });
    });
  });
});

describe('where an upload comes from', () => {
  const sources: readonly (readonly [string, () => UploadInput])[] = [
    ['a Web stream', () => webSource(content)],
    ['a function that gives a Node stream', () => (start: number) => Readable.from([content.subarray(start)])],
    ['a function that gives a Web stream', () => (start: number) => webSource(content.subarray(start))],
    ['a function that takes its time', () => (start: number) => Promise.resolve(webSource(content.subarray(start)))],
  ];
  for (const [what, source] of sources) {
    it(`is ${what}`, async () => {
      await withFaultyServer({}, async (client, server) => {
        expect(await client.upload(source(), 'a')).to.include({ sizeBytes: content.length });
        expect(server.bytes('a')?.equals(content)).to.equal(true);
      });
    });
  }

  for (const [what, make] of [
    ['Node stream', () => Readable.from([content])],
    ['Web stream', () => new Blob([content]).stream()],
    [
      'generator',
      async function* () {
        yield await Promise.resolve(content);
      },
    ],
  ] as const satisfies readonly (readonly [string, () => UploadInput])[]) {
    it(`is no ${what} that was read before: nothing is left of it, which would be called whole`, async () => {
      await withFaultyServer({}, async (client, server) => {
        const source = make();
        await client.upload(source, 'a');
        expect(server.bytes('a')?.equals(content)).to.equal(true);
        const error = await rejection(client.upload(source, 'b'));
        expect([error, (error as Error).cause].some((one) => one instanceof LocalFileError)).to.equal(true);
      });
    });
  }

  it('is let go of where it was not needed', async () => {
    await withFaultyServer({ fault: refused }, async (client) => {
      let reason: unknown = 'not cancelled';
      const source = new ReadableStream<Uint8Array>({
        cancel: (given) => {
          reason = given;
        },
      });
      const error = await rejection(client.upload(source, 'a'));
      expect(reason).to.equal(error);
      const stream = new PassThrough();
      const later = await rejection(client.upload(stream, 'a'));
      expect(stream.errored).to.equal(later);
    });
  });

  it('is a function that fails, or gives no stream', async () => {
    await withFaultyServer({}, async (client) => {
      const failing = () => {
        throw new Error('tape torn');
      };
      expect(await rejection(client.upload(failing, 'a'))).to.be.instanceOf(LocalFileError);
      expect(
        await rejection(client.upload(() => new Map() as object as ReadableStream<Uint8Array>, 'a')),
      ).to.be.instanceOf(ConfigError);
      expect((await client.raw('NOOP')).code).to.equal(200);
    });
  });

  it('is an iterator whose own end throws, which takes the place of no other error', async () => {
    const ends: readonly (() => unknown)[] = [
      () => {
        throw new Error('tape stuck');
      },
      () => ({ done: true, value: undefined }),
    ];
    for (const end of ends) {
      await withFaultyServer({}, async (client) => {
        const next = () => Promise.resolve({ done: false, value: content });
        const source = { [Symbol.asyncIterator]: () => ({ next, return: end }) };
        const onProgress = (): void => {
          throw new Error('enough');
        };
        const error = await rejection(client.upload(source as unknown as Readable, 'a', { onProgress }));
        expect(error).to.have.property('message', 'enough');
      });
    }
  });

  it('hands its time on, by MFMT, by MDTM, or not at all', async () => {
    const setsByMdtm: Fault = async ({ verb, argument, peer }, server) => {
      const [, time = '', path = ''] = /^(\d{14}) (.*)$/.exec(argument) ?? [];
      const file = server.files.get(path);
      if (verb !== 'MDTM' || file === undefined) return false;
      expect(time).to.equal('20250607080910');
      file.modifiedAt = LAST_YEAR;
      await peer.say('253 set\r\n');
      return true;
    };
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      await utimes(path, LAST_YEAR, LAST_YEAR);
      for (const [features, fault, times] of [
        [['EPSV', 'MFMT'], undefined, { set: true, by: 'MFMT', modifiedAt: LAST_YEAR }],
        [['EPSV', 'MDTM'], setsByMdtm, { set: true, by: 'MDTM', modifiedAt: LAST_YEAR }],
      ] as const) {
        await withFaultyServer({ features: [...features], ...(fault && { fault }) }, async (client, server) => {
          expect((await client.upload(path, 'a', { preserveTimes: true })).times).to.deep.equal(times);
          expect(server.files.get('a')?.modifiedAt).to.deep.equal(LAST_YEAR);
        });
      }
      await withFaultyServer({}, async (client) => {
        const { times } = await client.upload(path, 'a', { preserveTimes: true });
        expect(times).to.include({ set: false });
      });
    });
  });
});

describe('a file larger than 4 GB', () => {
  const sizeBytes = 5_000_000_000;
  const offset = sizeBytes - 1_000;

  it('is gone on with at its end, both ways', async () => {
    await using server = await TestServer.start();
    const { host, port, user, password, caPem } = server;
    await using client = await FtpsClient.connect({ host, port, user, password, tls: { ca: caPem } });
    await withTemporaryFolder(async (folder) => {
      server.seedLarge('remote', sizeBytes);
      const path = join(folder, 'local');
      // Sparse, as both files are: only the last bytes are something.
      await writeFile(path, '');
      await truncate(path, offset);
      const down = await client.download('/remote', path, { resume: 'in-place', verify: 'size' });
      expect(down).to.include({ resumedAt: offset, bytes: 1_000, sizeBytes });
      expect(down.verified).to.deep.equal({ by: 'size', sizeBytes });

      const handle = await open(path, 'r+');
      await handle.write(Buffer.from('the end'), 0, 7, sizeBytes - 7);
      await handle.close();
      server.seedLarge('partial', offset);
      const up = await client.upload(path, '/partial', { resume: 'unchecked', verify: 'size' });
      expect(up).to.include({ resumedAt: offset, bytes: 1_000, sizeBytes });
      expect((await stat(join(server.root, 'partial'))).size).to.equal(sizeBytes);
      const tail = await open(join(server.root, 'partial'), 'r');
      const { buffer } = await tail.read(Buffer.alloc(7), 0, 7, sizeBytes - 7);
      await tail.close();
      expect(buffer.toString()).to.equal('the end');
    });
  });
});
