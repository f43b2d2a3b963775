// Uploads that break and are tried again, or go on in a later call: whole and right in the end, or a typed error.
import { randomBytes } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import {
  AbortedError,
  ConfigError,
  FtpsClient,
  LocalFileError,
  RenameError,
  TransferError,
  VerificationError,
  leftBehind,
  type AttemptEvent,
  type SourceOpener,
  type UploadOptions,
} from '@ftps-kit/ftps-client';
import { readExactly } from '../support/channel-bytes.js';
import {
  HASHING_FEATURES,
  LAST_YEAR,
  PLAIN_FEATURES,
  withFaultyServer,
  type Fault,
  type FaultyServer,
  type Incoming,
} from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const content = randomBytes(200_000);
const cuts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => tenth * 20_000);
const now = { attempts: 3, wait: () => Promise.resolve(), random: () => 0 } as const;

/** Takes so many bytes of the upload, keeps what `keep` says, and breaks it off. */
async function cut(
  { peer, data, verb, argument }: Incoming,
  server: FaultyServer,
  {
    bytes,
    keep,
    ending,
  }: { readonly bytes: number; readonly keep: 'all' | 'nothing'; readonly ending: 'data' | 'control' },
): Promise<void> {
  if (data === undefined) throw new Error('EPSV comes first');
  await peer.say('150 go on\r\n');
  const channel = await data.channel();
  const came = bytes === 0 ? Buffer.alloc(0) : await readExactly(channel, bytes);
  const before = verb === 'APPE' ? (server.bytes(argument) ?? Buffer.alloc(0)) : Buffer.alloc(0);
  if (keep === 'all') server.put(argument, Buffer.concat([before, came]), new Date());
  if (ending === 'control') {
    peer.destroy();
    return;
  }
  (await data.socket()).resetAndDestroy();
  await peer.say('426 broken\r\n');
}

/** Takes so many bytes of the upload, keeps them, and refuses the rest. */
async function cutForGood({ peer, data, argument }: Incoming, server: FaultyServer, bytes: number): Promise<void> {
  if (data === undefined) throw new Error('EPSV comes first');
  await peer.say('150 go on\r\n');
  server.put(argument, await readExactly(await data.channel(), bytes), new Date());
  (await data.socket()).resetAndDestroy();
  await peer.say('552 full\r\n');
}

/** Breaks the first STOR off, and no other. */
function firstCut(bytes: number, keep: 'all' | 'nothing' = 'all', ending: 'data' | 'control' = 'data'): Fault {
  return async (command, server) => {
    if (command.verb !== 'STOR' || command.count > 1) return false;
    await cut(command, server, { bytes, keep, ending });
    return true;
  };
}

/** Breaks one attempt after the other off, as told; those behind go well. */
function cutEach(
  ...attempts: readonly {
    readonly verb: 'STOR' | 'APPE';
    readonly bytes: number;
    readonly keep: 'all' | 'nothing';
    /** What somebody else puts there then. */
    readonly replacedBy?: Buffer;
  }[]
): Fault {
  const left = [...attempts];
  return async (command, server) => {
    const [next] = left;
    if (next?.verb !== command.verb) return false;
    left.shift();
    const { bytes, keep, replacedBy } = next;
    await cut(command, server, { bytes, keep, ending: 'control' });
    if (replacedBy !== undefined) server.put(command.argument, replacedBy);
    return true;
  };
}

/** Refuses every command of this verb. */
function refusing(verb: string, reply: string): Fault {
  return async (command) => {
    if (command.verb === verb) await command.peer.say(`${reply}\r\n`);
    return command.verb === verb;
  };
}

/** The first of them that takes the command. */
function either(...faults: readonly Fault[]): Fault {
  return async (command, server) => {
    for (const fault of faults) if (await fault(command, server)) return true;
    return false;
  };
}

/** The server is gone at the first command of this verb: before it did what it says, or after. */
function losesControlAt(verb: string, when: 'before' | 'after' = 'before'): Fault {
  return (command, server) => {
    if (command.verb !== verb || command.count > 1) return false;
    if (when === 'after') {
      const temporary = [...server.files.keys()].find((name) => name.endsWith('.ftps-part'));
      const file = server.files.get(temporary ?? '');
      if (temporary === undefined || file === undefined) throw new Error('nothing to rename');
      server.files.delete(temporary);
      server.files.set(command.argument, file);
    }
    command.peer.destroy();
    return true;
  };
}

function names(server: FaultyServer): readonly string[] {
  return [...server.files.keys()].sort();
}

describe('an upload that is tried again', () => {
  for (const ending of ['data', 'control'] as const) {
    it(`is whole after the ${ending} connection was lost at every tenth, and goes on where the server is`, async () => {
      for (const bytes of cuts) {
        const fault = firstCut(bytes, 'all', ending);
        await withFaultyServer({ fault, features: [...HASHING_FEATURES] }, async (client, server) => {
          const result = await client.upload(content, 'a', { retry: now });
          expect(result).to.include({ attempts: 2, sizeBytes: content.length, resumedAt: bytes });
          expect(result.prefix).to.equal(bytes === 0 ? undefined : 'own');
          expect(result.verified).to.include({ by: 'hash', algorithm: 'SHA-256' });
          expect(server.bytes('a')?.equals(content)).to.equal(true);
          expect(server.commands.filter((line) => line.startsWith('APPE'))).to.have.length(bytes === 0 ? 0 : 1);
        });
      }
    });
  }

  it('goes on where the server stopped reading', async () => {
    const fault: Fault = async ({ verb, peer, data, count }, server) => {
      if (verb !== 'STOR' || count > 1 || data === undefined) return false;
      await peer.say('150 go on\r\n');
      server.put('a', await readExactly(await data.channel(), 40_000));
      return true;
    };
    const large = randomBytes(20_000_000);
    const timeouts = { connectMs: 2_000, tlsMs: 2_000, replyMs: 2_000, stallMs: 1_000, closeMs: 500 };
    await withFaultyServer({ fault, options: { timeouts } }, async (client, server) => {
      expect(await client.upload(large, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 40_000 });
      expect(server.bytes('a')?.equals(large)).to.equal(true);
    });
  });

  it('never goes on behind the old file, where the server keeps nothing of a broken upload', async () => {
    await withFaultyServer({ fault: firstCut(60_000, 'nothing') }, async (client, server) => {
      server.put('a', randomBytes(30_000));
      expect(await client.upload(content, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('goes on behind nothing that somebody else put there meanwhile', async () => {
    // More than the buffers of any socket take.
    const large = randomBytes(24_000_000);
    const shorter = cutEach(
      { verb: 'STOR', bytes: 60_000, keep: 'all' },
      { verb: 'APPE', bytes: 20_000, keep: 'nothing', replacedBy: randomBytes(30_000) },
    );
    const longer = cutEach(
      { verb: 'STOR', bytes: 20_000, keep: 'nothing', replacedBy: randomBytes(18_000_000) },
      { verb: 'STOR', bytes: 20_000_000, keep: 'nothing' },
    );
    for (const fault of [shorter, longer]) {
      await withFaultyServer({ fault }, async (client, server) => {
        expect(await client.upload(large, 'a', { retry: now })).to.include({ attempts: 3, resumedAt: 0 });
        expect(server.bytes('a')?.equals(large)).to.equal(true);
      });
    }
  });

  it('goes on behind nothing where nobody told what was there before', async () => {
    const busy: Fault = async ({ verb, count, peer }) => {
      if (verb !== 'SIZE' || count > 1) return false;
      await peer.say('450 busy\r\n');
      return true;
    };
    await withFaultyServer({ fault: either(busy, firstCut(60_000, 'nothing')) }, async (client, server) => {
      server.put('a', randomBytes(30_000));
      expect(await client.upload(content, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('for the sake of TLS 1.2 alone goes on behind nothing either, as nobody asked what was there', async () => {
    const fault: Fault = async ({ verb, count, peer, data }) => {
      if (verb !== 'STOR' || count > 1 || data === undefined) return false;
      await peer.say('150 go on\r\n');
      await readExactly(await data.channel(), 150_000);
      (await data.socket()).resetAndDestroy();
      await peer.say('522 session reuse required\r\n');
      return true;
    };
    await withFaultyServer({ fault, options: { onNotResumed: 'pin-1.2' } }, async (client, server) => {
      server.put('a', randomBytes(100_000));
      expect(await client.upload(content, 'a')).to.include({ resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
      expect(server.logins).to.equal(2);
    });
  });

  it('goes on with REST and STOR where APPE is refused', async () => {
    const fault = either(firstCut(60_000), refusing('APPE', '550 not here'));
    await withFaultyServer({ fault }, async (client, server) => {
      expect(await client.upload(content, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 60_000 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
      expect(server.commands).to.include.members(['APPE a', 'REST 60000']);
    });
  });

  it('goes on with APPE in its next attempt where the file was busy', async () => {
    const busy: Fault = async ({ verb, count, peer }) => {
      if (verb !== 'APPE' || count > 1) return false;
      await peer.say('450 somebody else writes it\r\n');
      return true;
    };
    await withFaultyServer({ fault: either(firstCut(60_000), busy) }, async (client, server) => {
      const result = await client.upload(content, 'a', { retry: now });
      expect(result).to.include({ attempts: 3, resumedAt: 60_000 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
      expect(server.commands.filter((line) => line.startsWith('STOR'))).to.deep.equal(['STOR a']);
    });
  });

  it('goes as a whole where neither APPE nor REST is taken', async () => {
    const fault = either(firstCut(60_000), refusing('APPE', '502 no'), refusing('REST', '502 no'));
    await withFaultyServer({ fault }, async (client, server) => {
      expect(await client.upload(content, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('that the server cut short goes on, and is told without retry', async () => {
    const fault: Fault = async ({ verb, peer, data, count, argument }, server) => {
      if (verb !== 'STOR' || count > 1 || data === undefined) return false;
      await peer.say('150 go on\r\n');
      const channel = await data.channel();
      const bytes = await readExactly(channel, content.length);
      server.put(argument, bytes.subarray(0, 150_000));
      await channel.end();
      await peer.say('226 done\r\n');
      return true;
    };
    await withFaultyServer({ fault }, async (client) => {
      const error = await rejection(client.upload(content, 'a'));
      expect(error).to.be.instanceOf(VerificationError);
      // Nobody has asked what stood there before.
      expect(error).to.include({ reason: 'size-differs', bytes: 200_000, safeBytes: undefined, resumable: true });
    });
    await withFaultyServer({ fault }, async (client, server) => {
      expect(await client.upload(content, 'a', { retry: now })).to.include({ attempts: 2, resumedAt: 150_000 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('begins anew where bytes of the attempt before came late, behind its own', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb === 'APPE' && command.count === 1) {
        // The process of the lost connection writes what it had, and only then this one begins.
        server.put('a', content.subarray(0, 70_000));
        return false;
      }
      return firstCut(60_000)(command, server);
    };
    await withFaultyServer({ fault }, async (client, server) => {
      const result = await client.upload(content, 'a', { retry: { ...now, attempts: 4 } });
      expect(result).to.include({ attempts: 3, resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('from a stream that was read is refused with a reason', async () => {
    const events: AttemptEvent[] = [];
    await withFaultyServer({ fault: firstCut(60_000) }, async (client) => {
      const options = { retry: now, onAttempt: (event: AttemptEvent) => events.push(event) };
      const error = await rejection(client.upload(Readable.from([content]), 'a', options));
      expect(error)
        .to.be.instanceOf(TransferError)
        .with.property('message')
        .that.includes('a function (start) => stream');
      expect(events.at(-1)).to.include({ state: 'failed', reason: 'not-repeatable' });
    });
  });

  it('from a stream that nothing was taken from is tried again', async () => {
    const fault: Fault = async ({ verb, peer, count }) => {
      if (verb !== 'STOR' || count > 1) return false;
      await peer.say('425 no data connection\r\n');
      return true;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      expect(await client.upload(Readable.from([content]), 'a', { retry: now })).to.include({ attempts: 2 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('from a function opens it at the offset, and reads nothing twice', async () => {
    const starts: number[] = [];
    const open: SourceOpener = (start) => {
      starts.push(start);
      return Readable.from([content.subarray(start)]);
    };
    await withFaultyServer({ fault: firstCut(60_000), features: [...HASHING_FEATURES] }, async (client, server) => {
      const result = await client.upload(open, 'a', { retry: now });
      expect(result).to.include({ attempts: 2, resumedAt: 60_000 });
      expect(result.verified.by).to.equal('hash');
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
    expect(starts).to.deep.equal([0, 60_000]);
  });

  it('of a local file that changed meanwhile begins anew', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      const later = randomBytes(200_000);
      const retry = { ...now, wait: () => writeFile(path, later) };
      await withFaultyServer({ fault: firstCut(60_000) }, async (client, server) => {
        expect(await client.upload(path, 'a', { retry })).to.include({ attempts: 2, resumedAt: 0 });
        expect(server.bytes('a')?.equals(later)).to.equal(true);
      });
    });
  });

  it('of a local file that shrinks while it is read is an error, and never called whole', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, randomBytes(2_000_000));
      // The source was opened by then, and nothing of it was read.
      const fault: Fault = ({ verb }) => {
        if (verb === 'STOR') truncateSync(path, 300_000);
        return false;
      };
      await withFaultyServer({ fault }, async (client, server) => {
        const error = await rejection(client.upload(path, 'a', { atomic: true, retry: now }));
        expect(error).to.be.instanceOf(LocalFileError);
        expect((error as Error).message).to.match(/it was changed while it was read$/);
        expect(names(server)).to.deep.equal([]);
      });
    });
  });

  it('whose source ends before the announced number of bytes is an error', async () => {
    await withFaultyServer({}, async (client, server) => {
      const source = Readable.from([content.subarray(0, 1000)]);
      const error = await rejection(client.upload(source, 'a', { totalBytes: 2000, atomic: true }));
      expect(error).to.be.instanceOf(LocalFileError);
      expect(names(server)).to.deep.equal([]);
    });
  });

  for (const verb of ['SIZE', 'EPSV', 'STOR', 'HASH', 'MFMT', 'RNFR']) {
    it(`is whole and once there where the control connection is lost at ${verb}`, async () => {
      const features = [...HASHING_FEATURES, 'MFMT'];
      await withFaultyServer({ fault: losesControlAt(verb), features }, async (client, server) => {
        const options: UploadOptions = { atomic: true, retry: now, modifiedAt: LAST_YEAR };
        const result = await client.upload(content, 'a', options);
        expect(result.attempts).to.equal(verb === 'SIZE' ? 1 : 2);
        expect(result.verified.by).to.equal('hash');
        expect(result.times).to.deep.equal({ set: true, by: 'MFMT', modifiedAt: LAST_YEAR });
        expect(server.bytes('a')?.equals(content)).to.equal(true);
        expect(names(server)).to.deep.equal(['a']);
      });
    });
  }
});

describe('an atomic upload', () => {
  it('shows the old file until the new one is whole and checked', async () => {
    const seen: (string | undefined)[] = [];
    const fault: Fault = ({ verb }, server) => {
      if (['STOR', 'SIZE', 'RNFR'].includes(verb)) seen.push(server.bytes('folder/a')?.toString());
      return false;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      server.put('folder/a', 'old');
      const result = await client.upload(content, 'folder/a', { atomic: true });
      expect(result).to.include({ sizeBytes: content.length });
      expect(seen).to.deep.equal(['old', 'old', 'old']);
      expect(names(server)).to.deep.equal(['folder/a']);
      expect(server.commands[0]).to.match(/^STOR folder\/\.a\.[0-9a-f]{12}\.ftps-part$/);
      expect(server.bytes('folder/a')?.equals(content)).to.equal(true);
    });
  });

  it('looks before it renames again, where the reply to RNTO was lost', async () => {
    for (const when of ['before', 'after'] as const) {
      await withFaultyServer({ fault: losesControlAt('RNTO', when) }, async (client, server) => {
        expect(await client.upload(content, 'a', { atomic: true, retry: now })).to.include({ attempts: 2 });
        expect(server.commands.filter((line) => line.startsWith('RNTO'))).to.have.length(when === 'after' ? 1 : 2);
        expect(server.commands.filter((line) => line.startsWith('STOR'))).to.have.length(1);
        expect(names(server)).to.deep.equal(['a']);
      });
    }
  });

  it('takes no old file for the new one where the reply to RNTO was lost', async () => {
    const old = Buffer.alloc(content.length, 'o');
    const lost = losesControlAt('RNTO');
    const hidden: Fault = async ({ verb, argument, login, peer }) => {
      if (verb !== 'SIZE' || login === 1 || argument === 'a') return false;
      await peer.say('450 busy\r\n');
      return true;
    };
    const removed: Fault = ({ verb }, server) => {
      if (verb === 'RNTO') for (const name of names(server)) if (name !== 'a') server.files.delete(name);
      return false;
    };
    for (const features of [HASHING_FEATURES, PLAIN_FEATURES]) {
      for (const fault of [either(hidden, lost), either(removed, lost)]) {
        await withFaultyServer({ fault, features: [...features] }, async (client, server) => {
          server.put('a', old);
          const error = await rejection(client.upload(content, 'a', { atomic: true, retry: now }));
          expect(error).to.be.instanceOf(RenameError);
          expect(server.bytes('a')?.equals(old)).to.equal(true);
        });
      }
    }
  });

  it('knows the new file by a size that the old one had not, where the reply to RNTO was lost', async () => {
    await withFaultyServer({ fault: losesControlAt('RNTO', 'after') }, async (client, server) => {
      server.put('a', 'old');
      expect(await client.upload(content, 'a', { atomic: true, retry: now })).to.include({ attempts: 2 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('says where the whole file lies where the reply to RNTO was lost and nothing is tried again', async () => {
    await withFaultyServer({ fault: losesControlAt('RNTO') }, async (client, server) => {
      const error = await rejection(client.upload(content, 'a', { atomic: true }));
      const [left = ''] = names(server);
      expect(leftBehind(error)).to.deep.equal({ side: 'remote', path: left, what: 'whole', orAt: 'a' });
      expect((error as Error).message).to.include(`${left} on the server, or already at a`);
    });
    // Where RNTO was never sent there is no doubt.
    await withFaultyServer({ fault: losesControlAt('RNFR') }, async (client, server) => {
      const error = await rejection(client.upload(content, 'a', { atomic: true }));
      const [left = ''] = names(server);
      expect(leftBehind(error)).to.deep.equal({ side: 'remote', path: left, what: 'whole' });
    });
  });

  it('removes the temporary file when it fails', async () => {
    for (const fault of [firstCut(60_000), refusing('SIZE', '213 7')]) {
      await withFaultyServer({ fault }, async (client, server) => {
        const error = await rejection(client.upload(content, 'a', { atomic: true }));
        expect(error).to.be.instanceOf(TransferError);
        expect(leftBehind(error)).to.equal(undefined);
        expect(names(server)).to.deep.equal([]);
      });
    }
  });

  it('removes the temporary file when it is aborted while it is checked', async () => {
    const controller = new AbortController();
    const fault: Fault = ({ verb }) => {
      if (verb === 'HASH') controller.abort();
      return false;
    };
    await withFaultyServer({ fault, features: [...HASHING_FEATURES] }, async (client, server) => {
      const options = { atomic: true, signal: controller.signal };
      const error = await rejection(client.upload(content, 'a', options));
      expect(error).to.be.instanceOf(AbortedError);
      expect(leftBehind(error)).to.equal(undefined);
      expect(names(server)).to.deep.equal([]);
    });
  });

  it('says what it could not remove', async () => {
    const fault = either(firstCut(60_000), refusing('DELE', '550 not you'));
    await withFaultyServer({ fault }, async (client, server) => {
      const error = await rejection(client.upload(content, 'a', { atomic: true }));
      const [left = ''] = names(server);
      expect(leftBehind(error)).to.deep.equal({ side: 'remote', path: left, what: 'rest' });
      expect((error as Error).message).to.include(`${left} on the server could not be removed`);
    });
  });

  it('that the server does not rename over a file says where the whole file lies', async () => {
    await withFaultyServer({ fault: refusing('RNTO', '553 it exists') }, async (client, server) => {
      server.put('a', 'old');
      const error = await rejection(client.upload(content, 'a', { atomic: true, retry: now }));
      expect(error).to.be.instanceOf(RenameError).and.include({ safeBytes: content.length });
      const { wholeAt } = error as RenameError;
      expect(server.bytes(wholeAt)?.equals(content)).to.equal(true);
      expect(server.bytes('a')?.toString()).to.equal('old');
      expect(leftBehind(error)).to.deep.equal({ side: 'remote', path: wholeAt, what: 'whole' });
    });
  });

  it('with replace removes the old file for a server that renames over none', async () => {
    const fault: Fault = async ({ verb, peer, argument }, server) => {
      if (verb !== 'RNTO' || !server.files.has(argument)) return false;
      await peer.say('553 it exists\r\n');
      return true;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      server.put('a', 'old');
      await client.upload(content, 'a', { atomic: true, replace: true });
      expect(names(server)).to.deep.equal(['a']);
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('with replace moves the old file back where the refusal was not about it after all', async () => {
    let hasMovedBack = false;
    // Not that of the new file, neither before the old one was moved aside nor behind that.
    const fault: Fault = async ({ verb, argument, count, peer }) => {
      if (verb !== 'RNTO' || argument !== 'a') return false;
      hasMovedBack = count === 4;
      if (!hasMovedBack) await peer.say('553 not allowed by policy\r\n');
      return !hasMovedBack;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      server.put('a', 'old');
      const error = await rejection(client.upload(content, 'a', { atomic: true, replace: true }));
      expect(error).to.be.instanceOf(RenameError);
      expect(hasMovedBack).to.equal(true);
      expect(server.bytes('a')?.toString()).to.equal('old');
      expect(server.bytes((error as RenameError).wholeAt)?.equals(content)).to.equal(true);
      expect(names(server)).to.have.length(2);
      expect((error as Error).message).to.not.include('the old file may lie');
    });
  });

  it('with replace says where the old file is where the connection is lost amid the two', async () => {
    const fault: Fault = async ({ verb, argument, count, peer }) => {
      if (verb !== 'RNTO' || argument !== 'a') return false;
      if (count === 1) await peer.say('553 it exists\r\n');
      else peer.destroy();
      return true;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      server.put('a', 'old');
      const error = await rejection(client.upload(content, 'a', { atomic: true, replace: true }));
      const aside = names(server).find((name) => server.bytes(name)?.toString() === 'old');
      expect(aside).to.not.equal('a');
      expect((error as Error).message).to.include(`the old file may lie at ${aside ?? ''} on the server`);
    });
  });

  it('with replace leaves the old file where the refusal is not about it', async () => {
    const vanished: Fault = async ({ verb, peer }, server) => {
      if (verb !== 'RNTO') return false;
      for (const name of names(server)) if (name !== 'a') server.files.delete(name);
      await peer.say('550 it is gone\r\n');
      return true;
    };
    for (const fault of [refusing('RNFR', '550 not you'), vanished]) {
      await withFaultyServer({ fault }, async (client, server) => {
        server.put('a', 'old');
        const error = await rejection(client.upload(content, 'a', { atomic: true, replace: true }));
        expect(error).to.be.instanceOf(RenameError);
        expect(server.bytes('a')?.toString()).to.equal('old');
      });
    }
  });
});

describe('an upload with resume', () => {
  it('goes on behind what is there, once the hashes of it agree', async () => {
    for (const bytes of cuts.slice(1)) {
      await withFaultyServer({ features: [...HASHING_FEATURES] }, async (client, server) => {
        server.put('a', content.subarray(0, bytes));
        const result = await client.upload(content, 'a', { resume: true });
        expect(result).to.include({ resumedAt: bytes, prefix: 'hash', bytes: content.length - bytes });
        expect(result.verified.by).to.equal('hash');
        expect(server.bytes('a')?.equals(content)).to.equal(true);
      });
    }
  });

  it('begins anew where something else is there, or more than there should be', async () => {
    for (const there of [randomBytes(1000), Buffer.concat([content, content])]) {
      await withFaultyServer({ features: [...HASHING_FEATURES] }, async (client, server) => {
        server.put('a', there);
        expect(await client.upload(content, 'a', { resume: true })).to.include({ resumedAt: 0 });
        expect(server.bytes('a')?.equals(content)).to.equal(true);
      });
    }
  });

  it('begins anew without a hash under the real name, whatever the times say', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      await utimes(path, LAST_YEAR, LAST_YEAR);
      await withFaultyServer({}, async (client, server) => {
        const anHourAhead = new Date(Date.now() + 3_600_000);
        for (const written of [new Date(LAST_YEAR.getTime() - 1000), LAST_YEAR, anHourAhead]) {
          server.put('a', randomBytes(5000), written);
          expect(await client.upload(path, 'a', { resume: true })).to.include({ resumedAt: 0, prefix: undefined });
          expect(server.bytes('a')?.equals(content)).to.equal(true);
        }
      });
    });
  });

  it('goes on without a hash under the temporary name of the same local file', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      // The clock of the server may be behind.
      const fault = either(firstCut(60_000), refusing('MDTM', '550 no time'));
      await withFaultyServer({ fault }, async (client, server) => {
        const options = { atomic: true, resume: true };
        await rejection(client.upload(path, 'a', options));
        expect(await client.upload(path, 'a', options)).to.include({ resumedAt: 60_000, prefix: 'unchecked' });
        expect(server.bytes('a')?.equals(content)).to.equal(true);
      });
    });
  });

  it('begins anew with bytes, too, where no hash says that what is there belongs to them', async () => {
    await withFaultyServer({}, async (client, server) => {
      server.put('a', randomBytes(content.length));
      expect(await client.upload(content, 'a', { resume: true })).to.include({ resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('says that nobody checked what was there, where its caller wants it so', async () => {
    await withFaultyServer({}, async (client, server) => {
      server.put('a', content.subarray(0, 5000));
      const result = await client.upload(content, 'a', { resume: 'unchecked' });
      expect(result).to.include({ resumedAt: 5000, prefix: 'unchecked' });
      expect(result.verified).to.deep.equal({ by: 'size', sizeBytes: content.length });
    });
  });

  for (const [how, features] of [
    ['with', HASHING_FEATURES],
    ['without', PLAIN_FEATURES],
  ] as const) {
    it(`never goes on behind an old file that is none of its own in a later attempt, ${how} a hash`, async () => {
      await withFaultyServer(
        { fault: firstCut(150_000, 'nothing'), features: [...features] },
        async (client, server) => {
          server.put('b', randomBytes(100_000));
          const result = await client.upload(content, 'b', { resume: true, retry: now });
          expect(result).to.include({ attempts: 2, resumedAt: 0 });
          expect(server.bytes('b')?.equals(content)).to.equal(true);
        },
      );
    });

    it(`never goes on behind the temporary file of other bytes in a later attempt, ${how} a hash`, async () => {
      const fault = cutEach(
        { verb: 'STOR', bytes: 60_000, keep: 'all' },
        { verb: 'STOR', bytes: 150_000, keep: 'nothing' },
      );
      await withFaultyServer({ fault, features: [...features] }, async (client, server) => {
        const options = { atomic: true, resume: true };
        await rejection(client.upload(randomBytes(200_000), 'b', options));
        expect(names(server)).to.have.length(1);
        await using second = await FtpsClient.connect(await server.options());
        const result = await second.upload(content, 'b', { ...options, retry: now });
        expect(result).to.include({ attempts: 2, resumedAt: 0 });
        expect(names(server)).to.deep.equal(['b']);
        expect(server.bytes('b')?.equals(content)).to.equal(true);
      });
    });
  }

  it('goes on where it did before, where the server kept nothing of the attempt behind that', async () => {
    const fault = cutEach({ verb: 'APPE', bytes: 60_000, keep: 'nothing' });
    await withFaultyServer({ fault, features: [...HASHING_FEATURES] }, async (client, server) => {
      server.put('b', content.subarray(0, 50_000));
      const result = await client.upload(content, 'b', { resume: true, retry: now });
      expect(result).to.include({ attempts: 2, resumedAt: 50_000 });
      expect(server.bytes('b')?.equals(content)).to.equal(true);
    });
  });

  it('finds what is there again where an attempt came to nothing', async () => {
    const fault: Fault = async ({ verb, count, peer }) => {
      if (verb !== 'APPE' || count > 1) return false;
      await peer.say('425 no data connection\r\n');
      return true;
    };
    await withFaultyServer({ fault, features: [...HASHING_FEATURES] }, async (client, server) => {
      server.put('a', content.subarray(0, 5000));
      const result = await client.upload(content, 'a', { resume: true, retry: now });
      expect(result).to.include({ attempts: 2, resumedAt: 5000, prefix: 'hash' });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('begins anew where neither a hash nor the number of its bytes says that what is there belongs to it', async () => {
    await withFaultyServer({}, async (client, server) => {
      server.put('a', Buffer.concat([content, content]));
      const open: SourceOpener = (start) => Readable.from([content.subarray(start)]);
      expect(await client.upload(open, 'a', { resume: true })).to.include({ resumedAt: 0 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
      server.put('a', content.subarray(0, 5000));
      const options = { resume: 'unchecked', totalBytes: content.length } as const;
      expect(await client.upload(open, 'a', options)).to.include({ resumedAt: 5000, prefix: 'unchecked' });
    });
  });

  it('and retry claims no proof for what nobody checked at first', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb !== 'APPE' || command.count > 1) return false;
      await cut(command, server, { bytes: 60_000, keep: 'all', ending: 'control' });
      return true;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      server.put('a', content.subarray(0, 5000));
      const result = await client.upload(content, 'a', { resume: 'unchecked', retry: now });
      expect(result).to.include({ attempts: 2, resumedAt: 65_000, prefix: 'unchecked' });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('and atomic keeps the temporary file, and finds it again for the same local file only', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      await utimes(path, LAST_YEAR, LAST_YEAR);
      await withFaultyServer({ fault: firstCut(60_000), features: [...HASHING_FEATURES] }, async (client, server) => {
        const options = { atomic: true, resume: true };
        const error = await rejection(client.upload(path, 'a', options));
        const [kept = ''] = names(server);
        expect(leftBehind(error)).to.deep.equal({ side: 'remote', path: kept, what: 'partial' });
        expect(await client.upload(path, 'a', options)).to.include({ resumedAt: 60_000, prefix: 'hash' });
        expect(names(server)).to.deep.equal(['a']);
      });
    });
  });

  for (const when of ['between two attempts', 'amid the only one'] as const) {
    it(`and atomic keeps nothing of a local file that was replaced ${when}, for which the old one could be taken`, async () => {
      await withTemporaryFolder(async (folder) => {
        const path = join(folder, 'a');
        const putOld = async (): Promise<void> => {
          await writeFile(path, content);
          await utimes(path, LAST_YEAR, LAST_YEAR);
        };
        const putNew = (): Promise<void> => writeFile(path, randomBytes(content.length));
        await putOld();
        const stored = firstCut(60_000);
        const fault: Fault = async (command, server) => {
          if (command.verb !== 'STOR' || command.count > 2) return false;
          if (command.count === 1) return stored(command, server);
          // Broken for good.
          await cutForGood(command, server, 60_000);
          return true;
        };
        const once: Fault = async (command, server) => {
          if (command.verb !== 'STOR' || command.count > 1) return false;
          await putNew();
          await cutForGood(command, server, 60_000);
          return true;
        };
        const retry = { ...now, wait: putNew };
        const isRetried = when === 'between two attempts';
        await withFaultyServer({ fault: isRetried ? fault : once }, async (client, server) => {
          const options = { atomic: true, resume: true };
          const error = await rejection(client.upload(path, 'a', isRetried ? { ...options, retry } : options));
          // Amid the only one, either the cut is seen first or what became of the file.
          const kinds = isRetried ? [TransferError] : [TransferError, LocalFileError];
          expect(kinds.some((kind) => error instanceof kind)).to.equal(true);
          expect(leftBehind(error)).to.equal(undefined);
          expect(names(server)).to.deep.equal([]);
          await putOld();
          expect(await client.upload(path, 'a', options)).to.include({ resumedAt: 0 });
          expect(server.bytes('a')?.equals(content)).to.equal(true);
        });
      });
    });
  }

  it('and atomic says what it could not remove of a local file that was replaced', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      const fault: Fault = async (command, server) => {
        if (command.verb !== 'STOR') return refusing('DELE', '550 no')(command, server);
        await writeFile(path, 'other content');
        await cutForGood(command, server, 60_000);
        return true;
      };
      await withFaultyServer({ fault }, async (client, server) => {
        const error = await rejection(client.upload(path, 'a', { atomic: true, resume: true }));
        expect(leftBehind(error)).to.deep.equal({ side: 'remote', path: names(server)[0], what: 'rest' });
      });
    });
  });

  it('is refused for a stream, before anything is sent', async () => {
    await withFaultyServer({}, async (client, server) => {
      const error = await rejection(client.upload(Readable.from([content]), 'a', { resume: true }));
      expect(error).to.be.instanceOf(ConfigError).with.property('message').that.includes('(start) => stream');
      expect(server.commands).to.deep.equal([]);
    });
  });
});

describe('an upload with append', () => {
  it('adds to the end, and is checked by the size of both', async () => {
    await withFaultyServer({ features: [...HASHING_FEATURES] }, async (client, server) => {
      server.put('log', 'first\n');
      const result = await client.upload(Buffer.from('second\n'), 'log', { append: true });
      expect(result).to.include({ bytes: 7, sizeBytes: 7 });
      expect(result.verified).to.deep.equal({ by: 'size', sizeBytes: 13 });
      expect(server.bytes('log')?.toString()).to.equal('first\nsecond\n');
    });
  });

  it('looks what was added before it adds the rest', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb !== 'APPE' || command.count > 1) return false;
      await cut(command, server, { bytes: 60_000, keep: 'all', ending: 'control' });
      return true;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      server.put('log', 'first\n');
      expect(await client.upload(content, 'log', { append: true, retry: now })).to.include({ attempts: 2 });
      expect(server.bytes('log')?.equals(Buffer.concat([Buffer.from('first\n'), content]))).to.equal(true);
    });
  });

  it('of a local file that changed meanwhile adds nothing more, and says what it added', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content);
      const retry = { ...now, wait: () => writeFile(path, randomBytes(300_000)) };
      const fault = cutEach({ verb: 'APPE', bytes: 60_000, keep: 'all' });
      await withFaultyServer({ fault }, async (client, server) => {
        server.put('log', 'first\n');
        const error = await rejection(client.upload(path, 'log', { append: true, retry, verify: 'none' }));
        expect(error).to.be.instanceOf(TransferError).and.include({ resumable: false });
        expect(error).to.have.property('message').that.includes('60000 bytes of the local file were added');
        expect(server.bytes('log')).to.have.length(60_006);
      });
    });
  });

  it('is not tried again on a server without SIZE', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb !== 'APPE') return false;
      await cut(command, server, { bytes: 60_000, keep: 'all', ending: 'data' });
      return true;
    };
    await withFaultyServer({ fault, features: ['EPSV'] }, async (client, server) => {
      const error = await rejection(client.upload(content, 'log', { append: true, retry: now }));
      expect(error)
        .to.be.instanceOf(TransferError)
        .with.property('message')
        .that.includes('nobody knows what was added');
      expect(server.commands).to.deep.equal(['APPE log']);
    });
  });

  it('adds nothing more where the server does not tell what was added', async () => {
    for (const reply of ['450 busy', '550 not for you']) {
      const fault: Fault = async (command, server) => {
        if (command.verb === 'SIZE' && command.count > 1) {
          await command.peer.say(`${reply}\r\n`);
          return true;
        }
        if (command.verb !== 'APPE' || command.count > 1) return false;
        await cut(command, server, { bytes: 60_000, keep: 'all', ending: 'data' });
        return true;
      };
      await withFaultyServer({ fault }, async (client, server) => {
        const error = await rejection(client.upload(content, 'log', { append: true, retry: now }));
        expect(error).to.be.instanceOf(TransferError).and.include({ resumable: false });
        expect(error).to.have.property('message').that.includes('nobody knows how many');
        expect(server.bytes('log')).to.have.length(60_000);
      });
    }
  });

  it('to a file whose size nobody told before is whole, and proved by nothing', async () => {
    const busy: Fault = async ({ verb, count, peer }) => {
      if (verb !== 'SIZE' || count > 1) return false;
      await peer.say('450 busy\r\n');
      return true;
    };
    await withFaultyServer({ fault: busy }, async (client, server) => {
      server.put('log', 'first\n');
      const { verified } = await client.upload(Buffer.from('second\n'), 'log', { append: true });
      expect(verified.by).to.equal('nothing');
      expect(server.bytes('log')?.toString()).to.equal('first\nsecond\n');
    });
  });

  it('adds nothing more where somebody else changed the file meanwhile', async () => {
    const fault: Fault = async (command, server) => {
      if (command.verb !== 'APPE' || command.count > 1) return false;
      await cut(command, server, { bytes: 60_000, keep: 'all', ending: 'data' });
      server.put('log', randomBytes(900_000));
      return true;
    };
    await withFaultyServer({ fault, features: [...PLAIN_FEATURES] }, async (client, server) => {
      const error = await rejection(client.upload(content, 'log', { append: true, retry: now }));
      expect(error).to.be.instanceOf(TransferError).with.property('message').that.includes('somebody else changed it');
      expect(server.bytes('log')).to.have.length(900_000);
    });
  });
});
