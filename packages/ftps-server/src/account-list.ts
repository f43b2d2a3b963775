// Names and passwords, and whose they are: a look-up that tells nothing of the names it knows.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Account } from './account.js';
import { PasswordHash, costlier, deriveByScrypt, type Derive } from './password-hash.js';
import { Turns } from './turns.js';

/** Hashes checked at a time: each takes memory, and a thread that file systems need too. */
const HASHES_AT_A_TIME = 2;

/** How an entry's password is known. */
export type Secret = { readonly password: string } | { readonly hash: PasswordHash };

export interface ListedAccount {
  readonly account: Account;
  readonly secret: Secret;
}

interface Entry {
  readonly account: Account;
  /** Of the password, where it is known in clear. */
  readonly digest: Buffer | undefined;
  readonly hash: PasswordHash | undefined;
}

/**
 * Finds an account by name and password. A look-up does the same work whether the name is unknown or the password wrong:
 * as soon as one entry has a hash, every look-up checks one hash.
 */
export class AccountList {
  readonly #entries = new Map<string, Entry>();
  readonly #decoy: PasswordHash | undefined;
  readonly #derive: Derive;
  readonly #turns = new Turns(HASHES_AT_A_TIME);

  constructor(accounts: readonly ListedAccount[], derive: Derive = deriveByScrypt) {
    this.#derive = derive;
    for (const { account, secret } of accounts) {
      this.#entries.set(keyOf(account.name), {
        account,
        digest: 'password' in secret ? digest(secret.password) : undefined,
        hash: 'hash' in secret ? secret.hash : undefined,
      });
    }
    const costs = [...this.#entries.values()].flatMap(({ hash }) => hash?.cost ?? []);
    this.#decoy = costs.length === 0 ? undefined : PasswordHash.decoy(costs.reduce(costlier));
  }

  async find(user: string, password: string): Promise<Account | undefined> {
    const entry = this.#entries.get(keyOf(user));
    const isDigest = timingSafeEqual(entry?.digest ?? NOBODY, digest(password));
    const hash = entry?.hash ?? this.#decoy;
    const isHash = hash !== undefined && (await this.#turns.run(() => hash.matches(password, this.#derive)));
    const isRight = entry?.hash === undefined ? isDigest : isHash;
    return isRight ? entry?.account : undefined;
  }
}

/** The digest of no password. */
const NOBODY = randomBytes(32);

/** Names are looked up by their digests, whose order nobody can steer. */
function keyOf(name: string): string {
  return digest(name).toString('base64');
}

/** Digests have one length, which a comparison in constant time needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text.normalize('NFC')).digest();
}
