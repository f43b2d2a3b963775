// The hashes of a real server: ProFTPD's mod_digest.
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { AbortedError, FtpsClient } from '@ftps-kit/ftps-client';
import { requirePeer } from '../../support/peers/peer.js';
import type { PeerServer } from '../../support/peers/peer-server.js';
import { proftpd, startProftpd } from '../../support/peers/proftpd.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { clientOptions } from './server-suite.js';

describe('our client and ProFTPD with mod_digest', () => {
  const content = randomBytes(250_000);
  const hash = { by: 'hash', algorithm: 'SHA-256', value: createHash('sha256').update(content).digest('hex') };
  let server: PeerServer;
  let client: FtpsClient;

  before(async function () {
    requirePeer(this, proftpd);
    server = await startProftpd({ digest: true });
    await server.seed({ 'a file.bin': content });
    client = await FtpsClient.connect(clientOptions(server));
  });

  after(async () => {
    await client.close();
    await server.stop();
  });

  it('verify transfers by SHA-256, both ways, also with a space in the name', async () => {
    const down = await client.download('/a file.bin', new PassThrough().resume(), { verify: 'hash' });
    expect(down.verified).to.deep.equal(hash);
    const up = await client.upload(content, '/another file.bin', { verify: 'hash', atomic: true });
    expect(up.verified).to.deep.equal(hash);
  });

  it('go on with an upload once the hashes of its beginning agree, and not where they differ', async () => {
    await client.upload(content.subarray(0, 100_000), '/b');
    const resumed = await client.upload(content, '/b', { resume: true });
    expect(resumed).to.include({ resumedAt: 100_000, prefix: 'hash' });
    expect(resumed.verified).to.deep.equal(hash);

    await client.upload(randomBytes(100_000), '/c');
    const anew = await client.upload(content, '/c', { resume: true });
    expect(anew).to.include({ resumedAt: 0 });
    expect(anew.verified).to.deep.equal(hash);
  });

  it('agree that a range is over with the hash it was set for, which ProFTPD takes of the whole file', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content.subarray(0, 100_000));
      const resumed = await client.download('/a file.bin', path, { resume: 'in-place' });
      expect(resumed).to.include({ resumedAt: 100_000, prefix: 'unchecked' });
      expect(resumed.verified).to.deep.equal(hash);
      expect((await readFile(path)).equals(content)).to.equal(true);
    });
  });

  it('agree that a range is over with a download that is aborted while its beginning is hashed', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, content.subarray(0, 100_000));
      const controller = new AbortController();
      const { signal } = controller;
      const onCommand = ({ line }: { readonly line: string }): void => {
        if (line.startsWith('HASH')) controller.abort();
      };
      client.on('command', onCommand);
      const error = await rejection(client.download('/a file.bin', path, { resume: 'in-place', signal }));
      client.off('command', onCommand);
      expect(error).to.be.instanceOf(AbortedError);
      await client.download('/a file.bin', join(folder, 'b'), { verify: 'none' });
      expect((await readFile(join(folder, 'b'))).equals(content)).to.equal(true);
    });
  });
});
