// Compliance: hashes of whole files and of parts, and room for more.
import assert from 'node:assert/strict';
import type { FileHash, FileSystem, HashAlgorithm, HashRequest } from '../file-system.js';
import { group } from './case.js';
import { refuses, writeFile } from './contents.js';

/** Of `123456789`, the text that check values of CRCs are given for. */
const DIGESTS = {
  'SHA-256': '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
  'SHA-512':
    'd9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85',
  'SHA-1': 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  MD5: '25f9e794323b453885f5181f1b624d0b',
  CRC32: 'cbf43926',
} as const satisfies Record<HashAlgorithm, string>;

export const hashing = group('hashing', [
  [
    'gives the hash by each algorithm, and the size of the file',
    'hash',
    async (files) => {
      await writeFile(files, '/a', '123456789');
      for (const [algorithm, hex] of Object.entries(DIGESTS) as [HashAlgorithm, string][]) {
        assert.deepEqual(await hash(files, '/a', { algorithm }), { hex, sizeBytes: 9 }, algorithm);
      }
    },
  ],
  [
    'hashes the bytes from start to end, and nothing where there are none',
    'hash',
    async (files) => {
      await writeFile(files, '/a', 'xx123456789xx');
      const crc = { algorithm: 'CRC32' } as const;
      assert.deepEqual(await hash(files, '/a', { ...crc, start: 2, end: 11 }), { hex: DIGESTS.CRC32, sizeBytes: 13 });
      assert.deepEqual(await hash(files, '/a', { ...crc, start: 13 }), { hex: '00000000', sizeBytes: 13 });
      await refuses('offset-beyond-end', hash(files, '/a', { ...crc, start: 14 }));
      await refuses('offset-beyond-end', hash(files, '/a', { ...crc, end: 14 }));
    },
  ],
  [
    'hashes a file of many megabytes as it does a small one',
    'hash',
    async (files) => {
      const file = await files.openWrite('/a', { kind: 'replace' });
      const chunk = Buffer.alloc(1024 * 1024, 'a');
      for (let count = 0; count < 24; count += 1) await file.write(chunk);
      await file.commit();
      const made = await hash(files, '/a', { algorithm: 'SHA-1' });
      assert.equal(made?.hex, '93f8879517642f049c00e6778738d8cba4c48f81');
    },
  ],
  [
    'refuses to hash what is missing, or a directory',
    'hash',
    async (files) => {
      await files.makeDirectory('/d');
      await refuses('not-found', hash(files, '/missing', {}));
      await refuses('is-directory', hash(files, '/d', {}));
    },
  ],
  [
    'gives up when nobody waits for the hash any more',
    'hash',
    async (files) => {
      await writeFile(files, '/a', 'content');
      await assert.rejects(hash(files, '/a', { signal: AbortSignal.abort() }));
    },
  ],
]);

export const room = group('room', [
  [
    'tells how many bytes a new file can have',
    'freeSpace',
    async (files) => {
      const free = await files.freeSpace?.('/');
      assert.ok(free !== undefined && free >= 0 && !Number.isNaN(free));
      await refuses('not-found', Promise.resolve(files.freeSpace?.('/missing')));
    },
  ],
]);

async function hash(files: FileSystem, path: string, request: Partial<HashRequest>): Promise<FileHash | undefined> {
  const whole = { algorithm: 'SHA-256', start: 0, end: undefined, signal: new AbortController().signal } as const;
  return files.hash?.(path, { ...whole, ...request });
}
