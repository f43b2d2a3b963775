// Uploads under a temporary name: what is seen under the real one meanwhile, and what is left where they fail.
import { expect } from 'chai';
import { AbortedError, RenameError, TransferError, leftBehind, printable } from '@ftps-kit/ftps-client';
import { content, either, firstCut, losesControlAt, names, refusing } from '../support/broken-upload.js';
import { HASHING_FEATURES, PLAIN_FEATURES, withFaultyServer, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { now } from '../support/retry-now.js';

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
        expect(error).to.be.instanceOf(TransferError).and.include({ safeBytes: 0 });
        expect(leftBehind(error)).to.equal(undefined);
        expect(names(server)).to.deep.equal([]);
      });
    }
  });

  it('says that the temporary file may be there where the server neither removes it nor tells', async () => {
    const fault = either(firstCut(60_000), refusing('DELE', '550 no'));
    await withFaultyServer({ fault, features: ['EPSV'] }, async (client, server) => {
      const error = await rejection(client.upload(content, 'a', { atomic: true }));
      const [path] = names(server);
      expect(leftBehind(error)).to.deep.equal({ side: 'remote', path, what: 'rest' });
    });
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

  it('that nothing has proved, and that gets not its name, is not called whole', async () => {
    const fault = either(refusing('SIZE', '550 nothing may be read here'), refusing('RNTO', '553 no'));
    await withFaultyServer({ fault }, async (client) => {
      const error = await rejection(client.upload(content, 'a', { atomic: true }));
      expect(error).to.be.instanceOf(RenameError).and.include({ safeBytes: undefined });
      expect((error as RenameError).message).to.include('which nothing proves');
    });
  });

  it('that the server renames to something else is none that is done', async () => {
    const respelling: Fault = async ({ verb, argument, peer }, server) => {
      if (verb !== 'RNTO') return false;
      const [temporary = ''] = names(server);
      server.put(argument.replace(/ $/, '_'), server.bytes(temporary) ?? '');
      server.files.delete(temporary);
      await peer.say('250 renamed\r\n');
      return true;
    };
    for (const features of [HASHING_FEATURES, PLAIN_FEATURES]) {
      await withFaultyServer({ fault: respelling, features: [...features] }, async (client, server) => {
        const error = await rejection(client.upload(content, 'a ', { atomic: true, retry: now }));
        expect(error)
          .to.be.instanceOf(RenameError)
          .with.property('message')
          .that.includes('shows nothing of that name');
        expect(error).to.include({ safeBytes: undefined, resumable: false });
        expect(names(server)).to.deep.equal(['a_']);
        expect(server.commands.filter((line) => line.startsWith('STOR'))).to.have.length(1);
      });
    }
  });

  it('that somebody fetches and removes as soon as it has its name is done', async () => {
    const fetching: Fault = ({ verb, argument }, server) => {
      if (verb === 'SIZE' && !argument.endsWith('.ftps-part')) server.files.delete(argument);
      return false;
    };
    await withFaultyServer({ fault: fetching }, async (client) => {
      for (const name of ['a', 'Größe (1) + 2.tar', '.a b']) {
        expect(await client.upload(content, name, { atomic: true })).to.include({ sizeBytes: content.length });
      }
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
      const { oldFileAt } = await client.upload(content, 'a', { atomic: true, replace: true });
      expect(oldFileAt).to.equal(undefined);
      expect(names(server)).to.deep.equal(['a']);
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
    // Where it may not be removed, the result says where it is.
    await withFaultyServer({ fault: either(fault, refusing('DELE', '550 not you')) }, async (client, server) => {
      server.put('a', 'old');
      const { oldFileAt = '' } = await client.upload(content, 'a', { atomic: true, replace: true });
      expect(server.bytes(oldFileAt)?.toString()).to.equal('old');
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

  it('with replace says where the old file is where the connection is lost amid the two, in printable characters', async () => {
    const steering = 'a\x1b[2J';
    const fault: Fault = async ({ verb, argument, count, peer }) => {
      if (verb !== 'RNTO' || argument !== steering) return false;
      if (count === 1) await peer.say('553 it exists\r\n');
      else peer.destroy();
      return true;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      server.put(steering, 'old');
      const error = await rejection(client.upload(content, steering, { atomic: true, replace: true }));
      const aside = names(server).find((name) => server.bytes(name)?.toString() === 'old');
      expect(aside).to.not.equal(steering);
      expect((error as Error).message).to.include(`the old file may lie at ${printable(aside ?? '')} on the server`);
      expect(printable((error as Error).message)).to.equal((error as Error).message);
    });
  });

  it('with replace is done where the server goes before the old file could be removed', async () => {
    const fault: Fault = async ({ verb, argument, count, peer }, server) => {
      if (verb !== 'RNTO' || argument !== 'a') return false;
      if (count === 1) {
        await peer.say('553 it exists\r\n');
        return true;
      }
      const [whole] = names(server).filter((name) => server.bytes(name)?.equals(content));
      server.files.delete(whole ?? '');
      server.put('a', content);
      await peer.say('250 renamed\r\n421 shutting down\r\n');
      peer.destroy();
      return true;
    };
    await withFaultyServer({ fault }, async (client, server) => {
      server.put('a', 'old');
      expect(await client.upload(content, 'a', { atomic: true, replace: true })).to.include({ attempts: 1 });
      expect(server.bytes('a')?.equals(content)).to.equal(true);
    });
  });

  it('with replace moves no folder aside', async () => {
    await withFaultyServer({ fault: refusing('RNTO', '550 it is a directory') }, async (client, server) => {
      server.folders.add('a');
      server.put('a', 'what stands for all that is in it');
      const error = await rejection(client.upload(content, 'a', { atomic: true, replace: true }));
      expect(error).to.be.instanceOf(RenameError).with.property('message').that.includes('the name of a folder');
      expect(server.commands).to.not.include('RNFR a');
      expect(server.bytes((error as RenameError).wholeAt)?.equals(content)).to.equal(true);
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
