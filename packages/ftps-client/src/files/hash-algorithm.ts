// The hashes that FTP servers can be asked for, taken here while the bytes stream by.
import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** By their names in the HASH command (draft-bryan-ftpext-hash §3.1). CRC32 finds accidents only, the others changes too. */
export type HashAlgorithm = 'SHA-256' | 'SHA-512' | 'SHA-1' | 'MD5' | 'CRC32';

/** Those that this client can take, best first. */
export const HASH_ALGORITHMS: readonly HashAlgorithm[] = ['SHA-256', 'SHA-512', 'SHA-1', 'MD5', 'CRC32'];

const NODE_NAMES = { 'SHA-256': 'sha256', 'SHA-512': 'sha512', 'SHA-1': 'sha1', MD5: 'md5' } as const;

/** Hexadecimal digits that a value has. */
export const HASH_DIGITS: Readonly<Record<HashAlgorithm, number>> = {
  'SHA-256': 64,
  'SHA-512': 128,
  'SHA-1': 40,
  MD5: 32,
  CRC32: 8,
};

/** The algorithm of this name, in any case and with or without its hyphen; undefined where it is none of ours. */
export function hashAlgorithm(name: string): HashAlgorithm | undefined {
  const plain = (text: string): string => text.toUpperCase().replaceAll('-', '');
  return HASH_ALGORITHMS.find((algorithm) => plain(algorithm) === plain(name));
}

/** Hashes a file from its first byte on. Bytes that are given a second time, as after a resumption, are not hashed again. */
export class StreamHash {
  readonly algorithm: HashAlgorithm;
  #bytes = 0;
  #sum: Summing;

  constructor(algorithm: HashAlgorithm) {
    this.algorithm = algorithm;
    this.#sum = summing(algorithm);
  }

  /** How many bytes of the file are in it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the bytes that stand at this offset of the file. Throws `RangeError` where some before them never came. */
  update(chunk: Uint8Array, offset: number): void {
    if (offset > this.#bytes) throw new RangeError(`bytes ${this.#bytes} to ${offset} of the file were never hashed`);
    const fresh = chunk.subarray(this.#bytes - offset);
    if (fresh.length === 0) return;
    this.#sum.update(fresh);
    this.#bytes += fresh.length;
  }

  /** The hash of what came so far, in lower-case hexadecimal; more may come. */
  value(): string {
    return this.#sum.value();
  }

  /** Forgets everything: the file begins anew. */
  restart(): void {
    this.#bytes = 0;
    this.#sum = summing(this.algorithm);
  }
}

interface Summing {
  update(chunk: Uint8Array): void;
  value(): string;
}

function summing(algorithm: HashAlgorithm): Summing {
  return algorithm === 'CRC32' ? new Crc32() : new Digest(createHash(NODE_NAMES[algorithm]));
}

class Digest implements Summing {
  readonly #hash: Hash;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  value(): string {
    return this.#hash.copy().digest('hex');
  }
}

class Crc32 implements Summing {
  #sum = 0;

  update(chunk: Uint8Array): void {
    this.#sum = crc32(chunk, this.#sum);
  }

  value(): string {
    return this.#sum.toString(16).padStart(HASH_DIGITS.CRC32, '0');
  }
}
