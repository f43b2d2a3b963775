// Who may log in, and what they find.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Endpoint } from '@ftps-kit/tls-core';
import type { FileSystem } from './file-system.js';
import { LocalFileSystem } from './local-file-system.js';

/** What a client said at USER and PASS. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Who is allowed in. */
export interface Account {
  readonly name: string;
  readonly fileSystem: FileSystem;
  /** Nothing can be changed. Default false. */
  readonly readOnly?: boolean | undefined;
}

/** Gives the account of these credentials, or undefined for nobody. It may take its time; a rejection counts as nobody. */
export type Authenticate = (
  credentials: Credentials,
  client: Endpoint,
) => Account | undefined | Promise<Account | undefined>;

/** An account written down in a program's own configuration. */
export interface FixedAccount {
  readonly name: string;
  readonly password: string;
  /** Folder of this machine that the account sees as `/`. */
  readonly root: string;
  readonly readOnly?: boolean | undefined;
}

/**
 * Authenticates against a list. Comparison takes the same time whether a name is unknown or a password wrong, and says
 * nothing of either.
 */
export function fixedAccounts(accounts: readonly FixedAccount[]): Authenticate {
  const known = accounts.map(({ name, password, root, readOnly }) => ({
    name: digest(name),
    password: digest(password),
    account: { name, fileSystem: new LocalFileSystem(root), readOnly } satisfies Account,
  }));
  return ({ user, password }) => {
    const name = digest(user);
    const secret = digest(password);
    let found: Account | undefined;
    for (const candidate of known) {
      const sameName = timingSafeEqual(candidate.name, name);
      const samePassword = timingSafeEqual(candidate.password, secret);
      if (sameName && samePassword) found = candidate.account;
    }
    return found;
  };
}

/** Digests have one length, which a comparison in constant time needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
