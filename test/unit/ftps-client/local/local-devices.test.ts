// Local paths that are no files: pipes (FIFOs) whose other side is late, stands still or never comes, and devices.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants, openSync } from 'node:fs';
import { open, readFile, writeFile, type FileHandle } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { AbortedError, ConfigError, FtpsClient, LocalFileError, ReplyError } from '@ftps-kit/ftps-client';
import { collect } from '../../../support/collect.js';
import { hangingCalls } from '../../../support/failing-file-handles.js';
import {
  FaultyServer,
  HASHING_FEATURES,
  receiveAll,
  withFaultyServer,
  type Fault,
} from '../../../support/faulty-server.js';
import { rejection } from '../../../support/rejection.js';
import { requireUnix } from '../../../support/requirement.js';
import { withTemporaryFolder } from '../../../support/temporary-folder.js';

const content = randomBytes(300_000);

/** More than the threads that Node has for files, so that one of them is in the way where each holds one. */
const MANY = 5;

/** A pipe of that name. */
function fifo(folder: string, name: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}

/** Opens it, and reads nothing. */
function reader(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** Lends clients of one server, and a folder. */
async function withClients(
  count: number,
  work: (clients: readonly FtpsClient[], folder: string, server: FaultyServer) => Promise<void>,
  fault?: Fault,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    await using server = await FaultyServer.start(fault === undefined ? {} : { fault });
    server.put('a', content);
    const options = await server.options();
    const clients = await Promise.all(Array.from({ length: count }, () => FtpsClient.connect(options)));
    try {
      await work(clients, folder, server);
    } finally {
      await Promise.all(clients.map((client) => client.close()));
    }
  });
}

/** Resolves when so many uploads have their data connections, and takes what comes on them. */
function uploadsUnderWay(count: number): { readonly fault: Fault; readonly all: Promise<void> } {
  let tell: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (tell = resolve));
  let begun = 0;
  const fault: Fault = async ({ verb, argument, peer, data }, server) => {
    if (verb !== 'STOR' || data === undefined) return false;
    await peer.say('150 go on\r\n');
    const channel = await data.channel();
    begun += 1;
    if (begun === count) tell();
    const { bytes, whole } = await receiveAll(channel);
    server.put(argument, bytes);
    await peer.say(whole ? '226 done\r\n' : '426 the connection broke\r\n');
    return true;
  };
  return { fault, all };
}

describe('a pipe to upload from', () => {
  before(function () {
    requireUnix(this, 'pipes with names');
  });

  it('gives all that is written into it, also by who comes later', async () => {
    const begun = uploadsUnderWay(1);
    await withClients(
      1,
      async ([client], folder, server) => {
        const path = fifo(folder, 'pipe');
        const uploading = client?.upload(path, 'b', { totalBytes: content.length });
        await begun.all;
        await writeFile(path, content);
        expect(await uploading).to.include({ sizeBytes: content.length });
        expect(server.bytes('b')?.equals(content)).to.equal(true);
      },
      begun.fault,
    );
  });

  it('to which nobody writes ends at an abort, and holds no file of the process up meanwhile', async () => {
    const begun = uploadsUnderWay(MANY);
    await withClients(
      MANY,
      async (clients, folder) => {
        const controllers = clients.map(() => new AbortController());
        const uploads = clients.map((client, index) => {
          const signal = controllers[index]?.signal;
          return rejection(client.upload(fifo(folder, `pipe-${index}`), `b${index}`, { signal }));
        });
        await begun.all;
        await writeFile(join(folder, 'file'), 'written');
        expect(await readFile(join(folder, 'file'), 'utf8')).to.equal('written');
        for (const controller of controllers) controller.abort();
        for (const error of await Promise.all(uploads)) expect(error).to.be.instanceOf(AbortedError);
        for (const client of clients) expect((await client.raw('NOOP')).code).to.equal(200);
      },
      begun.fault,
    );
  });

  it('whose writer ends before the announced number of bytes is an error, and gives no file its name', async () => {
    const begun = uploadsUnderWay(1);
    await withClients(
      1,
      async ([client], folder, server) => {
        const path = fifo(folder, 'pipe');
        const options = { totalBytes: content.length, atomic: true };
        const failing = rejection(client?.upload(path, 'b', options) ?? Promise.resolve());
        await begun.all;
        await writeFile(path, content.subarray(0, 1_000));
        const error = await failing;
        expect(error).to.be.instanceOf(LocalFileError);
        expect((error as Error).message).to.include('ended after 1000 bytes, and not after 300000');
        expect([...server.files.keys()]).to.deep.equal(['a']);
      },
      begun.fault,
    );
  });

  it('cannot be gone on with, and is told so in words that hold for a path', async () => {
    await withClients(1, async ([client], folder, server) => {
      const path = fifo(folder, 'pipe');
      const error = await rejection(client?.upload(path, 'b', { resume: true }) ?? Promise.resolve());
      expect(error).to.be.instanceOf(ConfigError);
      expect((error as Error).message).to.match(
        /^resume: a stream, a pipe, a device .* cannot .* the path of another file/,
      );
      expect(server.commands).to.deep.equal([]);
    });
  });

  it('that stands still does not keep a refused upload from ending', async () => {
    const fault: Fault = async ({ verb, peer, data }) => {
      if (verb !== 'STOR') return false;
      await peer.say('150 go on\r\n');
      const channel = await data?.channel();
      await channel?.read(new Uint8Array(10));
      await peer.say('552 too much\r\n');
      channel?.destroy();
      return true;
    };
    await withClients(
      1,
      async ([client], folder) => {
        const path = fifo(folder, 'pipe');
        // Both ends, so that the pipe neither ends nor fails.
        await using pipe = await open(path, constants.O_RDWR);
        await pipe.write(Buffer.alloc(1_000));
        const error = await rejection(client?.upload(path, 'b') ?? Promise.resolve());
        expect(error).to.be.instanceOf(Error).with.property('message').that.includes('552 too much');
        expect(error instanceof ReplyError ? error : (error as Error).cause).to.be.instanceOf(ReplyError);
        expect((await client?.raw('NOOP'))?.code).to.equal(200);
      },
      fault,
    );
  });
});

describe('a local file to upload from', () => {
  it('on a disk that hangs does not keep an abort waiting', async () => {
    const begun = uploadsUnderWay(1);
    await withClients(
      1,
      async ([client], folder) => {
        const path = join(folder, 'file');
        await writeFile(path, content);
        const controller = new AbortController();
        using hanging = await hangingCalls('read');
        const upload = rejection(client?.upload(path, 'b', { signal: controller.signal }) ?? Promise.resolve());
        await begun.all;
        controller.abort();
        expect(await upload).to.be.instanceOf(AbortedError);
        expect(hanging.calls).to.equal(1);
      },
      begun.fault,
    );
  });

  for (const [when, unharmed] of [
    ['as it is opened', 0],
    ['before its first byte', 1],
    ['behind its last byte', 2],
  ] as const) {
    it(`on a disk that does not tell its size ${when} does not keep an abort waiting`, async () => {
      await withClients(1, async ([client], folder) => {
        const path = join(folder, 'file');
        await writeFile(path, content);
        const controller = new AbortController();
        using hanging = await hangingCalls('stat', { unharmed });
        const upload = rejection(client?.upload(path, 'b', { signal: controller.signal }) ?? Promise.resolve());
        await hanging.began;
        controller.abort();
        expect(await upload).to.be.instanceOf(AbortedError);
      });
    });
  }

  it('on a disk that does not tell whether it changed does not keep an abort of the next attempt waiting', async () => {
    const fault: Fault = async ({ verb, peer, data }) => {
      if (verb !== 'STOR' || data === undefined) return false;
      await peer.say('150 go on\r\n');
      await (await data.channel()).read(Buffer.alloc(1_000));
      (await data.socket()).resetAndDestroy();
      await peer.say('426 broken\r\n');
      return true;
    };
    const options = { timeouts: { closeMs: 200 } };
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'file');
      await writeFile(path, content);
      await withFaultyServer({ fault, options }, async (client) => {
        const controller = new AbortController();
        const held: Disposable[] = [];
        const wait = async (): Promise<void> => {
          const hanging = await hangingCalls('stat');
          held.push(hanging);
          void hanging.began.then(() => {
            controller.abort();
          });
        };
        const { signal } = controller;
        const tried = client.upload(path, 'b', { atomic: true, resume: true, retry: { attempts: 2, wait }, signal });
        try {
          expect(await rejection(tried)).to.be.instanceOf(AbortedError);
        } finally {
          for (const hanging of held) hanging[Symbol.dispose]();
        }
      });
    });
  });

  it('on a disk that hangs does not keep an abort waiting while what the server has is looked for in it', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'file');
      await writeFile(path, content);
      const there = { features: [...HASHING_FEATURES], files: { b: content.subarray(0, 1_000) } };
      await withFaultyServer(there, async (client) => {
        const controller = new AbortController();
        using hanging = await hangingCalls('read');
        const upload = rejection(client.upload(path, 'b', { resume: true, signal: controller.signal }));
        await hanging.began;
        controller.abort();
        expect(await upload).to.be.instanceOf(AbortedError);
      });
    });
  });
});

describe('a pipe to download into', () => {
  before(function () {
    requireUnix(this, 'pipes with names');
  });

  it('gets the whole file', async () => {
    await withClients(1, async ([client], folder) => {
      const path = fifo(folder, 'pipe');
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const read = collect<Buffer>(new Socket({ fd, writable: false }));
      const result = await client?.download('a', path, { preserveTimes: true });
      expect(Buffer.concat(await read).equals(content)).to.equal(true);
      expect(result).to.include({ sizeBytes: content.length });
      expect(result?.times).to.deep.equal({ set: false, reason: `${path} is no file` });
    });
  });

  it('that nobody reads is refused, and the server is asked for nothing', async () => {
    await withClients(1, async ([client], folder, server) => {
      const path = fifo(folder, 'pipe');
      const error = await rejection(client?.download('a', path) ?? Promise.resolve());
      expect(error).to.be.instanceOf(LocalFileError).and.include({ path });
      expect((error as Error).message).to.equal(
        `cannot write ${path}: nobody reads the pipe; start what reads it first`,
      );
      expect(server.commands).to.deep.equal([]);
    });
  });

  it('whose reader stands still ends at an abort, and holds no file of the process up meanwhile', async () => {
    await withClients(MANY, async (clients, folder) => {
      const controllers = clients.map(() => new AbortController());
      const paths = clients.map((_, index) => fifo(folder, `pipe-${index}`));
      const readers = await Promise.all(paths.map(reader));
      const begun = clients.map((client, index) => {
        let tell: () => void = () => undefined;
        const moving = new Promise<void>((resolve) => (tell = resolve));
        const options = {
          signal: controllers[index]?.signal,
          onProgress: () => {
            tell();
          },
        };
        return { moving, ended: rejection(client.download('a', paths[index] ?? '', options)) };
      });
      await Promise.all(begun.map(({ moving }) => moving));
      await writeFile(join(folder, 'file'), 'written');
      expect(await readFile(join(folder, 'file'), 'utf8')).to.equal('written');
      for (const controller of controllers) controller.abort();
      for (const { ended } of begun) expect(await ended).to.be.instanceOf(AbortedError);
      for (const client of clients) expect((await client.raw('NOOP')).code).to.equal(200);
      await Promise.all(readers.map((handle) => handle.close()));
    });
  });

  it('whose reader leaves is a LocalFileError, and the client goes on', async () => {
    await withClients(1, async ([client], folder) => {
      const path = fifo(folder, 'pipe');
      const handle = await reader(path);
      const error = await rejection(
        client?.download('a', path, { onProgress: () => void handle.close() }) ?? Promise.resolve(),
      );
      expect(error).to.be.instanceOf(LocalFileError).and.include({ path });
      expect((await client?.raw('NOOP'))?.code).to.equal(200);
    });
  });
});

describe('a device', () => {
  before(function () {
    requireUnix(this, 'devices with names');
  });

  it('that is empty makes an empty file, and one that takes all can be downloaded into', async () => {
    await withFaultyServer({ files: { a: content } }, async (client, server) => {
      expect(await client.upload('/dev/null', 'b')).to.include({ sizeBytes: 0 });
      expect(server.bytes('b')?.length).to.equal(0);
      expect(await client.download('a', '/dev/null')).to.include({ sizeBytes: content.length });
    });
  });
});
