// Downloads that break and are tried again, or go on in a later call: whole and right in the end, or a typed error.
import { randomBytes } from 'node:crypto';
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { expect } from 'chai';
import {
  AbortedError,
  LocalFileError,
  RemoteChangedError,
  ReplyError,
  TransferError,
  VerificationError,
  leftBehind,
  type AttemptEvent,
  type DownloadOptions,
  type FtpsClient,
  type SinkOpener,
} from '@ftps-kit/ftps-client';
import { selectEngine } from '@ftps-kit/tls-core';
import { collect } from '../support/collect.js';
import {
  HASHING_FEATURES,
  PLAIN_FEATURES,
  withFaultyServer,
  type Fault,
  type FaultyServer,
  type Incoming,
} from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const { secureClosure } = selectEngine().capabilities;

const content = randomBytes(200_000);
const other = randomBytes(200_000);
const cuts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => tenth * 20_000);

const at = { now: { attempts: 3, wait: () => Promise.resolve(), random: () => 0 } } as const;

type Ending = 'fin' | 'reset' | 'stall' | 'control';

/** Sends so many bytes of the download and breaks it off. */
async function cut({ peer, data, offset }: Incoming, bytes: number, ending: Ending): Promise<void> {
  if (data === undefined) throw new Error('EPSV comes first');
  await peer.say('150 here it comes\r\n');
  const channel = await data.channel();
  if (bytes > offset) await channel.write(content.subarray(offset, bytes));
  const socket = await data.socket();
  switch (ending) {
    case 'fin':
      socket.end();
      // The client has it all once it ends its side too.
      await channel.read(Buffer.alloc(1)).catch(() => undefined);
      await peer.say('426 broken\r\n');
      return;
    case 'reset':
      socket.resetAndDestroy();
      await peer.say('426 broken\r\n');
      return;
    case 'control':
      peer.destroy();
      return;
    case 'stall':
  }
}

/** Breaks the first RETR off, and no other. */
function firstCut(bytes: number, ending: Ending): Fault {
  return async (command) => {
    if (command.verb !== 'RETR' || command.count > 1) return false;
    await cut(command, bytes, ending);
    return true;
  };
}

/** Sends all with the first RETR, and then does not say that this is all. */
const doubtfulEnd: Fault = async ({ verb, count, peer, data }) => {
  if (verb !== 'RETR' || count > 1 || data === undefined) return false;
  await peer.say('150 here it comes\r\n');
  await peer.send(data, content);
  await peer.say('426 who knows\r\n');
  return true;
};

/** Breaks the first RETR off; by the next there is another file of that name. */
const changedMeanwhile: Fault = async (command, server) => {
  if (command.verb !== 'RETR' || command.count > 1) return false;
  await cut(command, 70_000, 'fin');
  server.put('a', other, new Date('2026-02-03T04:05:06Z'));
  return true;
};

interface Case {
  readonly fault: Fault;
  readonly features?: readonly string[];
  readonly options?: DownloadOptions;
  readonly stallMs?: number;
}

/** Downloads `a` to a path of its own, and lends what came of it. */
async function downloading(
  { fault, features = PLAIN_FEATURES, options = {}, stallMs }: Case,
  work: (
    call: () => ReturnType<FtpsClient['download']>,
    seen: {
      readonly server: FaultyServer;
      readonly folder: string;
      readonly path: string;
      readonly client: FtpsClient;
    },
  ) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'a');
    const timeouts = { connectMs: 2_000, tlsMs: 2_000, replyMs: 2_000, stallMs: stallMs ?? 2_000, closeMs: 500 };
    await withFaultyServer(
      { fault, features: [...features], files: { a: content }, options: { timeouts } },
      async (client, server) => {
        await work(() => client.download('a', path, options), { server, folder, path, client });
      },
    );
  });
}

describe('a download that is tried again', () => {
  for (const ending of ['fin', 'reset', 'control'] as const) {
    it(`is whole after a ${ending} at every tenth, and goes on where it was`, async () => {
      for (const bytes of cuts) {
        await downloading({ fault: firstCut(bytes, ending), options: { retry: at.now } }, async (call, seen) => {
          const result = await call();
          expect(result).to.include({ attempts: 2, sizeBytes: content.length });
          // A reset may take bytes with it that were on their way; nothing is fetched twice that came.
          expect(result.resumedAt).to.be.at.most(bytes);
          if (ending === 'fin') expect(result.resumedAt).to.equal(bytes);
          expect(result.prefix).to.equal(result.resumedAt === 0 ? undefined : 'unchanged');
          expect(result.bytes).to.equal(content.length);
          expect((await readFile(seen.path)).equals(content)).to.equal(true);
          expect(await readdir(seen.folder)).to.deep.equal(['a']);
          expect(seen.server.logins).to.equal(ending === 'control' ? 2 : 1);
        });
      }
    });
  }

  it('goes on behind a stall', async () => {
    const retry = { ...at.now };
    await downloading(
      { fault: firstCut(50_000, 'stall'), options: { retry }, stallMs: 500 },
      async (call, { path }) => {
        expect(await call()).to.include({ attempts: 2, resumedAt: 50_000 });
        expect((await readFile(path)).equals(content)).to.equal(true);
      },
    );
  });

  it('tells of its attempts, and waits longer before each', async () => {
    const fault: Fault = async (command) => {
      if (command.verb !== 'RETR' || command.count > 3) return false;
      await cut(command, command.count * 10_000, 'fin');
      return true;
    };
    const waits: number[] = [];
    const events: AttemptEvent[] = [];
    const retry = {
      ...{ attempts: 4, firstDelayMs: 100, random: () => 0.5 },
      wait: (ms: number) => {
        waits.push(ms);
        return Promise.resolve();
      },
    };
    const options = { retry, onAttempt: (event: AttemptEvent) => events.push(event) };
    await downloading({ fault, options }, async (call) => {
      expect(await call()).to.include({ attempts: 4, resumedAt: 30_000 });
    });
    expect(waits).to.deep.equal([75, 150, 300]);
    expect(events.map((event) => [event.state, event.attempt])).to.deep.equal([
      ...['begins', 'failed', 'begins', 'failed', 'begins', 'failed'].map((state, n) => [state, Math.floor(n / 2) + 1]),
      ['begins', 4],
    ]);
    expect(events.flatMap((event) => (event.state === 'begins' ? [event.offset] : []))).to.deep.equal([
      0, 10_000, 20_000, 30_000,
    ]);
  });

  it('gives up when its attempts are used up, with the last error', async () => {
    const fault: Fault = async (command) => {
      if (command.verb !== 'RETR') return false;
      await cut(command, 10_000, 'fin');
      return true;
    };
    const events: AttemptEvent[] = [];
    const options = { retry: { ...at.now, attempts: 2 }, onAttempt: (event: AttemptEvent) => events.push(event) };
    await downloading({ fault, options }, async (call, { folder }) => {
      const error = await rejection(call());
      expect(error).to.be.instanceOf(TransferError).and.include({ safeBytes: 0, resumable: true });
      expect(events.at(-1)).to.include({ state: 'failed', attempt: 2, reason: 'attempts-exhausted' });
      expect(await readdir(folder)).to.deep.equal([]);
    });
  });

  for (const reply of ['550 no such file', '553 not allowed', '530 log in', '552 too much', '501 what']) {
    it(`is not tried again after ${reply}`, async () => {
      const fault: Fault = async ({ verb, peer }) => {
        if (verb === 'RETR') await peer.say(`${reply}\r\n`);
        return verb === 'RETR';
      };
      await downloading({ fault, options: { retry: at.now } }, async (call, { server }) => {
        await rejection(call());
        expect(server.commands.filter((line) => line.startsWith('RETR'))).to.have.length(1);
      });
    });
  }

  for (const reply of ['421 later', '425 no data connection', '426 broken', '450 busy']) {
    it(`is tried again after ${reply}`, async () => {
      const fault: Fault = async ({ verb, peer, count }) => {
        if (verb !== 'RETR' || count > 1) return false;
        await peer.say(`${reply}\r\n`);
        if (reply.startsWith('421')) peer.destroy();
        return true;
      };
      await downloading({ fault, options: { retry: at.now } }, async (call) => {
        expect(await call()).to.include({ attempts: 2, sizeBytes: content.length });
      });
    });
  }

  it('after all bytes came and 426 behind them fetches none of them again', async () => {
    await downloading({ fault: doubtfulEnd, options: { retry: at.now } }, async (call, { path }) => {
      expect(await call()).to.include({ attempts: 2, resumedAt: content.length, bytes: content.length });
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  it('after 226 with too few bytes fetches the rest', async () => {
    const fault: Fault = async ({ verb, peer, data, count }) => {
      if (verb !== 'RETR' || count > 1 || data === undefined) return false;
      await peer.say('150 here it comes\r\n');
      await peer.send(data, content.subarray(0, 70_000));
      await peer.say('226 done\r\n');
      return true;
    };
    await downloading({ fault, options: { retry: at.now } }, async (call, { path }) => {
      expect(await call()).to.include({ attempts: 2, resumedAt: 70_000 });
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  for (const reply of ['450 busy', '550 no size']) {
    /** Sends other bytes than were told before, calls that all, and does not tell the size behind it. */
    const endsWith =
      (bytes: Uint8Array): Fault =>
      async ({ verb, peer, data, count }) => {
        if (verb === 'SIZE' && count === 2) {
          await peer.say(`${reply}\r\n`);
          return true;
        }
        if (verb !== 'RETR' || count > 1 || data === undefined) return false;
        await peer.say('150 here it comes\r\n');
        await peer.send(data, bytes);
        await peer.say('226 done\r\n');
        return true;
      };

    it(`after 226 with too few bytes and SIZE refused with ${reply} is not done, and fetches the rest`, async () => {
      const fault = endsWith(content.subarray(0, 70_000));
      for (const verify of ['auto', 'size'] as const) {
        await downloading({ fault, options: { verify } }, async (call, { folder }) => {
          const error = await rejection(call());
          expect(error).to.be.instanceOf(VerificationError);
          expect(error).to.include({ reason: 'size-differs', bytes: 70_000, safeBytes: 0, resumable: true });
          expect(await readdir(folder)).to.deep.equal([]);
        });
      }
      await downloading({ fault, options: { retry: at.now } }, async (call, { path }) => {
        expect(await call()).to.include({ attempts: 2, resumedAt: 70_000 });
        expect((await readFile(path)).equals(content)).to.equal(true);
      });
    });

    it(`after 226 with too many bytes and SIZE refused with ${reply} is not done`, async () => {
      const fault = endsWith(Buffer.concat([content, other]));
      await downloading({ fault }, async (call, { folder }) => {
        const error = await rejection(call());
        expect(error).to.be.instanceOf(VerificationError);
        expect(error).to.include({ reason: 'size-differs', safeBytes: 0, resumable: false });
        expect(await readdir(folder)).to.deep.equal([]);
      });
    });

    it(`in place keeps the longer file that is there where nothing comes before 226, and SIZE is refused with ${reply}`, async () => {
      const mine = Buffer.concat([other, other]);
      await downloading(
        { fault: endsWith(new Uint8Array()), options: { resume: 'in-place' } },
        async (call, { path }) => {
          await writeFile(path, mine);
          const error = await rejection(call());
          expect(error).to.be.instanceOf(VerificationError);
          expect(error).to.include({ reason: 'size-differs', bytes: 0, safeBytes: 0, resumable: true });
          expect((await readFile(path)).equals(mine)).to.equal(true);
          expect(await call()).to.include({ resumedAt: 0, sizeBytes: content.length });
          expect((await readFile(path)).equals(content)).to.equal(true);
        },
      );
    });
  }

  it('of a file that changed meanwhile begins anew, and mixes nothing', async () => {
    await downloading({ fault: changedMeanwhile, options: { retry: at.now } }, async (call, { path }) => {
      expect(await call()).to.include({ attempts: 2, resumedAt: 0, prefix: undefined });
      expect((await readFile(path)).equals(other)).to.equal(true);
    });
  });

  it('into a stream is an error where the file changed meanwhile', async () => {
    await downloading({ fault: changedMeanwhile }, async (_, { client }) => {
      const stream = new PassThrough().resume();
      const closed = new Promise((resolve) => stream.once('close', resolve));
      const error = await rejection(client.download('a', stream, { retry: at.now }));
      expect(error).to.be.instanceOf(RemoteChangedError).and.include({ safeBytes: 0, resumable: false });
      await closed;
      expect(stream.errored).to.equal(error);
    });
  });

  it('into a stream goes on in the same stream', async () => {
    await downloading({ fault: firstCut(70_000, 'fin') }, async (_, { client }) => {
      const chunks: Buffer[] = [];
      const stream = new PassThrough().on('data', (chunk: Buffer) => chunks.push(chunk));
      expect(await client.download('a', stream, { retry: at.now })).to.include({ attempts: 2, resumedAt: 70_000 });
      expect(Buffer.concat(chunks).equals(content)).to.equal(true);
    });
  });

  it('into a stream that a function opens takes a new one where the file comes anew', async () => {
    await downloading({ fault: changedMeanwhile }, async (_, { client }) => {
      const opened: { readonly stream: Writable; readonly chunks: Buffer[] }[] = [];
      const open: SinkOpener = () => {
        const chunks: Buffer[] = [];
        const stream = new PassThrough().on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
        opened.push({ stream, chunks });
        return stream;
      };
      await client.download('a', open, { retry: at.now });
      expect(opened).to.have.length(2);
      expect(opened[0]?.stream.destroyed).to.equal(true);
      expect(Buffer.concat(opened[1]?.chunks ?? []).equals(other)).to.equal(true);
    });
  });

  it('from a server without MDTM begins anew, since nobody knows whether the file is the same', async () => {
    const features = ['EPSV', 'SIZE', 'REST STREAM'];
    await downloading({ fault: firstCut(70_000, 'fin'), features, options: { retry: at.now } }, async (call) => {
      expect(await call()).to.include({ attempts: 2, resumedAt: 0 });
    });
  });

  it('from a server without MDTM but with hashes of ranges goes on, as both have the same beginning', async () => {
    const features = HASHING_FEATURES.filter((feature) => feature !== 'MDTM');
    await downloading({ fault: firstCut(70_000, 'fin'), features, options: { retry: at.now } }, async (call, seen) => {
      const result = await call();
      expect(result).to.include({ attempts: 2, resumedAt: 70_000, prefix: 'hash' });
      expect(result.verified).to.include({ by: 'hash', algorithm: 'SHA-256' });
      expect(seen.server.commands).to.include('RANG 0 69999');
    });
  });

  describe('from a server that tells no MDTM, and then not the hash that was to prove the beginning,', () => {
    const features = ['EPSV', 'SIZE', 'REST STREAM', 'HASH SHA-256'];
    const fault: Fault = async (command, server) => {
      if (command.verb === 'HASH') {
        await command.peer.say('550 not now\r\n');
        return true;
      }
      const isCut = await firstCut(70_000, 'fin')(command, server);
      if (isCut) server.put('a', other);
      return isCut;
    };

    it('comes again as a whole', async () => {
      await downloading({ fault, features, options: { retry: at.now } }, async (call, { path }) => {
        expect(await call()).to.nested.include({ attempts: 3, resumedAt: 0, prefix: undefined, 'verified.by': 'size' });
        expect((await readFile(path)).equals(other)).to.equal(true);
      });
    });

    it('is an error in a stream', async () => {
      await downloading({ fault, features }, async (_, { client }) => {
        const stream = new PassThrough().resume().on('error', () => undefined);
        expect(await rejection(client.download('a', stream, { retry: at.now }))).to.be.instanceOf(RemoteChangedError);
      });
    });
  });

  it('from a server without REST begins anew', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb === 'REST') await command.peer.say('502 not here\r\n');
      return command.verb === 'REST' || firstCut(70_000, 'fin')(command, server);
    };
    await downloading({ fault, options: { retry: at.now } }, async (call, { path }) => {
      expect(await call()).to.include({ attempts: 2, resumedAt: 0, bytes: 270_000 });
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  for (const [verb, where] of [
    ['REST', 'at the end of the file'],
    ['RETR', 'at the end of the file'],
    ['REST', 'anywhere in the file'],
    ['RETR', 'anywhere in the file'],
  ] as const) {
    const isRefused = ({ verb: said, argument, offset }: Incoming): boolean => {
      const from = said === 'REST' ? Number(argument) : offset;
      return said === verb && (where === 'anywhere in the file' ? from > 0 : from === content.length);
    };
    const refusing: Fault = async (command, server) => {
      if (isRefused(command)) await command.peer.say('554 not from there\r\n');
      return isRefused(command) || doubtfulEnd(command, server);
    };
    const came = where === 'anywhere in the file' ? 2 * content.length : content.length + 1;

    it(`that has all bytes already is whole where the server refuses ${verb} ${where}`, async () => {
      const options = { resume: true, retry: at.now };
      await downloading({ fault: refusing, options }, async (call, { path, folder }) => {
        expect(await call()).to.include({
          ...{ attempts: 2, bytes: came, sizeBytes: content.length },
          resumedAt: where === 'anywhere in the file' ? 0 : content.length - 1,
        });
        expect((await readFile(path)).equals(content)).to.equal(true);
        expect(await readdir(folder)).to.deep.equal(['a']);
      });
    });

    it(`that has all bytes in a stream ${where === 'anywhere in the file' ? 'fails' : 'ends'} where the server refuses ${verb} ${where}`, async () => {
      await downloading({ fault: refusing }, async (_, { client }) => {
        const stream = new PassThrough();
        const taken = collect(stream);
        const download = client.download('a', stream, { retry: at.now });
        if (where === 'anywhere in the file') {
          expect(await rejection(download)).to.be.instanceOf(ReplyError);
          await rejection(taken);
        } else {
          expect(await download).to.include({ sizeBytes: content.length });
          expect(Buffer.concat(await taken).equals(content)).to.equal(true);
        }
      });
    });
  }

  it('keeps what it has where the server refuses the whole file as well', async () => {
    let gone = false;
    const fault: Fault = async (command, server) => {
      if (command.verb === 'RETR' && gone) await command.peer.say('550 not now\r\n');
      return (command.verb === 'RETR' && gone) || firstCut(50_000, 'fin')(command, server);
    };
    await downloading({ fault, options: { resume: true } }, async (call) => {
      await rejection(call());
      gone = true;
      const error = await rejection(call());
      expect(error).to.be.instanceOf(ReplyError).and.include({ verb: 'RETR' });
      expect(leftBehind(error)).to.include({ what: 'partial' });
      gone = false;
      expect(await call()).to.include({ resumedAt: 50_000, prefix: 'unchanged' });
    });
  });

  it('is not called done where nothing comes of a file whose last byte is fetched again', async () => {
    const fault: Fault = async (command, server) => {
      const { verb, argument, peer, offset } = command;
      // It becomes shorter when all is looked at already.
      if (verb === 'RETR' && offset > 0) server.put('a', other.subarray(0, 1_000), new Date('2026-02-03T04:05:06Z'));
      if (verb !== 'REST' || Number(argument) !== content.length) return doubtfulEnd(command, server);
      await peer.say('554 not from there\r\n');
      return true;
    };
    await downloading({ fault, options: { retry: at.now } }, async (call, { path }) => {
      expect(await call()).to.include({ attempts: 3, resumedAt: 0, sizeBytes: 1_000 });
      expect((await readFile(path)).equals(other.subarray(0, 1_000))).to.equal(true);
    });
  });

  for (const reply of ['426 broken', '451 not now', '226 done']) {
    /** Sends no byte of the second RETR, and says this. */
    const nothing: Fault = async ({ verb, count, peer, data }) => {
      if (verb !== 'RETR' || count !== 2 || data === undefined) return false;
      await peer.say('150 here it comes\r\n');
      await peer.send(data, '');
      await peer.say(`${reply}\r\n`);
      return true;
    };
    for (const resume of [true, 'in-place'] as const) {
      it(`keeps what it has (resume: ${resume}) where the whole is to come, and no byte does before ${reply}`, async () => {
        const fault: Fault = async (command, server) => {
          if (command.verb === 'REST' && command.count === 1) {
            await command.peer.say('502 not here\r\n');
            return true;
          }
          return (await nothing(command, server)) || firstCut(150_000, 'fin')(command, server);
        };
        await downloading({ fault, options: { resume } }, async (call, { path, folder }) => {
          await rejection(call());
          const error = await rejection(call());
          expect(error).to.be.instanceOf(TransferError).and.include({ bytes: 0, resumable: true });
          const [kept = ''] = await readdir(folder);
          expect(leftBehind(error)).to.deep.equal({ side: 'local', path: join(folder, kept), what: 'partial' });
          expect((await readFile(join(folder, kept))).equals(content.subarray(0, 150_000))).to.equal(true);
          expect(await call()).to.include({ resumedAt: 150_000, bytes: 50_000 });
          expect((await readFile(path)).equals(content)).to.equal(true);
        });
      });
    }

    it(`into a stream that has all goes on where nothing of the last byte comes before ${reply}`, async () => {
      const fault: Fault = async (command, server) => {
        if (command.verb === 'REST' && command.argument === String(content.length)) {
          await command.peer.say('554 not from there\r\n');
          return true;
        }
        return (await nothing(command, server)) || doubtfulEnd(command, server);
      };
      await downloading({ fault }, async (_, { client }) => {
        const stream = new PassThrough();
        const taken = collect(stream);
        const result = await client.download('a', stream, { retry: at.now });
        expect(result).to.include({ attempts: 3, sizeBytes: content.length });
        expect(Buffer.concat(await taken).equals(content)).to.equal(true);
      });
    });
  }

  it('stops waiting at once when its signal fires', async () => {
    const controller = new AbortController();
    const retry = { attempts: 3, firstDelayMs: 3_600_000, maxDelayMs: 3_600_000 };
    const onAttempt = ({ state }: AttemptEvent): void => {
      if (state === 'failed')
        setImmediate(() => {
          controller.abort(new Error('enough'));
        });
    };
    const options = { retry, onAttempt, signal: controller.signal };
    await downloading({ fault: firstCut(10_000, 'fin'), options }, async (call, { folder, client }) => {
      const error = await rejection(call());
      expect(error).to.be.instanceOf(AbortedError).with.property('cause').that.includes({ message: 'enough' });
      expect(await readdir(folder)).to.deep.equal([]);
      expect((await client.raw('NOOP')).code).to.equal(200);
    });
  });

  it('is not tried again where the disk is full', async () => {
    await downloading({ fault: () => false }, async (_, { client, server }) => {
      const error = await rejection(client.download('a', '/dev/full', { retry: at.now }));
      expect(error).to.be.instanceOf(LocalFileError).with.property('message').that.includes('the disk is full');
      expect(server.commands.filter((line) => line.startsWith('RETR'))).to.have.length(1);
    });
  });

  it('is not tried again where the sink fails', async () => {
    await downloading({ fault: () => false }, async (_, { client, server }) => {
      const stream = new Writable({
        write(_chunk, _encoding, done) {
          done(new Error('no more'));
        },
      });
      expect(await rejection(client.download('a', stream, { retry: at.now }))).to.be.instanceOf(LocalFileError);
      expect(server.commands.filter((line) => line.startsWith('RETR'))).to.have.length(1);
    });
  });

  it('goes on with a new login where the server ends the control connection between attempts', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb === 'SIZE' && command.count === 2) {
        command.peer.destroy();
        return true;
      }
      return firstCut(40_000, 'fin')(command, server);
    };
    await downloading({ fault, options: { retry: at.now } }, async (call, { server }) => {
      expect(await call()).to.include({ attempts: 3, resumedAt: 40_000 });
      expect(server.logins).to.equal(2);
    });
  });

  for (const verb of ['SIZE', 'MDTM', 'EPSV', 'RETR', 'HASH']) {
    it(`is whole where the control connection is lost at ${verb}`, async () => {
      const fault: Fault = ({ verb: sent, count, peer }) => {
        if (sent !== verb || count > 1) return false;
        peer.destroy();
        return true;
      };
      const options = { retry: at.now };
      await downloading({ fault, options, features: HASHING_FEATURES }, async (call, { path }) => {
        const result = await call();
        expect(result).to.include({ attempts: 2 });
        expect(result.verified.by).to.equal('hash');
        expect((await readFile(path)).equals(content)).to.equal(true);
      });
    });
  }
});

describe('a download with resume', () => {
  it('keeps what came under a hidden name, says so, and goes on there in a later call', async () => {
    for (const bytes of cuts.slice(1)) {
      await downloading(
        { fault: firstCut(bytes, 'fin'), options: { resume: true } },
        async (call, { folder, path }) => {
          const error = await rejection(call());
          expect(error).to.be.instanceOf(TransferError).and.include({ safeBytes: bytes });
          const [name = ''] = await readdir(folder);
          expect(name).to.match(/^\.a\.[0-9a-f]{16}\.ftps-part$/);
          const kept = join(folder, name);
          expect(leftBehind(error)).to.deep.equal({ side: 'local', path: kept, what: 'partial' });
          expect((error as Error).message).to.include(kept);
          expect((await stat(kept)).size).to.equal(bytes);

          const result = await call();
          expect(result).to.include({ attempts: 1, resumedAt: bytes, prefix: 'unchanged', sizeBytes: content.length });
          expect(result.bytes).to.equal(content.length - bytes);
          expect((await readFile(path)).equals(content)).to.equal(true);
          expect(await readdir(folder)).to.deep.equal(['a']);
        },
      );
    }
  });

  it('begins anew where the remote file is another one by then, and removes what was kept of the old one', async () => {
    await downloading({ fault: firstCut(50_000, 'fin'), options: { resume: true } }, async (call, seen) => {
      await rejection(call());
      seen.server.put('a', other, new Date('2026-02-03T04:05:06Z'));
      expect(await call()).to.include({ resumedAt: 0 });
      expect((await readFile(seen.path)).equals(other)).to.equal(true);
      expect(await readdir(seen.folder)).to.deep.equal(['a']);
    });
  });

  it('keeps what came of a file that changed between attempts for that file, and not for the old one', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb !== 'RETR' || command.count > 2) return false;
      await cut(command, command.count === 1 ? 50_000 : 70_000, 'fin');
      if (command.count === 1) server.put('a', content, new Date('2026-02-03T04:05:06Z'));
      return true;
    };
    const options = { resume: true, retry: { ...at.now, attempts: 2 } };
    await downloading({ fault, options }, async (call, { server, path, folder }) => {
      await rejection(call());
      expect(await readdir(folder)).to.have.length(1);
      // With the size and the time of the first.
      server.put('a', other);
      expect(await call()).to.include({ resumedAt: 0 });
      expect((await readFile(path)).equals(other)).to.equal(true);
    });
    await downloading({ fault, options }, async (call, { path }) => {
      await rejection(call());
      expect(await call()).to.include({ resumedAt: 70_000, prefix: 'unchanged' });
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  it('that got no byte before the file changed keeps what came then for the new file only', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb !== 'RETR' || command.count > 2) return false;
      if (command.count === 1) {
        server.put('a', content, new Date('2026-02-03T04:05:06Z'));
        await command.peer.say('425 no port\r\n');
      } else {
        await cut(command, 70_000, 'fin');
      }
      return true;
    };
    const options = { resume: true, retry: { ...at.now, attempts: 2 } };
    await downloading({ fault, options }, async (call, { server, path }) => {
      await rejection(call());
      // With the size and the time of the first.
      server.put('a', other);
      expect(await call()).to.include({ resumedAt: 0 });
      expect((await readFile(path)).equals(other)).to.equal(true);
    });
    await downloading({ fault, options }, async (call, { path, folder }) => {
      await rejection(call());
      expect(await call()).to.include({ resumedAt: 70_000, prefix: 'unchanged' });
      expect((await readFile(path)).equals(content)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['a']);
    });
  });

  describe('whose file changes between attempts to one that more was kept of', () => {
    const later = new Date('2026-02-03T04:05:06Z');
    /** Keeps 150,000 bytes of the new file; then 50,000 come of the old one, and so many of the new one. */
    const changes =
      (bytes: number): Fault =>
      async (command, server) => {
        const end = [150_000, 50_000, bytes][command.count - 1];
        if (command.verb !== 'RETR' || end === undefined) return false;
        await cut(command, end, 'fin');
        if (command.count === 1) server.put('a', other);
        if (command.count === 2) server.put('a', content, later);
        return true;
      };
    const options = { resume: true, retry: { ...at.now, attempts: 2 } };

    it('leaves that as it was, and a later call goes on there', async () => {
      await downloading({ fault: changes(20_000), options: { resume: true } }, async (call, seen) => {
        const { server, folder, path, client } = seen;
        server.put('a', content, later);
        const kept = leftBehind(await rejection(call()))?.path ?? '';
        const error = await rejection(client.download('a', path, options));
        expect(error).to.be.instanceOf(TransferError);
        // No later call would look for what came now.
        expect(leftBehind(error)).to.equal(undefined);
        expect((await readdir(folder)).map((name) => join(folder, name))).to.deep.equal([kept]);
        expect((await readFile(kept)).equals(content.subarray(0, 150_000))).to.equal(true);
        expect(await call()).to.include({ resumedAt: 150_000, prefix: 'unchanged' });
        expect((await readFile(path)).equals(content)).to.equal(true);
        expect(await readdir(folder)).to.deep.equal(['a']);
      });
    });

    it('is whole all the same, and removes that when it is done', async () => {
      const fault: Fault = (command, server) => command.count < 3 && changes(0)(command, server);
      await downloading({ fault, options: { resume: true } }, async (call, { server, folder, path, client }) => {
        server.put('a', content, later);
        await rejection(call());
        expect(await client.download('a', path, options)).to.include({ attempts: 2, resumedAt: 0 });
        expect((await readFile(path)).equals(content)).to.equal(true);
        expect(await readdir(folder)).to.deep.equal(['a']);
      });
    });
  });

  it('finds by the hash of the beginning that what it kept is of another file', async () => {
    const options = { resume: true };
    await downloading({ fault: firstCut(50_000, 'fin'), options, features: HASHING_FEATURES }, async (call, seen) => {
      await rejection(call());
      // The same size and the same second.
      seen.server.put('a', other);
      const result = await call();
      expect(result).to.include({ resumedAt: 0 });
      expect(result.verified.by).to.equal('hash');
      expect((await readFile(seen.path)).equals(other)).to.equal(true);
    });
  });

  it('removes what is proved wrong by the hash of the whole', async () => {
    const features = HASHING_FEATURES.filter((feature) => !feature.startsWith('RANG'));
    await downloading({ fault: firstCut(50_000, 'fin'), options: { resume: true }, features }, async (call, seen) => {
      await rejection(call());
      seen.server.put('a', other);
      const error = await rejection(call());
      expect(error).to.be.instanceOf(VerificationError).and.include({ reason: 'hash-differs', safeBytes: 0 });
      expect(leftBehind(error)).to.equal(undefined);
      expect(await readdir(seen.folder)).to.deep.equal([]);
      expect(await call()).to.include({ resumedAt: 0 });
    });
  });

  it('keeps what came when it is aborted', async () => {
    const controller = new AbortController();
    const fault: Fault = async (command) => {
      if (command.verb !== 'RETR' || command.count > 1) return false;
      await cut(command, 60_000, 'stall');
      return true;
    };
    await downloading({ fault }, async (_, { client, path, folder }) => {
      const error = await rejection(
        client.download('a', path, {
          resume: true,
          signal: controller.signal,
          onProgress: () => {
            setImmediate(() => {
              controller.abort();
            });
          },
        }),
      );
      expect(error).to.be.instanceOf(AbortedError);
      expect(leftBehind(error)).to.include({ side: 'local', what: 'partial' });
      expect(await readdir(folder)).to.have.length(1);
      const result = await client.download('a', path, { resume: true });
      expect(result.resumedAt).to.be.above(0);
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  it('goes on with what it kept though the connection is lost while it looks', async () => {
    const fault: Fault = (command, server) => {
      if (command.verb === 'RANG' && command.count === 1) {
        command.peer.destroy();
        return true;
      }
      return firstCut(50_000, 'fin')(command, server);
    };
    await downloading({ fault, features: HASHING_FEATURES }, async (_, { client, path, folder }) => {
      await rejection(client.download('a', path, { resume: true }));
      const result = await client.download('a', path, { resume: true, retry: at.now });
      expect(result).to.include({ attempts: 2, resumedAt: 50_000, prefix: 'hash' });
      expect((await readFile(path)).equals(content)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['a']);
    });
  });

  it('in place writes under the real name and goes on there', async () => {
    const options = { resume: 'in-place' } as const;
    await downloading({ fault: firstCut(50_000, 'fin'), options }, async (call, { folder, path }) => {
      const error = await rejection(call());
      expect(leftBehind(error)).to.deep.equal({ side: 'local', path, what: 'partial' });
      expect(await readdir(folder)).to.deep.equal(['a']);
      expect(await call()).to.include({ resumedAt: 50_000, prefix: 'unchecked' });
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  it('in place finds by hash that the file that is there is another one', async () => {
    const options = { resume: 'in-place' } as const;
    await downloading({ fault: () => false, options, features: HASHING_FEATURES }, async (call, { path }) => {
      await writeFile(path, 'something else');
      expect(await call()).to.include({ resumedAt: 0 });
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  for (const [what, mine, features] of [
    ['is longer than the remote one', Buffer.concat([other, other]), PLAIN_FEATURES],
    ['has another hash', other.subarray(0, 1), HASHING_FEATURES],
  ] as const) {
    it(`in place leaves a file that ${what} alone until the first byte comes`, async () => {
      const endings = ['425 no port', '550 not allowed', '150 here it comes'];
      const fault: Fault = async (command) => {
        const reply = command.verb === 'RETR' ? endings[command.count - 1] : undefined;
        if (reply === undefined) return false;
        if (reply.startsWith('150')) await cut(command, 0, 'fin');
        else await command.peer.say(`${reply}\r\n`);
        return true;
      };
      await downloading({ fault, features, options: { resume: 'in-place' } }, async (call, { path, client }) => {
        await writeFile(path, mine);
        for (let round = 0; round < 2; round++) {
          await rejection(call());
          expect((await readFile(path)).equals(mine)).to.equal(true);
        }
        const result = await client.download('a', path, { resume: 'in-place', retry: at.now });
        expect(result).to.include({ attempts: 2, resumedAt: 0, prefix: undefined, bytes: content.length });
        expect((await readFile(path)).equals(content)).to.equal(true);
      });
    });
  }

  it('in place makes no file where there is none to download', async () => {
    await downloading({ fault: () => false }, async (_, { client, folder }) => {
      await rejection(client.download('missing', join(folder, 'b'), { resume: 'in-place' }));
      expect(await readdir(folder)).to.deep.equal([]);
    });
  });

  if (secureClosure) {
    it('is never taken for whole after FIN without close_notify, at any tenth', async () => {
      for (const bytes of [...cuts, content.length]) {
        const fault: Fault = async ({ verb, peer, data }) => {
          if (verb !== 'RETR' || data === undefined) return false;
          await peer.say('150 here it comes\r\n');
          const channel = await data.channel();
          if (bytes > 0) await channel.write(content.subarray(0, bytes));
          (await data.socket()).destroySoon();
          await peer.say('226 done\r\n');
          return true;
        };
        await downloading({ fault, features: ['EPSV'] }, async (call, { folder }) => {
          const error = await rejection(call());
          expect(error).to.be.instanceOf(TransferError).and.include({ bytes, safeBytes: 0, resumable: true });
          expect(await readdir(folder)).to.deep.equal([]);
        });
      }
    });
  }
});
