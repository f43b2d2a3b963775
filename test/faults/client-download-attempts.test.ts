// Downloads that break and are tried again: how often, after what, and that they are whole or a typed error.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import {
  AbortedError,
  LocalFileError,
  TransferError,
  VerificationError,
  type AttemptEvent,
} from '@ftps-kit/ftps-client';
import { content, cut, cuts, doubtfulEnd, downloading, firstCut, other } from '../support/broken-download.js';
import { HASHING_FEATURES, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { now } from '../support/retry-now.js';

describe('a download that is tried again', () => {
  for (const ending of ['fin', 'reset', 'control'] as const) {
    it(`is whole after a ${ending} at every tenth, and goes on where it was`, async () => {
      for (const bytes of cuts) {
        await downloading({ fault: firstCut(bytes, ending), options: { retry: now } }, async (call, seen) => {
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
    const retry = { ...now };
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
    const options = { retry: { ...now, attempts: 2 }, onAttempt: (event: AttemptEvent) => events.push(event) };
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
      await downloading({ fault, options: { retry: now } }, async (call, { server }) => {
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
      await downloading({ fault, options: { retry: now } }, async (call) => {
        expect(await call()).to.include({ attempts: 2, sizeBytes: content.length });
      });
    });
  }

  it('after all bytes came and 426 behind them fetches none of them again', async () => {
    await downloading({ fault: doubtfulEnd, options: { retry: now } }, async (call, { path }) => {
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
    await downloading({ fault, options: { retry: now } }, async (call, { path }) => {
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
      await downloading({ fault, options: { retry: now } }, async (call, { path }) => {
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
      const error = await rejection(client.download('a', '/dev/full', { retry: now }));
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
      expect(await rejection(client.download('a', stream, { retry: now }))).to.be.instanceOf(LocalFileError);
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
    await downloading({ fault, options: { retry: now } }, async (call, { server }) => {
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
      const options = { retry: now };
      await downloading({ fault, options, features: HASHING_FEATURES }, async (call, { path }) => {
        const result = await call();
        expect(result).to.include({ attempts: 2 });
        expect(result.verified.by).to.equal('hash');
        expect((await readFile(path)).equals(content)).to.equal(true);
      });
    });
  }
});
