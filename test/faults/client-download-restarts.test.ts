// Where a download that is tried again goes on, and what it does where the file, or what the server can, is another by then.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import { expect } from 'chai';
import { RemoteChangedError, ReplyError, TransferError, leftBehind, type SinkOpener } from '@ftps-kit/ftps-client';
import { changedMeanwhile, content, doubtfulEnd, downloading, firstCut, other } from '../support/broken-download.js';
import { collect } from '../support/collect.js';
import { HASHING_FEATURES, type Fault, type Incoming } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { now } from '../support/retry-now.js';

describe('a download that is tried again', () => {
  it('of a file that changed meanwhile begins anew, and mixes nothing', async () => {
    await downloading({ fault: changedMeanwhile, options: { retry: now } }, async (call, { path }) => {
      expect(await call()).to.include({ attempts: 2, resumedAt: 0, prefix: undefined });
      expect((await readFile(path)).equals(other)).to.equal(true);
    });
  });

  it('into a stream is an error where the file changed meanwhile', async () => {
    await downloading({ fault: changedMeanwhile }, async (_, { client }) => {
      const stream = new PassThrough().resume();
      const closed = new Promise((resolve) => stream.once('close', resolve));
      const error = await rejection(client.download('a', stream, { retry: now }));
      expect(error).to.be.instanceOf(RemoteChangedError).and.include({ safeBytes: 0, resumable: false });
      await closed;
      expect(stream.errored).to.equal(error);
    });
  });

  it('into a stream goes on in the same stream', async () => {
    await downloading({ fault: firstCut(70_000, 'fin') }, async (_, { client }) => {
      const chunks: Buffer[] = [];
      const stream = new PassThrough().on('data', (chunk: Buffer) => chunks.push(chunk));
      expect(await client.download('a', stream, { retry: now })).to.include({ attempts: 2, resumedAt: 70_000 });
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
      await client.download('a', open, { retry: now });
      expect(opened).to.have.length(2);
      expect(opened[0]?.stream.destroyed).to.equal(true);
      expect(Buffer.concat(opened[1]?.chunks ?? []).equals(other)).to.equal(true);
    });
  });

  it('from a server without MDTM begins anew, since nobody knows whether the file is the same', async () => {
    const features = ['EPSV', 'SIZE', 'REST STREAM'];
    await downloading({ fault: firstCut(70_000, 'fin'), features, options: { retry: now } }, async (call) => {
      expect(await call()).to.include({ attempts: 2, resumedAt: 0 });
    });
  });

  it('from a server without MDTM but with hashes of ranges goes on, as both have the same beginning', async () => {
    const features = HASHING_FEATURES.filter((feature) => feature !== 'MDTM');
    await downloading({ fault: firstCut(70_000, 'fin'), features, options: { retry: now } }, async (call, seen) => {
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
      await downloading({ fault, features, options: { retry: now } }, async (call, { path }) => {
        expect(await call()).to.nested.include({ attempts: 3, resumedAt: 0, prefix: undefined, 'verified.by': 'size' });
        expect((await readFile(path)).equals(other)).to.equal(true);
      });
    });

    it('is an error in a stream', async () => {
      await downloading({ fault, features }, async (_, { client }) => {
        const stream = new PassThrough().resume().on('error', () => undefined);
        expect(await rejection(client.download('a', stream, { retry: now }))).to.be.instanceOf(RemoteChangedError);
      });
    });
  });

  it('from a server without REST begins anew', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb === 'REST') await command.peer.say('502 not here\r\n');
      return command.verb === 'REST' || firstCut(70_000, 'fin')(command, server);
    };
    await downloading({ fault, options: { retry: now } }, async (call, { path }) => {
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
      const options = { resume: true, retry: now };
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
        const download = client.download('a', stream, { retry: now });
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
    await downloading({ fault, options: { retry: now } }, async (call, { path }) => {
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
        const result = await client.download('a', stream, { retry: now });
        expect(result).to.include({ attempts: 3, sizeBytes: content.length });
        expect(Buffer.concat(await taken).equals(content)).to.equal(true);
      });
    });
  }
});
