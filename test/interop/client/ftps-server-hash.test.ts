// What our client proves with the hashes of our own server.
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { FtpsClient, TransferError } from '@ftps-kit/ftps-client';
import { selectEngine } from '@ftps-kit/tls-core';
import { engineWithCuts, type Cut } from '../../support/cutting-relay.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { TestServer } from '../../support/test-server.js';

const content = randomBytes(300_000);
const proof = { by: 'hash', algorithm: 'SHA-256', value: createHash('sha256').update(content).digest('hex') };

async function withClient(
  work: (client: FtpsClient, server: TestServer, cutNext: (cut: Cut) => void) => Promise<void>,
): Promise<void> {
  await using server = await TestServer.start();
  let next: Cut | undefined;
  const engine = engineWithCuts(selectEngine(), () => {
    const cut = next;
    next = undefined;
    return cut;
  });
  const { host, port, user, password, caPem } = server;
  await using client = await FtpsClient.connect({ host, port, user, password, engine, tls: { ca: caPem } });
  await work(client, server, (cut) => {
    next = cut;
  });
}

describe('the hashes of our own server', () => {
  it('prove transfers both ways, with times handed on', async () => {
    await withClient(async (client, server) => {
      await withTemporaryFolder(async (folder) => {
        const path = join(folder, 'a');
        await writeFile(path, content);
        const up = await client.upload(path, '/a b', { verify: 'hash', atomic: true, preserveTimes: true });
        expect(up.verified).to.deep.equal(proof);
        expect(up.times).to.include({ set: true, by: 'MFMT' });
        const down = await client.download('/a b', join(folder, 'b'), { verify: 'hash', preserveTimes: true });
        expect(down.verified).to.deep.equal(proof);
        expect(down.times).to.deep.include({ set: true, modifiedAt: up.times?.set === true && up.times.modifiedAt });
        expect(server.names()).to.deep.equal(['a b']);
      });
    });
  });

  it('prove the beginning that a download kept, before it goes on', async () => {
    await withClient(async (client, server, cutNext) => {
      server.seed({ a: content });
      await withTemporaryFolder(async (folder) => {
        const path = join(folder, 'a');
        cutNext({ direction: 'to client', afterBytes: 150_000, how: 'fin' });
        expect(await rejection(client.download('/a', path, { resume: true }))).to.be.instanceOf(TransferError);
        const result = await client.download('/a', path, { resume: true });
        expect(result).to.include({ prefix: 'hash', sizeBytes: content.length });
        expect(result.verified).to.deep.equal(proof);
        expect((await readFile(path)).equals(content)).to.equal(true);
        // A range asked for with a hash is not one for the next download.
        expect(await client.download('/a', path)).to.include({ bytes: content.length, resumedAt: 0 });
      });
    });
  });

  it('prove the beginning of an upload, and find one that is another', async () => {
    await withClient(async (client, server) => {
      server.seed({ a: content.subarray(0, 100_000), b: randomBytes(100_000) });
      const resumed = await client.upload(content, '/a', { resume: true });
      expect(resumed).to.include({ resumedAt: 100_000, prefix: 'hash' });
      expect(resumed.verified).to.deep.equal(proof);
      expect(await client.upload(content, '/b', { resume: true })).to.include({ resumedAt: 0 });
      expect(server.bytes('b').equals(content)).to.equal(true);
    });
  });
});
