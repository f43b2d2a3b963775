// The hash algorithms, each fed with bytes as they come.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { HashAlgorithm } from './file-system.js';

export interface Hasher {
  update(chunk: Uint8Array): void;
  /** Lower case hexadecimal digits; the last call. */
  hex(): string;
}

/** As Node calls them; `crc32` is no digest of node:crypto. */
export const DIGEST_NAMES = {
  'SHA-256': 'sha256',
  'SHA-512': 'sha512',
  'SHA-1': 'sha1',
  MD5: 'md5',
  CRC32: 'crc32',
} as const satisfies Record<HashAlgorithm, string>;

export function newHasher(algorithm: HashAlgorithm): Hasher {
  if (algorithm === 'CRC32') return new Crc32();
  const hash = createHash(DIGEST_NAMES[algorithm]);
  return {
    update: (chunk) => void hash.update(chunk),
    hex: () => hash.digest('hex'),
  };
}

class Crc32 implements Hasher {
  #value = 0;

  update(chunk: Uint8Array): void {
    this.#value = crc32(chunk, this.#value);
  }

  hex(): string {
    return this.#value.toString(16).padStart(8, '0');
  }
}
