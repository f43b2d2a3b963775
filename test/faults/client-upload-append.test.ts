// Uploads that add to a file: nothing twice, and nothing where nobody knows what was added.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { TransferError, UnsupportedError } from '@ftps-kit/ftps-client';
import { content, cut, cutEach, either } from '../support/broken-upload.js';
import { HASHING_FEATURES, PLAIN_FEATURES, withFaultyServer, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { now } from '../support/retry-now.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

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

  it('to a file that the server calls absent while it is in use leaves out no bytes of its own', async () => {
    const inUse: Fault = async ({ verb, count, peer }) => {
      if (verb !== 'SIZE' || count > 1) return false;
      await peer.say('550 the file is used by another process\r\n');
      return true;
    };
    const lost: Fault = async (command, server) => {
      if (command.verb !== 'APPE' || command.count > 1) return false;
      await cut(command, server, { bytes: 60_000, keep: 'all', ending: 'control' });
      return true;
    };
    await withFaultyServer({ fault: either(inUse, lost) }, async (client, server) => {
      server.put('log', 'first\n');
      const error = await rejection(client.upload(content, 'log', { append: true, retry: now }));
      expect(error).to.be.instanceOf(TransferError);
      const added = server.bytes('log')?.subarray('first\n'.length) ?? Buffer.alloc(0);
      expect(added.equals(content.subarray(0, added.length))).to.equal(true);
    });
  });

  it('adds nothing where a check by size is demanded, and nobody tells the size before', async () => {
    const busy: Fault = async ({ verb, peer }) => {
      if (verb === 'SIZE') await peer.say('450 busy\r\n');
      return verb === 'SIZE';
    };
    await withFaultyServer({ fault: busy }, async (client, server) => {
      server.put('log', 'first\n');
      const error = await rejection(client.upload(content, 'log', { append: true, verify: 'size' }));
      expect(error).to.be.instanceOf(UnsupportedError);
      expect(server.bytes('log')?.toString()).to.equal('first\n');
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
