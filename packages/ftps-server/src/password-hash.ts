// Passwords as they are kept: scrypt (RFC 7914) in PHC string form, `$scrypt$ln=15,r=8,p=3$salt$hash`.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { ConfigError } from '@ftps-kit/tls-core';

/** How much work one guess costs. */
export interface ScryptCost {
  /** Binary logarithm of N: rounds, and with r the memory (128 · N · r bytes). */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** Does the work: off the event loop, `length` bytes of it. */
export type Derive = (password: string, salt: Uint8Array, cost: ScryptCost, length: number) => Promise<Buffer>;

/** 32 MiB and some tenths of a second a guess. */
const DEFAULT_COST: ScryptCost = Object.freeze({ ln: 15, r: 8, p: 3 });

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** A hash that costs more than this would be an attack on the machine that checks it. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;
const MAX_PARALLELIZATION = 16;

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** A password's hash, which says whether a password is the right one and never shows itself. */
export class PasswordHash {
  readonly cost: ScryptCost;
  readonly #salt: Buffer;
  readonly #hash: Buffer;

  private constructor(cost: ScryptCost, salt: Buffer, hash: Buffer) {
    this.cost = cost;
    this.#salt = salt;
    this.#hash = hash;
  }

  /** Throws `ConfigError`, which does not repeat the text, for what is no scrypt hash or costs too much. */
  static parse(text: string): PasswordHash {
    const [, ln, r, p, salt, hash] = FORM.exec(text) ?? [];
    if (salt === undefined || hash === undefined) {
      throw new ConfigError('password: is not a scrypt hash such as $scrypt$ln=15,r=8,p=3$…; `ftps passwd` makes one');
    }
    const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
    const parsed = new PasswordHash(cost, Buffer.from(salt, 'base64'), Buffer.from(hash, 'base64'));
    const isCostly = memoryBytes(cost) > MAX_MEMORY_BYTES || cost.p > MAX_PARALLELIZATION;
    if (isCostly || cost.ln < 1 || cost.r < 1 || cost.p < 1) {
      throw new ConfigError(`password: its cost (ln=${cost.ln}, r=${cost.r}, p=${cost.p}) is out of bounds`);
    }
    if (parsed.#salt.length < 8 || parsed.#hash.length < 16) {
      throw new ConfigError('password: its salt or hash is cut off');
    }
    return parsed;
  }

  /** The hash of no password at all, which costs as much to check as `cost` says. */
  static decoy(cost: ScryptCost): PasswordHash {
    return new PasswordHash(cost, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));
  }

  /** Compares in constant time. */
  async matches(password: string, derive: Derive = deriveByScrypt): Promise<boolean> {
    const derived = await derive(password, this.#salt, this.cost, this.#hash.length);
    return timingSafeEqual(derived, this.#hash);
  }
}

/** Hashes a password with a fresh salt, for a users file or a database. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await deriveByScrypt(password, salt, DEFAULT_COST, HASH_BYTES);
  const { ln, r, p } = DEFAULT_COST;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** The one that costs more to check. */
export function costlier(one: ScryptCost, other: ScryptCost): ScryptCost {
  return memoryBytes(one) * one.p >= memoryBytes(other) * other.p ? one : other;
}

/** In the thread pool of libuv. */
export const deriveByScrypt: Derive = (password, salt, { ln, r, p }, length) =>
  new Promise((resolve, reject) => {
    // The same letters may come in two forms of Unicode, by the keyboard they were typed on (RFC 8265 §4.2.2).
    const options = { N: 2 ** ln, r, p, maxmem: 2 * MAX_MEMORY_BYTES };
    scrypt(password.normalize('NFC'), salt, length, options, (error, derived) => {
      if (error === null) resolve(derived);
      else reject(error);
    });
  });

function memoryBytes({ ln, r }: ScryptCost): number {
  return 128 * 2 ** ln * r;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
