// An abort between two commands of which the second gives the first its meaning: what is called next is not touched by it.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { AbortedError } from '@ftps-kit/ftps-client';
import { withFaultyServer, type Fault } from '../support/faulty-server.js';
import { rejection } from '../support/rejection.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const content = randomBytes(200_000);

describe('an abort while the server answers REST', () => {
  for (const tls of [true, false]) {
    it(`ends the download, and the next begins at its beginning (${tls ? 'TLS' : 'plain'})`, async () => {
      const controller = new AbortController();
      const fault: Fault = ({ verb }) => {
        if (verb === 'REST') controller.abort(new Error('enough'));
        return false;
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
