// An abort between two commands of which the second gives the first its meaning: what is called next is not touched by it.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { AbortedError, ConnectionError, type FtpsClient } from '@ftps-kit/ftps-client';
import { HASHING_FEATURES, withFaultyServer, type Fault, type FaultyServer } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const content = randomBytes(200_000);

describe('an abort while the server answers REST', () => {
  for (const tls of [true, false]) {
    it(`ends the download, and the next begins at its beginning (${tls ? 'TLS' : 'plain'})`, async () => {
      const controller = new AbortController();
      const fault: Fault = async ({ verb, count, peer }) => {
        if (verb === 'REST') controller.abort(new Error('enough'));
        // The data connection is gone by then, and nobody waits for it.
        const answer = { RETR: '150 here it comes', ABOR: '426 gone\r\n226 aborted' }[verb];
        if (answer === undefined || count > 1) return false;
        await peer.say(`${answer}\r\n`);
        return true;
      };
      await withTemporaryFolder(async (folder) => {
        await withFaultyServer({ tls, files: { a: content }, fault }, async (client, server) => {
          const path = join(folder, 'a');
          await writeFile(path, content.subarray(0, 50_000));
          const { signal } = controller;
          const error = await rejection(client.download('a', path, { resume: 'in-place', verify: 'none', signal }));
          expect(error).to.be.instanceOf(AbortedError).with.property('cause').that.includes({ message: 'enough' });
          expect(server.commands).to.include.members(['REST 50000', 'RETR a', 'ABOR']);
          expect((await readFile(path)).length).to.equal(50_000);

          await client.download('a', join(folder, 'b'), { verify: 'none' });
          expect((await readFile(join(folder, 'b'))).equals(content)).to.equal(true);
        });
      });
    });
  }
});

describe('an abort while the server does not answer REST', () => {
  it('ends the download, and the login with it', async () => {
    const controller = new AbortController();
    const fault: Fault = ({ verb, login }) => {
      if (verb !== 'REST' || login > 1) return false;
      controller.abort(new Error('enough'));
      return true;
    };
    const options = { reconnect: true, timeouts: { replyMs: 60_000, closeMs: 50 } };
    await withTemporaryFolder(async (folder) => {
      await withFaultyServer({ files: { a: content }, fault, options }, async (client, server) => {
        const path = join(folder, 'a');
        await writeFile(path, content.subarray(0, 50_000));
        const { signal } = controller;
        const error = await rejection(client.download('a', path, { resume: 'in-place', signal }));
        expect(error).to.be.instanceOf(AbortedError).with.property('cause').that.includes({ message: 'enough' });
        expect(server.commands).not.to.include('RETR a');
        expect(await client.download('a', path, { resume: 'in-place' })).to.include({ resumedAt: 50_000 });
        expect((await readFile(path)).equals(content)).to.equal(true);
      });
    });
  });
});

/** Resumes a download of `a` with 50,000 bytes of it there, on a server that hashes ranges; then downloads it as a whole. */
async function hashingTheBeginning(
  fault: Fault,
  resume: (client: FtpsClient, path: string, server: FaultyServer) => Promise<void>,
): Promise<void> {
  const features = [...HASHING_FEATURES];
  await withTemporaryFolder(async (folder) => {
    await withFaultyServer(
      { features, files: { a: content }, fault, options: { reconnect: true } },
      async (client, server) => {
        const path = join(folder, 'a');
        await writeFile(path, content.subarray(0, 50_000));
        await resume(client, path, server);
        await client.download('a', join(folder, 'b'), { verify: 'none' });
        expect((await readFile(join(folder, 'b'))).equals(content)).to.equal(true);
      },
    );
  });
}

describe('a range that is set for a hash', () => {
  const options = { resume: 'in-place' } as const;

  for (const verb of ['RANG', 'HASH']) {
    it(`is taken back where the caller aborts while the server answers ${verb}`, async () => {
      const controller = new AbortController();
      const fault: Fault = async (command) => {
        if (command.verb !== verb || command.count > 1) return false;
        controller.abort();
        if (verb === 'RANG') return false;
        // A hash that the server gives up, and with it nothing of the range.
        await command.peer.say('450 too busy\r\n');
        return true;
      };
      await hashingTheBeginning(fault, async (client, path, server) => {
        const { signal } = controller;
        const error = await rejection(client.download('a', path, { ...options, signal }));
        expect(error).to.be.instanceOf(AbortedError);
        expect(server.logins).to.equal(1);
      });
    });
  }

  it('is taken back where the hash is refused, and the download goes on', async () => {
    const fault: Fault = async ({ verb, peer, count }) => {
      if (verb !== 'HASH' || count > 1) return false;
      await peer.say('550 not of this file\r\n');
      return true;
    };
    await hashingTheBeginning(fault, async (client, path) => {
      expect(await client.download('a', path, options)).to.include({ resumedAt: 50_000, prefix: 'unchecked' });
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  it('costs the login where the server does not take it back, and is not set there again', async () => {
    const fault: Fault = async ({ verb, argument, peer }) => {
      if (verb !== 'RANG' || argument !== '1 0') return false;
      await peer.say('501 no such range\r\n');
      return true;
    };
    await hashingTheBeginning(fault, async (client, path, server) => {
      const error = await rejection(client.download('a', path, options));
      expect(error).to.be.instanceOf(ConnectionError).with.property('message').that.includes('take a range back');
      await client.download('a', path, options);
      expect((await readFile(path)).equals(content)).to.equal(true);
      expect(server.commands.filter((line) => line.startsWith('RANG'))).to.deep.equal(['RANG 0 49999', 'RANG 1 0']);
    });
  });
});
