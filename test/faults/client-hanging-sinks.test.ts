// Downloads into what hangs: disks that answer nothing, streams that never end. An abort and the end of the client are heard all the same.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { AbortedError, ConnectionError, TransferError, type DownloadSink } from '@ftps-kit/ftps-client';
import { hangingCalls, hangingLookups, heldSyncs } from '../support/failing-file-handles.js';
import { HASHING_FEATURES, withFaultyServer, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const content = Buffer.alloc(1_000, 'a');
const files = { a: content };

function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** A sink that notes its calls; `act` is what one of them does besides. */
function noting(act: Partial<Record<'write' | 'commit' | 'discard', () => Promise<void>>>): DownloadSink & {
  readonly calls: readonly string[];
} {
  const calls: string[] = [];
  const call = async (name: 'write' | 'commit' | 'discard'): Promise<void> => {
    calls.push(name);
    await act[name]?.();
    calls.push(`${name} done`);
  };
  return {
    calls,
    write: () => call('write'),
    commit: () => call('commit'),
    discard: () => call('discard'),
  };
}

describe('a download into a stream that never finishes', () => {
  it('ends at an abort, which destroys the stream, and the client goes on', async () => {
    await withFaultyServer({ files }, async (client) => {
      const abort = new AbortController();
      const stream = new Writable({
        write: (_chunk, _encoding, done) => {
          done();
        },
        final: () => {
          abort.abort();
        },
      });
      const error = await rejection(client.download('a', stream, { signal: abort.signal }));
      expect(error).to.be.instanceOf(AbortedError);
      expect(stream.errored).to.equal(error);
      expect(await client.size('a')).to.equal(content.length);
    });
  });
});

describe("a download into a caller's sink", () => {
  it('whose commit never ends is ended by the abort, and told to discard', async () => {
    await withFaultyServer({ files }, async (client) => {
      const abort = new AbortController();
      const sink = noting({
        commit: () => {
          abort.abort();
          return never();
        },
      });
      expect(await rejection(client.download('a', sink, { signal: abort.signal }))).to.be.instanceOf(AbortedError);
      expect(sink.calls).to.deep.equal(['write', 'write done', 'commit', 'discard', 'discard done']);
      expect(await client.size('a')).to.equal(content.length);
    });
  });

  it('whose commit never ends is ended by the end of the client', async () => {
    await withFaultyServer({ files }, async (client) => {
      let closing: Promise<void> | undefined;
      const sink = noting({
        commit: () => {
          closing = client.close();
          return never();
        },
      });
      expect(await rejection(client.download('a', sink))).to.be.instanceOf(ConnectionError);
      await closing;
    });
  });

  it('that is committed though the signal fires meanwhile is done, and not told to discard', async () => {
    await withFaultyServer({ files }, async (client) => {
      const abort = new AbortController();
      const sink = noting({
        commit: () => {
          abort.abort();
          return Promise.resolve();
        },
      });
      expect(await client.download('a', sink, { signal: abort.signal })).to.include({ sizeBytes: content.length });
      expect(sink.calls).to.deep.equal(['write', 'write done', 'commit', 'commit done']);
    });
  });

  it('makes one call at a time, also where an abort comes amid one, and none behind discard', async () => {
    const large = Buffer.alloc(3_000_000, 'a');
    await withFaultyServer({ files: { a: large } }, async (client) => {
      const abort = new AbortController();
      const sink = noting({
        write: async () => {
          abort.abort();
          await new Promise(setImmediate);
        },
      });
      expect(await rejection(client.download('a', sink, { signal: abort.signal }))).to.be.instanceOf(AbortedError);
      expect(await client.size('a')).to.equal(large.length);
      expect(sink.calls).to.deep.equal(['write', 'write done', 'discard', 'discard done']);
    });
  });

  it('whose write waits for discard is told so', async () => {
    await withFaultyServer({ files }, async (client) => {
      const abort = new AbortController();
      let discarded: () => void = () => undefined;
      const discarding = new Promise<void>((resolve) => (discarded = resolve));
      const sink = noting({
        write: () => {
          abort.abort();
          return discarding;
        },
        discard: () => {
          discarded();
          return Promise.resolve();
        },
      });
      expect(await rejection(client.download('a', sink, { signal: abort.signal }))).to.be.instanceOf(AbortedError);
      expect(sink.calls.slice(0, 2)).to.deep.equal(['write', 'discard']);
    });
  });

  it('that takes nothing any more is not waited for by a next attempt when the client is closed', async () => {
    const broken: Fault = async ({ verb, peer, data }) => {
      if (verb !== 'RETR') return false;
      await peer.say('150 here it comes\r\n');
      await (await data?.channel())?.write(content.subarray(0, 500));
      await wrote;
      (await data?.socket())?.resetAndDestroy();
      await peer.say('426 broken\r\n');
      return true;
    };
    let write: () => void = () => undefined;
    const wrote = new Promise<void>((resolve) => (write = resolve));
    await withFaultyServer({ files, fault: broken }, async (client) => {
      const sink = noting({
        write: () => {
          write();
          return never();
        },
      });
      let closing: Promise<void> | undefined;
      const download = client.download('a', sink, {
        retry: { attempts: 2, wait: () => Promise.resolve() },
      });
      // It asks for the file's facts again, and then waits for what came to be written.
      let told = 0;
      client.on('reply', ({ code }) => {
        if (code === 213) told += 1;
        if (told !== 4) return;
        setImmediate(() => {
          closing = client.close();
        });
      });
      expect(await rejection(download))
        .to.be.instanceOf(ConnectionError)
        .and.not.instanceOf(TransferError);
      await closing;
    });
  });
});

describe('a download to a path', () => {
  it('on a disk that does not look the path up ends at an abort', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files }, async (client) => {
        const abort = new AbortController();
        using hanging = hangingLookups();
        const download = rejection(client.download('a', join(folder, 'a'), { signal: abort.signal }));
        await hanging.began;
        abort.abort();
        expect(await download).to.be.instanceOf(AbortedError);
      });
    });
  });

  for (const [what, resume] of [
    ['', false],
    [', though something is to be kept', true],
  ] as const) {
    it(`on a disk that takes nothing ends at an abort${what}`, async () => {
      await withTemporaryFolder(async (folder) => {
        await withFaultyServer({ files }, async (client) => {
          const abort = new AbortController();
          using hanging = await hangingCalls('write');
          const download = rejection(client.download('a', join(folder, 'a'), { resume, signal: abort.signal }));
          await hanging.began;
          abort.abort();
          expect(await download).to.be.instanceOf(AbortedError);
          expect(await client.size('a')).to.equal(content.length);
        });
      });
    });
  }

  it('on a disk that does not tell what is there ends at an abort', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content.subarray(0, 500));
      await withFaultyServer({ files, features: [...HASHING_FEATURES] }, async (client) => {
        const abort = new AbortController();
        using hanging = await hangingCalls('read');
        const download = rejection(client.download('a', path, { resume: 'in-place', signal: abort.signal }));
        await hanging.began;
        abort.abort();
        expect(await download).to.be.instanceOf(AbortedError);
      });
    });
  });

  it('that is aborted while the disk is to confirm the bytes gives no file its name, then or later', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files }, async (client) => {
        const abort = new AbortController();
        using held = await heldSyncs('file');
        const download = rejection(client.download('a', join(folder, 'a'), { durable: true, signal: abort.signal }));
        await held.began;
        abort.abort();
        held.letGo();
        expect(await download).to.be.instanceOf(AbortedError);
        expect(await readdir(folder)).to.deep.equal([]);
      });
    });
  });

  it('that is aborted when it has its name is done', async () => {
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files }, async (client) => {
        const abort = new AbortController();
        const path = join(folder, 'a');
        using held = await heldSyncs('directory');
        const download = client.download('a', path, { durable: true, signal: abort.signal });
        await held.began;
        abort.abort();
        held.letGo();
        expect(await download).to.include({ sizeBytes: content.length });
        expect((await readFile(path)).equals(content)).to.equal(true);
      });
    });
  });
});
