// Streams given to transfers that fail before they begin: they are let go of as those of any other transfer that fails.
import { EventEmitter } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { ReadableStream, WritableStream } from 'node:stream/web';
import { expect } from 'chai';
import {
  AbortedError,
  ConfigError,
  ConnectionError,
  FtpsPool,
  type DownloadOptions,
  type DownloadSink,
  type DownloadTarget,
  type FtpsClient,
  type UploadInput,
} from '@ftps-kit/ftps-client';
import { withFaultyServer } from '../../../support/faulty-server.js';
import { gate } from '../../../support/gate.js';
import { ownOptions } from '../../../support/own-client.js';
import { rejection } from '../../../support/rejection.js';
import { TestServer } from '../../../support/test-server.js';

/** One end of a transfer, and what it was let go of with. */
interface Watched<End> {
  readonly end: End;
  readonly letGoWith: () => unknown;
}

const targets: Readonly<Record<string, () => Watched<DownloadTarget>>> = {
  'a Node stream': () => {
    const end = new Writable();
    return { end, letGoWith: () => end.errored };
  },
  'a Web stream': () => {
    let told: unknown;
    const abort = (reason: unknown): void => {
      told = reason;
    };
    return { end: new WritableStream({ abort }), letGoWith: () => told };
  },
  'a sink of the caller': () => {
    const told: Error[] = [];
    const end: DownloadSink = {
      write: () => Promise.resolve(),
      commit: () => Promise.resolve(),
      discard: (error) => Promise.resolve(void told.push(error)),
    };
    return { end, letGoWith: () => (told.length > 1 ? 'told twice' : told[0]) };
  },
};

/** A stream of a library that brings its own. */
class ForeignStream extends EventEmitter {
  errored: Error | undefined;

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    // It has no bytes.
  }

  destroy(error?: Error): void {
    this.errored = error;
    this.emit('error', error);
    this.emit('close');
  }
}

const sources: Readonly<Record<string, () => Watched<UploadInput>>> = {
  'a Node stream': () => {
    const end = new Readable({ read: () => undefined });
    return { end, letGoWith: () => end.errored };
  },
  'a Web stream': () => {
    let told: unknown;
    const cancel = (reason: unknown): void => {
      told = reason;
    };
    return { end: new ReadableStream<Uint8Array>({ cancel }), letGoWith: () => told };
  },
};

interface Failing {
  readonly options?: DownloadOptions;
  readonly path?: string;
  /** What ends the client, or its login, before. */
  readonly before?: (client: FtpsClient) => Promise<unknown>;
  readonly kind: new (...given: never[]) => Error;
  /** Whether an upload from a function comes as far as to open it. */
  readonly opensSource?: true;
}

const reasons: Readonly<Record<string, Failing>> = {
  'the client is closed': { before: (client) => client.close(), kind: ConnectionError },
  'the login was lost before': {
    before: (client) => rejection(client.raw('XBREAK')),
    kind: ConnectionError,
    opensSource: true,
  },
  'the signal has fired': { options: { signal: AbortSignal.abort() }, kind: AbortedError },
  'the signal is none': { options: { signal: {} as AbortSignal }, kind: ConfigError },
  'an option is unknown': { options: { verfy: 'none' } as DownloadOptions, kind: ConfigError },
  'an option is for something else': { options: { resume: true }, kind: ConfigError, opensSource: true },
  'the path cannot be sent': { path: 'a\r\nDELE b', kind: ConfigError },
  'the check that is wanted cannot be had': { options: { verify: 'hash' }, kind: ConfigError },
};

describe('a stream whose transfer never begins', () => {
  for (const [reason, { options = {}, path = 'a', before, kind, opensSource }] of Object.entries(reasons)) {
    const failing = async (work: (client: FtpsClient) => Promise<void>): Promise<void> => {
      const fault = ({ verb, peer }: { verb: string; peer: { destroy(): void } }): boolean => {
        if (verb === 'XBREAK') peer.destroy();
        return verb === 'XBREAK';
      };
      await withFaultyServer({ files: { a: 'hello' }, fault }, async (client) => {
        await before?.(client);
        await work(client);
      });
    };

    for (const [what, make] of Object.entries(targets)) {
      it(`is let go of with the error where ${reason}: ${what} to download into`, async () => {
        await failing(async (client) => {
          const { end, letGoWith } = make();
          const error = await rejection(client.download(path, end, options));
          expect(error).to.be.instanceOf(kind);
          expect(letGoWith()).to.equal(error);
        });
      });
    }

    for (const [what, make] of Object.entries(sources)) {
      it(`is let go of with the error where ${reason}: ${what} to upload`, async () => {
        await failing(async (client) => {
          const { end, letGoWith } = make();
          const error = await rejection(client.upload(end, path, options as object));
          expect(error).to.be.instanceOf(kind);
          expect(letGoWith()).to.equal(error);
        });
      });
    }

    it(`is not opened by its function where ${reason}`, async () => {
      await failing(async (client) => {
        let opened = 0;
        const open = (): PassThrough => {
          opened += 1;
          return new PassThrough();
        };
        expect(await rejection(client.download(path, open, options))).to.be.instanceOf(kind);
        if (opensSource !== true)
          expect(await rejection(client.upload(open, path, options as object))).to.be.instanceOf(kind);
        expect(opened).to.equal(0);
      });
    });
  }

  it('is destroyed with the error also where it is one of a library that brings its own streams', async () => {
    await withFaultyServer({}, async (client) => {
      const stream = new ForeignStream();
      const error = await rejection(client.upload(stream, 'a', { mayGrow: true }));
      expect(error).to.be.instanceOf(ConfigError);
      expect(stream.errored).to.equal(error);
      expect(stream.eventNames()).to.deep.equal([]);
    });
  });

  it('keeps no listener, and is left open where it is the standard output', async () => {
    await withFaultyServer({}, async (client) => {
      const listeners = (): number => process.stdout.listenerCount('error') + process.stdout.listenerCount('close');
      const before = listeners();
      await client.close();
      await rejection(client.download('a', process.stdout));
      expect(process.stdout.destroyed).to.equal(false);
      expect(listeners()).to.equal(before);
    });
  });

  for (const [reason, fail] of [
    [
      'its signal fires while it waits for a login of the pool',
      (_pool, ending) => {
        ending.abort();
      },
    ],
    ['the pool is closed while it waits', (pool) => void pool.close({ graceMs: 0 })],
  ] as const satisfies readonly (readonly [string, (pool: FtpsPool, ending: AbortController) => void])[]) {
    it(`is let go of with the error where ${reason}`, async () => {
      await using server = await TestServer.start();
      await using pool = new FtpsPool(ownOptions(server), { size: 1 });
      const held = gate();
      const lent = gate();
      const holding = pool.run(() => {
        lent.open();
        return held.opened;
      });
      await lent.opened;
      const ending = new AbortController();
      const { signal } = ending;
      const waiting = [
        ...Object.values(targets).map((make) => ({ ...make(), direction: 'download' as const })),
        ...Object.values(sources).map((make) => ({ ...make(), direction: 'upload' as const })),
      ].map((given) => ({
        ...given,
        failure: rejection(
          given.direction === 'download'
            ? pool.download('a', given.end, { signal })
            : pool.upload(given.end, 'a', { signal }),
        ),
      }));
      expect(pool.metrics.waiting).to.equal(waiting.length);
      fail(pool, ending);
      for (const { failure, letGoWith } of waiting) {
        const error = await failure;
        expect(error).to.be.instanceOf(Error);
        expect(letGoWith()).to.equal(error);
      }
      held.open();
      await holding;
    });
  }

  it('is let go of with the error where the pool is closed', async () => {
    await using server = await TestServer.start();
    const pool = new FtpsPool(ownOptions(server));
    await pool.close();
    for (const make of Object.values(targets)) {
      const { end, letGoWith } = make();
      const error = await rejection(pool.download('a', end));
      expect(error).to.be.instanceOf(ConnectionError);
      expect(letGoWith()).to.equal(error);
    }
  });
});
