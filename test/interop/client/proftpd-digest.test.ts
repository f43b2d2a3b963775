// The hashes of a real server: ProFTPD's mod_digest.
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { AbortedError, FtpsClient } from '@ftps-kit/ftps-client';
import { selectEngine, type TlsEngine } from '@ftps-kit/tls-core';
import { engineConnecting } from '../../support/connecting-engine.js';
import { requirePeer } from '../../support/peers/peer.js';
import type { PeerServer } from '../../support/peers/peer-server.js';
import { proftpd, startProftpd } from '../../support/peers/proftpd.js';
import { rejection } from '../../support/rejection.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { clientOptions } from './real-server.js';

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

  it('find each hash by its X command where FEAT names no HASH, also with spaces in the name', async () => {
    // The check value that every CRC catalogue gives.
    const text = '123456789';
    await server.seed({ check: text, 'check with  spaces': text });
    const engine = engineThatReads((chunk) => {
      withoutHashFeature(chunk);
    });
    await using old = await FtpsClient.connect({ ...clientOptions(server), engine });
    const asked: string[] = [];
    old.on('command', ({ line }) => asked.push(line));
    for (const name of ['check', 'check with  spaces']) {
      for (const algorithm of ['SHA-256', 'SHA-512', 'SHA-1', 'MD5'] as const) {
        const value = createHash(algorithm.replace('-', '')).update(text).digest('hex');
        expect(await old.hash(`/${name}`, { algorithm })).to.deep.equal({ algorithm, value });
      }
      expect(await old.hash(`/${name}`, { algorithm: 'CRC32' })).to.include({ value: 'cbf43926' });
    }
    expect(new Set(asked.map((line) => line.split(' ')[0]))).to.include.all.keys(
      ...['XSHA256', 'XSHA512', 'XSHA1', 'XMD5', 'XCRC'],
    );
    const up = await old.upload(content, '/by X', { verify: 'hash' });
    expect(up.verified).to.deep.equal(hash);
    const down = await old.download('/by X', new PassThrough().resume(), { verify: 'hash' });
    expect(down.verified).to.deep.equal(hash);
    expect(asked.filter((line) => line.includes('HASH '))).to.deep.equal([]);
  });
});

/** Makes another word of HASH in the reply to FEAT, as if the server were older. */
function withoutHashFeature(chunk: Buffer): void {
  // A line may come in a piece of its own.
  for (const { index } of chunk.toString('latin1').matchAll(/^ HASH /gm)) chunk.write('NONE', index + 1);
}

/** The engine, but what control connections read goes through `change` first. */
function engineThatReads(change: (chunk: Buffer) => void): TlsEngine {
  return engineConnecting(selectEngine(), async (connector, transport, options) => {
    const channel = await connector.connect(transport, options);
    if (options.role === 'data') return channel;
    const read = channel.read.bind(channel);
    channel.read = async (into) => {
      const count = await read(into);
      change(Buffer.from(into.buffer, into.byteOffset, count));
      return count;
    };
    return channel;
  });
}
